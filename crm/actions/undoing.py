"""Taking a change set back, without touching what was edited later."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.actions.change_sets import Columns, columns_of
from crm.actions.jobs import tell_of_change_set
from crm.actions.versions import is_versioned, record_changes, record_first_versions
from crm.choices import AuditVerb, ChangeAction, ChangeKind, ChangeState
from crm.models import ChangeSet, ChangeSetEntry, User
from crm.models.records import Dated, Record
from crm.permissions import Permission
from crm.signals import rows_changed, undo_asked

UNDO_CHUNK = 500
KEPT_REPORT = 1_000
PERMISSION_OF = {
    ChangeKind.IMPORT: Permission.PARTNER_IMPORT,
    ChangeKind.BULK_EDIT: Permission.PARTNER_EDIT,
    ChangeKind.MERGE: Permission.MERGE,
    ChangeKind.HAND_OVER: Permission.HAND_OVER,
    ChangeKind.PLAN: Permission.PLAN_EDIT,
    ChangeKind.ACTIONS: Permission.ACTION_ITEM_EDIT,
    ChangeKind.WORKBOOK: Permission.CONNECTION_VIEW,
}
# Columns that every save moves, so that they say nothing about a later edit.
_MARKS = frozenset({"revision", "updated_at", "updated_by_id"})


def may_undo(change_set: ChangeSet, user: User) -> bool:
    """Whoever made it, the unit's lead and the secretariat may take it back, once, with the right that it needed."""
    close = change_set.created_by_id == user.pk or change_set.unit_id in user.scope.lead_unit_ids or user.scope.secretariat
    return close and change_set.state == ChangeState.APPLIED and user.may(PERMISSION_OF[ChangeKind(change_set.kind)])


@transaction.atomic
def start_undo(change_set: ChangeSet, *, by: User) -> None:
    """Ask for the change set to be taken back. Raises PermissionDenied, or ValidationError when it cannot be any more."""
    if not ChangeSet.objects.visible_to(by).filter(pk=change_set.pk).exists():
        raise PermissionDenied
    if change_set.state == ChangeState.APPLIED and not may_undo(change_set, by):
        raise PermissionDenied
    undo_asked.send(sender=ChangeSet, change_set=change_set)
    now = timezone.now()
    asked = ChangeSet.objects.filter(pk=change_set.pk, state=ChangeState.APPLIED).update(
        state=ChangeState.UNDOING, undone_by=by, rows_done=0, rows_total=change_set.entries.count(), undo_report=[],
        started_at=now, updated_at=now, updated_by=by, heartbeat_at=None, finished_at=None,
    )  # fmt: skip
    if not asked:
        raise ValidationError(_("This change set is not applied any more. Load the page again."), code="not-applied")
    change_set.refresh_from_db()


def undo_change_set(change_set: ChangeSet, *, by: User) -> None:
    """Take a small change set back at once, all or nothing."""
    with transaction.atomic():
        start_undo(change_set, by=by)
        while undo_next(change_set):
            pass


