"""The commitments of a list: what each row means, and writing them a chunk at a time, set by set."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.choices import CommitmentState, Side
from activities.models import Commitment
from activities.models.commitments import UNSETTLED
from crm.actions.change_sets import columns_of, note_changed, note_created
from crm.actions.versions import record_changes
from crm.models import ChangeSet, Unit, User
from crm.permissions import Permission
from crm.text import fold
from partners.actions.import_rows import Outcome, Problem
from partners.actions.imports import insert

# What a list may change of a commitment that is there; a row that does not say leaves it.
STATED = ("owed_by", "promised_on", "due_on", "state", "settled_on", "reason", "proof", "assignee_id")
REASONED = (CommitmentState.BROKEN, CommitmentState.DROPPED)


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One commitment of a list, its words turned into values. Empty means that the list does not say."""

    number: int
    text: str = ""
    partner_id: int | None = None
    owed_by: str = ""
    promised_on: date | None = None
    due_on: date | None = None
    state: str = ""
    settled_on: date | None = None
    reason: str = ""
    proof: str = ""
    assignee_id: int | None = None
    problems: tuple[Problem, ...] = ()
    skip: bool = False


@dataclass(slots=True)
class PlannedPromise:
    """What becomes of one row. ``commitment``: the stored one that it means."""

    row: PromiseRow
    outcome: Outcome
    commitment: Commitment | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    likely: tuple[Any, ...] = ()
    new_names: tuple[Any, ...] = ()
    repeats: int = 0

    @property
    def name(self) -> str:
        return self.row.text

    def shown(self) -> dict[str, tuple[Any, Any]]:
        """What people are shown of it: field → (before, after)."""
        if self.outcome is not Outcome.CREATED:
            return {name: pair for name, pair in self.changes.items() if name != "assignee_id"}
        values = {name: getattr(self.row, name) for name in STATED if name != "assignee_id"}
        return {name: ("", _in_words(name, value)) for name, value in values.items() if value}


@dataclass
class PromiseRun:
    """One run over one list. ``change_set``: None while it is only checked."""

    unit: Unit
    source: str
    change_set: ChangeSet | None = None
    met: dict[tuple[int | None, str, date | None], int] = field(default_factory=dict)


def plan_promises(rows: Sequence[PromiseRow], *, by: User, run: PromiseRun) -> list[PlannedPromise]:
    """Return what would become of each row, in order; nothing is written. Raises PermissionDenied. Two queries."""
    if not (by.may(Permission.PARTNER_IMPORT) and by.may(Permission.COMMITMENT_EDIT) and by.scope.may_write_for(run.unit.pk)):
        raise PermissionDenied
    there = _there_already(rows, by)
    editable = set(
        Commitment.objects.editable_by(by).filter(pk__in=[row.pk for found in there.values() for row in found]).values_list("pk", flat=True)
    )
    return [_place(row, run, there, editable) for row in rows]


@transaction.atomic
def import_promises(rows: Sequence[PromiseRow], *, by: User, run: PromiseRun) -> list[PlannedPromise]:
    """Create and change commitments from one chunk of a list, all or nothing; return what became of each row."""
    if run.change_set is None:
        raise LookupError("Every import is a change set.")
    plans = plan_promises(rows, by=by, run=run)
    new = [_new(plan.row, by=by, run=run) for plan in plans if plan.outcome is Outcome.CREATED]
    insert(new, by=by, reason=run.source)
    note_created(run.change_set, new)
    _change([plan for plan in plans if plan.outcome is Outcome.UPDATED], by=by, run=run)
    return plans


def _there_already(rows: Iterable[PromiseRow], by: User) -> dict[tuple[int, str], list[Commitment]]:
    """The visible commitments with the partners of the rows, by partner and folded text."""
    found: dict[tuple[int, str], list[Commitment]] = defaultdict(list)
    for commitment in Commitment.objects.visible_to(by).live().filter(partner__in={row.partner_id for row in rows if row.partner_id}):
        found[commitment.partner_id, fold(commitment.text)].append(commitment)
    return found


