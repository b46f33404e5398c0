"""The kinds of background work. Each app registers its own; who starts a job names the kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from crm.models import JobRun

Result = dict[str, Any] | None
Work = Callable[[JobRun], Result]
GiveUp = Callable[[JobRun], None]


@dataclass(frozen=True)
class JobKind:
    """One kind of work. It must bear being done twice, and being broken off anywhere.

    ``work``: does it and returns what came out, or splits the run into parts. ``gather``: what is done after all parts,
    before the whole is done. ``is_routine``: many a day, of which nobody wants to read once they went well.
    ``give_up``: says at what the run was for that it will not be finished; called in the transaction in which the run fails,
    also where its worker was lost and no code of its own could say so.
    """

    name: str
    label: str | Promise
    work: Work
    gather: Work | None = None
    is_routine: bool = False
    give_up: GiveUp | None = None


KINDS: dict[str, JobKind] = {}


def job_kind(
    name: str, label: str | Promise, *, gather: Work | None = None, is_routine: bool = False, give_up: GiveUp | None = None
) -> Callable[[Work], Work]:
    """Register a function as the work of a kind; ``name`` is "app.what"."""

    def register(work: Work) -> Work:
        KINDS[name] = JobKind(name, label, work, gather, is_routine, give_up)
        return work

    return register


def label_of(name: str) -> str:
    """What readers call the kind; the bare name where no code knows it any more."""
    return str(KINDS[name].label) if name in KINDS else name


def routine_names() -> list[str]:
    return sorted(name for name, kind in KINDS.items() if kind.is_routine)
