"""Writing to many rows as part of one change set: each write is stored, versioned and noted in the same step."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from crm.actions.change_sets import columns_of, note_changed, note_created, note_removed
from crm.actions.versions import is_versioned, record_changes, record_first_versions
from crm.models import ChangeSet, User
from crm.models.records import Record

BATCH = 500


@dataclass
class NotedWrites:
    """The ways to touch rows within a change set. ``touched``: every row so far, for ``announce`` at the end.

    Rights and rules are the caller's to check; all of it belongs into one transaction.
    """

    by: User
    change_set: ChangeSet
    touched: list[models.Model] = field(default_factory=list, kw_only=True)

    # Columns that no entry tells of: every save moves them, or they are made from others.
    unnoted: ClassVar[frozenset[str]] = frozenset({"updated_at", "updated_by_id"})

    @property
    def reason(self) -> str:
        """What the versions of the rows say why."""
        return str(self.change_set)[:100]

    def change(self, rows: Iterable[models.Model], set_values: Callable[[Any], None]) -> int:
        """Set values on rows, save them with a version each, and note what they were; return how many.

        A record whose own columns stay the same gets its next revision all the same: something that hangs on it changed.
        """
        listed = list(rows)
        for start in range(0, len(listed), BATCH):
            self._change(listed[start : start + BATCH], set_values)
        return len(listed)

    def remove(self, rows: Iterable[models.Model]) -> int:
        """Remove plain rows of one model, noted whole, so that they can come back; records are archived instead, never removed."""
        listed = list(rows)
        note_removed(self.change_set, listed)
        self.touched += [type(row)(pk=row.pk) for row in listed]
        if listed and not is_versioned(type(listed[0])):
            type(listed[0])._base_manager.filter(pk__in=[row.pk for row in listed]).delete()
            return len(listed)
        for row in listed:
            row._history_user, row._change_reason = self.by, self.reason  # type: ignore[attr-defined]  # read by django-simple-history
            row.delete()
        return len(listed)

    def create(self, rows: Iterable[models.Model]) -> int:
        """Add rows of one model, with their first version. No rule is asked: records that have some are saved by their action."""
        listed = list(rows)
        if listed:
            for row in listed:
                if isinstance(row, Record):
                    row.created_by = row.updated_by = self.by
            model = type(listed[0])
            model._base_manager.bulk_create(listed)
            record_first_versions(model, [row.pk for row in listed], by=self.by, reason=self.reason)
            note_created(self.change_set, listed)
            self.touched += listed
        return len(listed)

    def archive(self, rows: Iterable[Any], set_values: Callable[[Any], None] = lambda row: None) -> int:
        """Take records out of use that would say the same twice."""
        now = timezone.now()

        def archive(row: Any) -> None:
            set_values(row)
            row.archived_at, row.archived_by = now, self.by

        return self.change(rows, archive)

    def _change(self, rows: Sequence[Any], set_values: Callable[[Any], None]) -> None:
        before = [columns_of(row) for row in rows]
        for row in rows:
            set_values(row)
            if isinstance(row, Record):
                row.revision += 1
                row.updated_at, row.updated_by = timezone.now(), self.by
        if not rows:
            return
        model: Any = type(rows[0])
        names = {name for row, old in zip(rows, before, strict=True) for name, value in columns_of(row).items() if old[name] != value}
        if names:
            model._base_manager.bulk_update(rows, sorted({model._meta.get_field(name).name for name in names}), batch_size=200)
        if is_versioned(model):
            record_changes(rows, by=self.by, reason=self.reason)
        kept = [{name: value for name, value in old.items() if name not in self.unnoted} for old in before]
        note_changed(self.change_set, zip(rows, kept, strict=True))
        self.touched += rows