def _place(row: PromiseRow, run: PromiseRun, there: dict[tuple[int, str], list[Commitment]], editable: set[int]) -> PlannedPromise:
    if row.skip:
        return PlannedPromise(row, Outcome.SKIPPED)
    if row.problems:
        return PlannedPromise(row, Outcome.REFUSED, problems=row.problems)
    same = there.get((row.partner_id or 0, fold(row.text)), [])
    found = next((each for each in same if each.due_on == row.due_on), same[0] if len(same) == 1 else None)
    if problems := _broken_rules(row, found):
        return PlannedPromise(row, Outcome.REFUSED, problems=tuple(problems))
    if (earlier := run.met.setdefault((row.partner_id, fold(row.text), row.due_on), row.number)) != row.number:
        return PlannedPromise(row, Outcome.REPEATED, repeats=earlier)
    if found is None:
        return PlannedPromise(row, Outcome.CREATED)
    changes = {
        name: (_in_words(name, getattr(found, name)), _in_words(name, value))
        for name in STATED
        if (value := getattr(row, name)) and value != getattr(found, name)
    }
    if changes and found.pk not in editable:
        problem = Problem("text", row.text, "not-allowed", _("Another unit keeps this commitment. Ask it, or leave the row out."))
        return PlannedPromise(row, Outcome.REFUSED, found, problems=(problem,))
    return PlannedPromise(row, Outcome.UPDATED if changes else Outcome.UNCHANGED, found, changes)


def _broken_rules(row: PromiseRow, found: Commitment | None) -> list[Problem]:
    """The rules of the model and of the action, without a query for each row."""
    said = {name: getattr(row, name) or (getattr(found, name) if found else None) for name in STATED}
    today, promised_on = timezone.localdate(), said["promised_on"] or timezone.localdate()
    state, settled_on = said["state"] or CommitmentState.OPEN, said["settled_on"]
    problems = [] if row.partner_id else [Problem("partner", "", "required", _("Say with which partner."))]
    try:
        Commitment._meta.get_field("text").clean(row.text, None)
    except ValidationError as error:
        problems.append(Problem("text", row.text, "invalid", " ".join(error.messages)))
    if promised_on > today:
        problems.append(_day_problem("promised_on", promised_on, _("Nothing can have been promised on a day still to come.")))
    if said["due_on"] and said["due_on"] < promised_on and row.promised_on:
        problems.append(_day_problem("due_on", said["due_on"], _("It cannot be due before it was promised.")))
    if state not in UNSETTLED and settled_on is None:
        problems.append(Problem("state", row.state, "required", _("Say on which day it was done, broken or dropped.")))
    if settled_on and (settled_on > today or settled_on < promised_on) and (row.promised_on or found):
        problems.append(_day_problem("settled_on", settled_on, _("It was settled between the day of the promise and today.")))
    if state in REASONED and not said["reason"]:
        problems.append(Problem("reason", "", "required", _("Say why it was dropped or broken.")))
    return problems


def _day_problem(name: str, day: date, message: str) -> Problem:
    return Problem(name, f"{day:%d/%m/%Y}", "invalid", message)


def _in_words(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if name in ("owed_by", "state") and value:
        return str(Side(value).label if name == "owed_by" else CommitmentState(value).label)
    return value if value is not None else ""


def _new(row: PromiseRow, *, by: User, run: PromiseRun) -> Commitment:
    """A commitment as the row says it. One promised on an unknown day was promised at the latest when it was due or settled."""
    today = timezone.localdate()
    state = row.state or CommitmentState.OPEN
    settled_on = None if state in UNSETTLED else row.settled_on
    commitment = Commitment(
        text=row.text, partner_id=row.partner_id or 0, owed_by=row.owed_by or Side.OURS, unit_id=run.unit.pk, due_on=row.due_on,
        promised_on=row.promised_on or min(day for day in (today, row.due_on, settled_on) if day), state=state, settled_on=settled_on,
        reason=row.reason, proof=row.proof, assignee_id=row.assignee_id, created_by_id=by.pk, updated_by_id=by.pk,
    )  # fmt: skip
    commitment.set_keys()
    return commitment


def _change(plans: Sequence[PlannedPromise], *, by: User, run: PromiseRun) -> None:
    if not plans or run.change_set is None:
        return
    rows = {plan.commitment.pk: plan for plan in plans if plan.commitment is not None}
    stored = list(Commitment.objects.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk"))
    before = [(commitment, columns_of(commitment, [*rows[commitment.pk].changes, "settled_on", "revision"])) for commitment in stored]
    for commitment in stored:
        row = rows[commitment.pk].row
        for name in rows[commitment.pk].changes:
            setattr(commitment, name, getattr(row, name))
        if commitment.state in UNSETTLED:
            commitment.settled_on = None
        commitment.set_keys()
        commitment.revision += 1
        commitment.updated_at, commitment.updated_by = timezone.now(), by
    Commitment.objects.bulk_update(stored, [*STATED, "search_key", "revision", "updated_at", "updated_by"], batch_size=200)
    record_changes(stored, by=by, reason=run.source)
    note_changed(run.change_set, before)
