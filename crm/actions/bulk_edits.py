"""Changing many rows at once: what may be done to them, what would become of each, and doing it in chunks as one change set.

A list offers operations. ``plan_bulk_edit`` asks the database which rows an edit would change, in a few statements
however many rows there are, and keeps their revisions: a row that somebody saves between preview and run is reported
and never overwritten. ``apply_next`` changes the next chunk, notes it for undo, and commits it with the rows done, so
that it may be killed and run again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.audit import record_event
from crm.actions.bulk_operations import BulkRun, Operation
from crm.actions.change_sets import announce
from crm.actions.jobs import tell_of_change_set
from crm.actions.records import archive_record
from crm.choices import AuditVerb, ChangeKind, ChangeState
from crm.models import ChangeSet, User

CHUNK = 250
MOST_ROWS = 50_000
MESSAGE_FROM = 51
PREVIEWED = 20
KEPT_LEFT = 500


def list_named(url_name: str) -> Any:
    """The list that a change set or a saved view is of, by the name of its URL. Raises LookupError where there is none."""
    try:
        view: Any = resolve(reverse(url_name)).func
        found = view.view_class
    except (NoReverseMatch, AttributeError) as error:
        raise LookupError(url_name) from error
    if not hasattr(found, "found_by"):
        raise LookupError(url_name)
    return found


# --- Looking ahead -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """One row that would change: as it is and as it would be, by operation."""

    row: Any
    changes: list[tuple[Any, str, str]]


@transaction.atomic
def plan_bulk_edit(list_name: str, rows: QuerySet[Any], values: Mapping[str, Any], *, by: User) -> ChangeSet:
    """Return a change set in preview: which of the rows would change, how many stay, and how many may not be changed, and why.

    ``values``: by the name of an operation of the list, what to set. Raises PermissionDenied without the right to edit,
    ValidationError for too many rows.
    """
    noun = list_named(list_name)
    if not noun.bulk or not by.may(noun.bulk.permission) or not by.scope.home_unit_ids:
        raise PermissionDenied
    operations = [operation for operation in noun.bulk.operations if operation.name in values]
    allowed, refused = _allowed(rows, [(operation, values[operation.name]) for operation in operations], by=by)
    differing = Q(pk__in=[])
    for operation in operations:
        differing |= operation.differs(values[operation.name])
    targets = list(allowed.filter(differing).order_by("pk").values_list("pk", "revision")[: MOST_ROWS + 1])
    if len(targets) > MOST_ROWS:
        raise ValidationError(
            _("More than %(limit)s rows would change. Narrow the list by a filter and do it in parts.") % {"limit": MOST_ROWS},
            code="too-many",
        )
    matching = rows.order_by().count()
    change_set = ChangeSet(
        kind=ChangeKind.BULK_EDIT,
        unit_id=by.scope.home_unit_ids[0],
        created_by=by,
        updated_by=by,
        rows_total=len(targets),
        plan={
            "list": list_name,
            "set": {operation.name: operation.write(values[operation.name]) for operation in operations},
            "targets": targets,
            "refused": refused,
            "left": [],
        },
        counts={
            "matching": matching,
            "to_change": len(targets),
            "unchanged": matching - len(targets) - sum(n for _reason, n in refused),
            "refused": sum(n for _reason, n in refused),
        },
    )
    change_set.save()
    return change_set


def _allowed(rows: QuerySet[Any], edits: Iterable[tuple[Operation, Any]], *, by: User) -> tuple[QuerySet[Any], list[tuple[str, int]]]:
    """The rows that the account may edit so, and for the others how many there are of each reason."""
    editable = rows.model._default_manager.editable_by(by).values("pk")
    rules = [(~Q(pk__in=editable), _("kept by another unit, or not yours to change")), (Q(archived_at__isnull=False), _("archived"))]
    for operation, value in edits:
        rules += operation.refuses(value, by=by)
    allowed, refused = rows.order_by(), []
    for rule, reason in rules:
        if number := allowed.filter(rule).count():
            refused.append((str(reason), number))
            allowed = allowed.exclude(rule)
    return allowed, refused


def edits_of(change_set: ChangeSet) -> list[tuple[Operation, Any]]:
    """The operations of the plan, each with its value."""
    planned = change_set.plan["set"]
    operations = list_named(change_set.plan["list"]).bulk.operations
    return [(operation, operation.read(planned[operation.name])) for operation in operations if operation.name in planned]


def preview_of(change_set: ChangeSet) -> list[Preview]:
    """The first rows that would change, before and after."""
    edits = edits_of(change_set)
    model = list_named(change_set.plan["list"]).model
    pks = [pk for pk, _revision in change_set.plan["targets"][:PREVIEWED]]
    lookups = {lookup for operation, _value in edits for lookup in operation.shows}
    rows = model._default_manager.filter(pk__in=pks).prefetch_related(*sorted(lookups)).in_bulk()
    return [Preview(rows[pk], [_before_and_after(rows[pk], *edit) for edit in edits]) for pk in pks if pk in rows]


def _before_and_after(row: Any, operation: Operation, value: Any) -> tuple[Any, str, str]:
    before = operation.show(row)
    return operation.label, before, operation.show_after(row, value)


# --- Doing it ----------------------------------------------------------------------------------------


def start_bulk_edit(change_set: ChangeSet, *, by: User, message: str) -> None:
    """Ask for the previewed edit to be done. Raises ValidationError without a message where one is needed, or when it has begun."""
    if change_set.created_by_id != by.pk or change_set.kind != ChangeKind.BULK_EDIT:
        raise PermissionDenied
    if change_set.rows_total >= MESSAGE_FROM and not message.strip():
        raise ValidationError(
            {"message": ValidationError(_("Say in a line what this is for: it changes more than 50 records."), code="required")}
        )
    now = timezone.now()
    waiting = ChangeSet.objects.live().filter(pk=change_set.pk, state=ChangeState.PREVIEW)
    if not waiting.update(state=ChangeState.RUNNING, message=message.strip()[:300], started_at=now, updated_at=now, rows_done=0):
        raise ValidationError(_("This edit has been started already. Load the page again."), code="started")
    change_set.refresh_from_db()


def discard_bulk_edit(change_set: ChangeSet, *, by: User) -> None:
    """Give up a preview; nothing was changed."""
    if change_set.created_by_id != by.pk or change_set.kind != ChangeKind.BULK_EDIT or change_set.state != ChangeState.PREVIEW:
        raise PermissionDenied
    archive_record(change_set, by=by)


@transaction.atomic
def apply_next(change_set: ChangeSet) -> bool:
    """Change the next rows of a running edit; return whether there are more. Safe to run twice, and by two workers."""
    held = ChangeSet.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=change_set.pk)
    if held.state != ChangeState.RUNNING or held.kind != ChangeKind.BULK_EDIT or held.created_by is None:
        return False
    noun = list_named(held.plan["list"])
    if not held.created_by.may(noun.bulk.permission):
        raise PermissionDenied
    targets = dict(held.plan["targets"][held.rows_done : held.rows_done + CHUNK])
    run = BulkRun(held.created_by, held)
    rows, left = _unchanged_since(noun.model, targets, by=held.created_by)
    run.edit(rows, edits_of(held))
    announce(run.touched)
    counts = Counter(held.counts) + Counter(changed=len(rows), left=len(left))
    held.counts, held.rows_done, held.heartbeat_at = dict(counts), held.rows_done + len(targets), timezone.now()
    columns = ["counts", "rows_done", "heartbeat_at"]
    if left:
        held.plan["left"] = (held.plan["left"] + left)[:KEPT_LEFT]
        columns.append("plan")
    if held.rows_done >= held.rows_total:
        held.state, held.finished_at = ChangeState.APPLIED, timezone.now()
        columns += ["state", "finished_at"]
        record_event(AuditVerb.CHANGED_MANY, by=held.created_by, subject=held, counts=held.counts, set=held.plan["set"])
        tell_of_change_set(held, ChangeState.APPLIED, asked_by=held.created_by)
    held.save(update_fields=columns)
    return bool(held.state == ChangeState.RUNNING)


def _unchanged_since(model: type[Model], targets: Mapping[int, int], *, by: User) -> tuple[list[Any], list[dict[str, Any]]]:
    """The target rows, locked, that are as the preview saw them; and those that are not, with why they are left."""
    manager: Any = model._default_manager
    stored = list(manager.select_for_update(of=("self",), no_key=True).filter(pk__in=targets).order_by("pk"))
    editable = set(manager.editable_by(by).filter(pk__in=targets, archived_at__isnull=True).values_list("pk", flat=True))
    rows = [row for row in stored if row.pk in editable and row.revision == targets[row.pk]]
    taken = {row.pk for row in rows}
    left = [
        {
            "model": model._meta.label_lower,
            "pk": row.pk,
            "label": str(row)[:200],
            "reason": "edited" if row.pk in editable else "not_allowed",
        }
        for row in stored
        if row.pk not in taken
    ]
    return rows, left


def fail(change_set: ChangeSet, message: str) -> None:
    """Stop a run and say why, in the user's language. Rows of finished chunks stay: then it is applied in part, and can be taken back."""
    running = ChangeSet.objects.filter(pk=change_set.pk, state=ChangeState.RUNNING)
    ended = {"failure": message, "finished_at": timezone.now()}
    if not running.filter(rows_done=0).update(state=ChangeState.FAILED, **ended):
        running.update(state=ChangeState.APPLIED, **ended)
    tell_of_change_set(change_set, ChangeState.FAILED, asked_by=change_set.created_by)
