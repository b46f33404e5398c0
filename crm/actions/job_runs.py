"""The life of a job: asked for, claimed by one worker, split into parts, done or failed. A lost worker loses nothing.

Every step is one conditional UPDATE. ``attempts`` says which claim a worker holds: one whose run was given to another
meanwhile is told so by ``JobTaken`` at its next sign of life, and what it has not committed is undone.
"""

import traceback
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.job_kinds import KINDS, Result
from crm.actions.job_telling import tell_of_failure
from crm.choices import JobState
from crm.identifiers import new_public_id
from crm.models import JobRun, User
from crm.signals import jobs_queued

TRACEBACK_LINES = 12


class JobTaken(Exception):  # noqa: N818  (reads as what happened: raise JobTaken)
    """The run was given to another worker, or ended: this one stops."""


def start_job(
    name: str,
    *,
    key: str = "",
    parameters: Mapping[str, Any] | None = None,
    total: int = 0,
    parent: JobRun | None = None,
    asked_by: User | None = None,
) -> JobRun:
    """Ask for background work of a kind, and return its run. It begins after the commit.

    ``key``: what makes it the only one of its kind, such as the night it is for; asked for again, the run that is there
    is returned as it stands. Without a key every call is work of its own. Raises ValueError for an unknown kind.
    """
    if name not in KINDS:
        raise ValueError(f"no kind of job is called {name!r}")
    values = {"name": name, "parameters": dict(parameters or {}), "total": total, "parent": parent, "asked_by": asked_by}
    if not key:
        run, is_new = JobRun.objects.create(key=f"{name}:{new_public_id()}", **values), True
    else:
        run, is_new = JobRun.objects.get_or_create(key=f"{name}:{key}", defaults=values)
    if is_new:
        jobs_queued.send(sender=JobRun, pks=[run.pk])
    return run


@transaction.atomic
def split_job(run: JobRun, name: str, parts: Mapping[str, tuple[Mapping[str, Any], int]]) -> None:
    """Split a run into parts of another kind, all or none: parameters and how much there is to do, by a key of their own.

    The run is done when all its parts are. Raises JobTaken.
    """
    rows = [
        JobRun(name=name, key=f"{run.key}/{key}", parent=run, asked_by_id=run.asked_by_id, parameters=dict(parameters), total=total)
        for key, (parameters, total) in parts.items()
    ]
    JobRun.objects.bulk_create(rows)
    _advance(run, done=0, total=len(rows))
    jobs_queued.send(sender=JobRun, pks=[row.pk for row in rows])


def claim_job(run_pk: int) -> JobRun | None:
    """Take a waiting run for this worker; None where it is another's, or has ended."""
    now = timezone.now()
    taken = JobRun.objects.filter(pk=run_pk, state=JobState.QUEUED).update(
        state=JobState.RUNNING, attempts=F("attempts") + 1, heartbeat_at=now, started_at=Coalesce("started_at", now)
    )
    return JobRun.objects.select_related("asked_by").get(pk=run_pk) if taken else None


def progress(run: JobRun, done: int, *, total: int | None = None) -> None:
    """Record how far the run is, which is its sign of life too. Raises JobTaken."""
    _advance(run, done=done, total=run.total if total is None else total)


@transaction.atomic
def finish_job(run: JobRun, result: Result = None) -> None:
    """The run is done. The last part to end lets the whole go on. Raises JobTaken."""
    whole = _held_whole(run)
    _advance(run, state=JobState.DONE, finished_at=timezone.now(), done=run.total or run.done, result=result or {}, error="")
    if whole is not None:
        go_on_after_parts(whole)


@transaction.atomic
def fail_job(run: JobRun, error: str) -> None:
    """The run ends without success; whoever looks after jobs is told, once for the whole. Raises JobTaken."""
    whole = _held_whole(run)
    _advance(run, state=JobState.FAILED, finished_at=timezone.now(), error=error)
    if run.name in KINDS and (give_up := KINDS[run.name].give_up) is not None:
        give_up(run)
    if whole is not None:
        go_on_after_parts(whole)
    else:
        tell_of_failure(run)


