"""What a reference file means: which table it fills, what identifies a row, and the rules its rows must keep."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from crm.models.records import Dated
from crm.reference.files import Problem, Row, read_rows, relative

Check = Callable[[Sequence[Row]], Iterable[Problem]]


@dataclass(frozen=True, eq=False)
class Table:
    """One file and the model it fills. Columns are named as the model's fields.

    ``key``: the fields that identify a row. ``references``: columns that hold the code of a row of another model.
    ``parsers``: columns that are not written as the field itself would read them. ``prepare`` fills what the model's
    ``save()`` would fill, since rows are written in bulk. ``pair_by``: a row whose key changed in the file is taken
    for the row of the same ``pair_by`` that the file no longer has, so that a corrected day corrects the row.
    """

    model: type[models.Model]
    path: Path
    columns: tuple[str, ...]
    key: tuple[str, ...]
    references: Mapping[str, type[models.Model]] = field(default_factory=dict)
    parsers: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    prepare: Callable[[Any], None] = lambda instance: None
    checks: tuple[Check, ...] = ()
    pair_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return relative(self.path)

    @property
    def refers_to_itself(self) -> bool:
        return self.model in self.references.values()

    def label(self, row: Row) -> str:
        """How a row is called in reports: its key as written."""
        return " / ".join(row.cells[column] or "…" for column in self.key)

    def read(self) -> tuple[list[Row], list[Problem]]:
        """Read and validate the file by itself; references to other tables are checked by ``check_references``."""
        rows, problems = read_rows(self.path, self.columns)
        for row in rows:
            problems.extend(self._parse(row))
        if not problems:
            problems.extend(self._duplicates(rows))
            for check in self.checks:
                problems.extend(check(rows))
        return rows, problems

    def _parse(self, row: Row) -> Iterable[Problem]:
        for column in self.columns:
            try:
                row.values[column] = self._value(column, row.cells[column])
            except (ValidationError, ValueError, KeyError) as error:
                messages = error.messages if isinstance(error, ValidationError) else [_("This value is not known here.")]
                yield row.problem(column, " ".join(messages))
        start, end = row.values.get("valid_from"), row.values.get("valid_to")
        if issubclass(self.model, Dated) and start and end and end <= start:
            yield row.problem("valid_to", _("The end must come after the start."))

    def _value(self, column: str, cell: str) -> Any:
        model_field: Any = self.model._meta.get_field(column)
        if column in self.references:
            if not cell and not model_field.null:
                raise ValidationError(_("This field cannot be blank."))
            return cell
        if column in self.parsers:
            return model_field.clean(self.parsers[column](cell), None)
        if not cell and model_field.null:
            return None
        return model_field.clean(cell, None)

    def _duplicates(self, rows: Sequence[Row]) -> Iterable[Problem]:
        first: dict[tuple[Any, ...], int] = {}
        for row in rows:
            key = tuple(row.values[column] for column in self.key)
            if key in first:
                yield row.problem(self.key[0], _("The same key stands in line %(line)s already.") % {"line": first[key]})
            first.setdefault(key, row.line)


def check_references(read: Mapping[Table, Sequence[Row]]) -> Iterable[Problem]:
    """Every code that a file refers to must stand in the file of the table it belongs to."""
    codes = {table.model: {row.values.get(table.key[0]) for row in rows} for table, rows in read.items() if len(table.key) == 1}
    for table, rows in read.items():
        for column, model in table.references.items():
            for row in rows:
                if (code := row.values.get(column)) and code not in codes.get(model, ()):
                    what = {"what": model._meta.verbose_name_plural}
                    yield row.problem(column, _("No such row in the reference file of: %(what)s.") % what)


def no_overlap(group: Callable[[Row], Hashable]) -> Check:
    """Return the rule that the periods of rows of one group do not overlap; rows of the group ``None`` are free."""

    def check(rows: Sequence[Row]) -> Iterable[Problem]:
        before: dict[Hashable, Row] = {}
        for row in sorted(rows, key=lambda row: (row.values["valid_from"] or date.min, row.line)):
            if (own := group(row)) is None:
                continue
            earlier = before.get(own)
            if earlier and (earlier.values["valid_to"] or date.max) > (row.values["valid_from"] or date.min):
                yield row.problem("valid_from", _("The period overlaps with that of line %(line)s.") % {"line": earlier.line})
            before[own] = row

    return check


def columns(text: str) -> tuple[str, ...]:
    """The names of columns, said in one string."""
    return tuple(text.split())