@transaction.atomic
def undo_next(change_set: ChangeSet) -> bool:
    """Take back the next few hundred entries, the last first; return whether there are more. Safe to run twice.

    ``undo_report`` tells what stays, and why: "edited" (a column that somebody changed later, a new row that somebody
    edited), "used" (a new record that others point at by now), "gone" (a row that somebody removed later), and "clash"
    (the database does not let the former value in any more: somebody else has what only one may have).
    """
    held = ChangeSet.objects.select_for_update(of=("self",)).select_related("undone_by").get(pk=change_set.pk)
    if held.state != ChangeState.UNDOING or held.undone_by is None:
        change_set.refresh_from_db()
        return False
    entries = list(held.entries.order_by("-id")[held.rows_done : held.rows_done + UNDO_CHUNK])
    undoing = _Undoing(by=held.undone_by, reason=str(held))
    for (model, action), run in groupby(entries, key=lambda entry: (entry.model, entry.action)):
        undoing.take_back(model, ChangeAction(action), list(run))
    rows_changed.send(sender=ChangeSet, rows=dict(undoing.touched))
    held.rows_done += len(entries)
    held.undo_report = (held.undo_report + undoing.left)[:KEPT_REPORT]
    held.heartbeat_at = timezone.now()
    if held.rows_done >= held.rows_total:
        held.state, held.undone_at, held.finished_at = ChangeState.UNDONE, timezone.now(), timezone.now()
        record_event(AuditVerb.UNDONE, by=held.undone_by, subject=held, left=len(held.undo_report))
        tell_of_change_set(held, ChangeState.UNDONE, asked_by=held.undone_by)
    held.save(update_fields=["rows_done", "undo_report", "heartbeat_at", "state", "undone_at", "finished_at"])
    change_set.refresh_from_db()
    return bool(change_set.state == ChangeState.UNDOING)


