"""Writing a planned row by the action of its noun, noted in the change set; or trying it out, so that nothing stays of it."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError as BodyError

from crm.actions.change_sets import Columns, columns_of, note_changed, note_created, note_removed
from crm.actions.noted_writes import NotedWrites
from crm.models import ChangeSet, Unit, User
from crm.workbooks.plans import RowPlan
from crm.workbooks.refusals import Refusal, refusals_of
from crm.workbooks.sheets import SHEETS, Link, Sheet

_REFUSED = (ValidationError, BodyError, PermissionDenied, IntegrityError)


class Writer:
    """Writes rows for a unit. ``new``: by key, the rows that make new records, which other rows may name."""

    def __init__(self, unit: Unit, *, by: User, new: Mapping[str, RowPlan] | None = None) -> None:
        self.unit, self.by = unit, by
        self.new = new or {}

    def try_out(self, plan: RowPlan) -> None:
        """Do what the row asks for, with the new records that it names, and take all of it back. A broken rule refuses the row."""
        with self._refusing(plan), transaction.atomic():
            self._write_needed(plan, set())
            self._write(plan)
            transaction.set_rollback(True)

    def write(self, plan: RowPlan, change_set: ChangeSet) -> None:
        """Write the row, all or nothing, and note it. A broken rule refuses the row and leaves the others alone."""
        with self._refusing(plan), transaction.atomic():
            sheet = SHEETS[plan.row.sheet]
            before = None if plan.record is None else _Before(plan.record, sheet)
            record = self._write(plan)
            if before is None:
                note_created(change_set, [record])
            else:
                before.note(record, change_set)

    def _write(self, plan: RowPlan) -> Any:
        sheet = SHEETS[plan.row.sheet]
        record = sheet.model(public_id=UUID(plan.key)) if plan.record is None else copy.copy(plan.record)
        if plan.values:
            sheet.store(record, plan.values, current=plan.current, unit=self.unit, by=self.by)
        if plan.archives:
            sheet.archive(record, by=self.by)
        return record

    def _write_needed(self, plan: RowPlan, written: set[str]) -> None:
        for key in _named(plan.values):
            needed = self.new.get(key)
            if needed is not None and needed is not plan and key not in written:
                written.add(key)
                self._write_needed(needed, written)
                self._write(needed)

    @contextmanager
    def _refusing(self, plan: RowPlan) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            message = _("Somebody else stored the same at the same time, or the row's key is in use. Take a new workbook.")
            plan.refuse(Refusal("conflict", message))
        except _REFUSED as error:
            plan.refuse(*refusals_of(error))


class _Before:
    """A record and what hangs on it before it is written."""

    def __init__(self, record: Any, sheet: Sheet) -> None:
        names = NotedWrites.unnoted
        self.columns = {name: value for name, value in columns_of(record).items() if name not in names}
        self.links = {link: _rows(link, record) for link in sheet.links}

    def note(self, record: Any, change_set: ChangeSet) -> None:
        # The record first: taken back from the end, its links stand as they were before its next version is made.
        note_changed(change_set, [(record, self.columns)])
        for link, before in self.links.items():
            after = _rows(link, record)
            note_removed(change_set, [row for pk, row in before.items() if pk not in after])
            note_created(change_set, [row for pk, row in after.items() if pk not in before])
            stayed: list[tuple[Any, Columns]] = [(row, columns_of(before[pk])) for pk, row in after.items() if pk in before]
            note_changed(change_set, stayed)


def _rows(link: Link, record: Any) -> dict[int, Any]:
    return {row.pk: row for row in link.model._base_manager.filter(**{link.to: record.pk})}


def _named(values: Mapping[str, Any]) -> Iterator[str]:
    """Everything in these values that may be the identifier of a record."""
    for value in values.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