def go_on_after_parts(whole: JobRun) -> None:
    """Count the parts that are done; once all have ended, let the whole be gathered, or fail where one of them has."""
    states = list(whole.parts.values_list("state", flat=True))
    counted = {"done": states.count(JobState.DONE), "total": len(states), "heartbeat_at": timezone.now()}
    running = JobRun.objects.filter(pk=whole.pk, state=JobState.RUNNING)
    if JobState.QUEUED in states or JobState.RUNNING in states:
        running.update(**counted)
    elif failed := states.count(JobState.FAILED):
        error = _("%(failed)s of %(total)s parts failed. The others are done and stay.") % {"failed": failed, "total": len(states)}
        if running.update(**counted, state=JobState.FAILED, finished_at=timezone.now(), error=error):
            tell_of_failure(whole)
    elif running.update(**counted, state=JobState.QUEUED, attempts=0):
        jobs_queued.send(sender=JobRun, pks=[whole.pk])


def queue_again(runs: Iterable[JobRun], **values: Any) -> int:
    """Give runs back to the queue, those that nobody has moved since they were read; return how many."""
    moved = []
    for run in runs:
        unmoved = JobRun.objects.filter(pk=run.pk, state=run.state, attempts=run.attempts, heartbeat_at=run.heartbeat_at)
        if unmoved.update(state=JobState.QUEUED, heartbeat_at=timezone.now(), **values):
            moved.append(run.pk)
    if moved:
        jobs_queued.send(sender=JobRun, pks=moved)
    return len(moved)


@transaction.atomic
def run_again(run: JobRun, *, by: User | None) -> None:
    """Try a failed run once more: of a whole only the parts that failed. Raises ValidationError where it has not failed.

    ``by`` is None for what the timetable tries again.
    """
    whole = _held_whole(run)
    run = JobRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if run.state != JobState.FAILED:
        raise ValidationError(_("Only a job that failed can be run again. Load the page anew."), code="not-failed")
    anew = {"attempts": 0, "error": "", "finished_at": None, "asked_by": by}
    failed = list(run.parts.filter(state=JobState.FAILED))
    if failed or whole is not None:
        waiting = {"state": JobState.RUNNING, "heartbeat_at": timezone.now(), "error": "", "finished_at": None}
        JobRun.objects.filter(pk=run.pk if failed else whole.pk, state=JobState.FAILED).update(**waiting)  # type: ignore[union-attr]  # one of the two is there
    queue_again(failed or [run], **anew)


def readable(error: Exception) -> str:
    """One line that says what went wrong, and under it the end of the traceback for whoever repairs it."""
    line = " ".join(error.messages) if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
    tail = "".join(traceback.format_exception(error)).strip().splitlines()[-TRACEBACK_LINES:]
    return "\n".join([line, "", *tail]).replace("\x00", "")


def note_trouble(run: JobRun, error: Exception) -> None:
    """Keep what stopped a run that will be tried again."""
    JobRun.objects.filter(pk=run.pk, attempts=run.attempts, state=JobState.RUNNING).update(error=readable(error))


def _advance(run: JobRun, **values: Any) -> None:
    now = timezone.now()
    if not JobRun.objects.filter(pk=run.pk, state=JobState.RUNNING, attempts=run.attempts).update(heartbeat_at=now, **values):
        raise JobTaken
    for name, value in values.items():
        setattr(run, name, value)


def _held_whole(run: JobRun) -> JobRun | None:
    """The whole that the run is a part of, locked, so that of two last parts one sees the other."""
    if run.parent_id is None:
        return None
    return JobRun.objects.select_for_update(no_key=True).get(pk=run.parent_id)