class _Undoing:
    """One chunk on its way back: what was touched, and what was left as it is."""

    def __init__(self, *, by: User, reason: str) -> None:
        self.by = by
        self.reason = reason[:100]
        self.touched: dict[str, set[int]] = defaultdict(set)
        self.left: list[dict[str, Any]] = []

    def take_back(self, label: str, action: ChangeAction, entries: list[ChangeSetEntry]) -> None:
        try:
            model = apps.get_model(label)
        except LookupError:
            self._leave_gone(entries)
            return
        if action is ChangeAction.REMOVED:
            self._bring_back(model, entries)
            return
        rows = model._base_manager.select_for_update(of=("self",)).order_by("pk").in_bulk([entry.object_pk for entry in entries])
        present = [(entry, rows[entry.object_pk]) for entry in entries if entry.object_pk in rows]
        if action is ChangeAction.CHANGED:
            self._leave_gone(entry for entry in entries if entry.object_pk not in rows)
            self._change_back(model, present)
        elif issubclass(model, Record):
            self._archive(model, present)
        else:
            self._remove(present)

    def _change_back(self, model: type[models.Model], present: list[tuple[ChangeSetEntry, Any]]) -> None:
        columns: set[str] = set()
        rows = []
        for entry, row in present:
            now, before, after = columns_of(row, entry.after), entry.before or {}, entry.after or {}
            # A column that the table has no more is neither here nor there.
            known = [name for name in before if name in now]
            free = [name for name in known if now[name] == after[name] and name != "revision"]
            later = [name for name in known if now[name] != after[name] and name not in _MARKS]
            if later:
                self._leave(entry, row, "edited", later)
            for name in free:
                setattr(row, name, model._meta.get_field(name).to_python(before[name]))  # type: ignore[union-attr]  # a column
            # An entry of marks alone stands for links that changed: they are back by now, and the next version tells so.
            if free or set(before) <= _MARKS:
                rows.append((entry, row))
                columns.update(free)
            self.touched[entry.model].add(row.pk)
        self._save(model, rows, columns)

    def _archive(self, model: type[Record], present: list[tuple[ChangeSetEntry, Any]]) -> None:
        manager: Any = model._default_manager.all()
        pks = [row.pk for _entry, row in present]
        used = set(manager.in_use().filter(pk__in=pks).values_list("pk", flat=True)) if hasattr(manager, "in_use") else set()
        rows = []
        for entry, row in present:
            edited = row.revision != (entry.after or {}).get("revision")
            if row.is_archived:
                continue
            if edited or row.pk in used:
                self._leave(entry, row, "edited" if edited else "used", ["revision"])
                continue
            row.archived_at, row.archived_by = timezone.now(), self.by
            rows.append((entry, row))
        self._save(model, rows, {"archived_at", "archived_by"})

    def _remove(self, present: list[tuple[ChangeSetEntry, Any]]) -> None:
        for entry, row in present:
            now = columns_of(row)
            if now != entry.after:
                self._leave(entry, row, "edited", now)
                continue
            self.touched[entry.model].add(row.pk)
            row._history_user, row._change_reason = self.by, self.reason
            row.delete()

    def _bring_back(self, model: type[models.Model], entries: list[ChangeSetEntry]) -> None:
        there = set(model._base_manager.filter(pk__in=[entry.object_pk for entry in entries]).values_list("pk", flat=True))
        rows = [(entry, self._as_it_was(model, entry.before or {})) for entry in entries if entry.object_pk not in there]
        pks = [row.pk for row in self._as_far_as_allowed(rows, model._base_manager.bulk_create)]
        self._set_marks_again(model, set(pks), entries)
        record_first_versions(model, pks, by=self.by, reason=self.reason)
        self.touched[model._meta.label_lower].update(pks)

    def _as_it_was(self, model: type[models.Model], values: Columns) -> models.Model:
        fields = [field for field in model._meta.concrete_fields if field.attname in values]
        return model(**{field.attname: field.to_python(values[field.attname]) for field in fields})

    def _set_marks_again(self, model: type[models.Model], pks: set[int], entries: list[ChangeSetEntry]) -> None:
        """Inserting stamps the time on columns that do so by themselves; the row's own time is the one that it had."""
        stamped = [
            field for field in model._meta.concrete_fields if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        ]
        for entry in entries if stamped else ():
            if entry.object_pk in pks:
                own = {field.attname: field.to_python((entry.before or {})[field.attname]) for field in stamped}
                model._base_manager.filter(pk=entry.object_pk).update(**own)

    def _save(self, model: type[models.Model], present: list[tuple[ChangeSetEntry, Any]], columns: set[str]) -> None:
        once = list({row.pk: (entry, row) for entry, row in present}.values())
        if not once:
            return
        names = {model._meta.get_field(name).name for name in columns}
        if issubclass(model, Record):
            for _entry, row in once:
                row.revision += 1
                row.updated_at, row.updated_by = timezone.now(), self.by
            names |= {"revision", "updated_at", "updated_by"}

        def store(rows: list[Any]) -> None:
            model._base_manager.bulk_update(rows, sorted(names), batch_size=200)
            for row in rows if issubclass(model, Dated) else ():
                row.clean()  # Days that may not overlap: on PostgreSQL a constraint says so, on SQLite only this.

        saved = self._as_far_as_allowed(once, store)
        if is_versioned(model):
            record_changes(saved, by=self.by, reason=self.reason)
        self.touched[model._meta.label_lower].update(row.pk for row in saved)

    def _as_far_as_allowed(self, present: list[tuple[ChangeSetEntry, Any]], store: Callable[[list[Any]], Any]) -> list[Any]:
        """Store the rows and return those stored; where the database refuses, one by one, telling those that it refuses.

        What only one row may have passes from row to row in the order in which it came, so one by one may do what one
        statement for all may not. What somebody else has by now is refused either way.
        """
        rows = [row for _entry, row in present]
        try:
            with transaction.atomic():
                store(rows)
        except (IntegrityError, ValidationError):
            if len(present) > 1:
                return [row for pair in present for row in self._as_far_as_allowed([pair], store)]
            entry, row = present[0]
            self._leave(entry, row, "clash", entry.before or {})
            return []
        return rows

    def _leave_gone(self, entries: Iterable[ChangeSetEntry]) -> None:
        self.left += [{"model": entry.model, "pk": entry.object_pk, "label": "", "reason": "gone", "columns": []} for entry in entries]

    def _leave(self, entry: ChangeSetEntry, row: models.Model, reason: str, columns: Iterable[str]) -> None:
        """Tell of a row that stays, and by which columns; their values are in the row, and no second copy of them is kept."""
        label, names = str(row)[:200], sorted(set(columns))
        self.left.append({"model": entry.model, "pk": row.pk, "label": label, "reason": reason, "columns": names})
