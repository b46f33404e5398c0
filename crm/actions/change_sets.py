"""Change sets: noting what is done to rows.

Whoever applies a change set notes each row, before and after, by the ``note_…`` functions inside the transaction
that changes it. ``undoing.undo_next`` then needs to know nothing of the kind of change set.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from crm.bulk_rows import insert_rows
from crm.choices import ChangeAction
from crm.models import ChangeSet, ChangeSetEntry
from crm.models.records import Record
from crm.signals import rows_changed

Columns = dict[str, Any]


def columns_of(row: models.Model, names: Iterable[str] | None = None) -> Columns:
    """Return the row's columns as JSON values by ``attname``; all of them, or those named (by field name or attname)."""
    wanted = None if names is None else set(names)
    return {
        field.attname: _as_json(field, row)
        for field in row._meta.concrete_fields
        if wanted is None or field.attname in wanted or field.name in wanted
    }


def note_created(change_set: ChangeSet, rows: Sequence[models.Model]) -> None:
    """Note rows just made. Undone, a record is archived, unless edited or used since; a plain row is removed."""
    _note(_entry(change_set, row, ChangeAction.CREATED, after=_mark_of(row)) for row in rows)


def note_new_records(change_set: ChangeSet, model: type[Record], pks: Sequence[int]) -> None:
    """Note records just inserted by the thousand, which nobody has changed since: ``note_created`` without the rows."""
    names = ["change_set_id", "model", "object_pk", "action", "after"]
    label, mark = model._meta.label_lower, {"revision": 1}
    insert_rows(ChangeSetEntry, names, [(change_set.pk, label, pk, ChangeAction.CREATED.value, mark) for pk in pks])


def note_changed(change_set: ChangeSet, changes: Iterable[tuple[models.Model, Columns]]) -> None:
    """Note rows just saved, each with ``columns_of`` it before. Columns that stayed the same are left out."""
    entries = []
    for row, before in changes:
        after = columns_of(row, before)
        differ = [name for name, value in before.items() if after[name] != value]
        if differ:
            before_, after_ = {name: before[name] for name in differ}, {name: after[name] for name in differ}
            entries.append(_entry(change_set, row, ChangeAction.CHANGED, before=before_, after=after_))
    _note(entries)


def note_removed(change_set: ChangeSet, rows: Iterable[models.Model]) -> None:
    """Note plain rows about to be deleted, whole, so that they can come back with the numbers they had."""
    _note(_entry(change_set, row, ChangeAction.REMOVED, before=columns_of(row)) for row in rows)


def announce(rows: Iterable[models.Model]) -> None:
    """Tell whoever keeps copies that these rows were changed past the actions of their own nouns."""
    by_model: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        by_model[row._meta.label_lower].add(row.pk)
    rows_changed.send(sender=ChangeSet, rows=dict(by_model))


def _note(entries: Iterable[ChangeSetEntry]) -> None:
    ChangeSetEntry.objects.bulk_create(entries, batch_size=1_000)


def _entry(change_set: ChangeSet, row: models.Model, action: ChangeAction, **columns: Columns) -> ChangeSetEntry:
    return ChangeSetEntry(change_set=change_set, model=row._meta.label_lower, object_pk=row.pk, action=action, **columns)


def _mark_of(row: models.Model) -> Columns:
    return {"revision": row.revision} if isinstance(row, Record) else columns_of(row)


def _as_json(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else field.value_to_string(row)
