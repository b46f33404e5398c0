"""Rows of a list by the meaning of its columns. Fields and widgets are those of django-import-export.

Its loop over the rows (``import_data``: a look-up, two deep copies, a diff and a savepoint per row) is not used, since
10,000 rows would take it some fifteen seconds: rows go in chunks to the actions, the one door for many records.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from django.utils.functional import Promise
from import_export import resources, widgets

from crm.tabular import Table, TableRow, shown
from crm.text import fold
from partners.actions.import_nouns import ReadsRows
from partners.actions.import_rows import Problem

Row = TypeVar("Row")


class ListResource(resources.Resource, Generic[Row]):
    """Reads the rows of one list, given its mapping of columns to fields (``{"other names": "other_names", …}``)."""

    labels: ClassVar[Mapping[str, str | Promise]]
    # Folded headers by which lists usually name the fields, in Vietnamese and English.
    usual_headers: ClassVar[Mapping[str, tuple[str, ...]]]
    # Without it there is nothing to import.
    required: ClassVar[str]

    def __init__(self, mapping: Mapping[str, str], **own_widgets: widgets.Widget) -> None:
        super().__init__()
        for name, widget in own_widgets.items():
            self.fields[name].widget = widget
        self.column_of = {name: column for column, name in mapping.items()}
        self._readers = [(name, column, self.fields[name].widget.clean) for name, column in self.column_of.items()]

    def rows(self, table: Table, *, decisions: Mapping[str, str] | None = None) -> Iterator[Row]:
        """Read every row. ``decisions``: row number → what somebody decided on seeing the check."""
        decisions = decisions or {}
        for row in table.rows():
            yield self.read(row, decision=decisions.get(str(row.number), "") if decisions else "")

    def read(self, row: TableRow, *, decision: str = "") -> Row:
        """Return one row with its words turned into values, and everything that could not be."""
        values: dict[str, Any] = {}
        if row.problem:
            problem = row.problem
            return self.built(row.number, values, (Problem("", problem.value, problem.code, problem.message, column=problem.column),), "")
        problems: list[Problem] = []
        for name, column, clean in self._readers:
            try:
                values[name] = clean(row.cells[column])
            except ValueError as error:
                problems.append(Problem(name, shown(row.cells[column]), getattr(error, "code", "invalid"), str(error)))
        return self.built(row.number, values, tuple(problems), decision)

    def built(self, number: int, values: dict[str, Any], problems: tuple[Problem, ...], decision: str) -> Row:
        raise NotImplementedError


_OWN_LANGUAGE = frozenset(["tieng viet", "ten tieng viet", "vietnamese", "in vietnamese"])


def guess_mapping(resource: type[ReadsRows], columns: tuple[str, ...]) -> dict[str, str]:
    """Return column → field for the columns whose header is a usual name of a field; each field once.

    Of a header in several lines ("Contact / Phone") the last is looked at where the whole says nothing, and the first
    where the last is only the language of our office ("Tên đối tác / Tiếng Việt").
    """
    known = {header: name for name, headers in resource.usual_headers.items() for header in headers}
    mapping: dict[str, str] = {}
    for column in columns:
        first, _line, last = column.rpartition(" / ")
        name = known.get(fold(column)) or known.get(fold(last)) or (known.get(fold(first)) if fold(last) in _OWN_LANGUAGE else None)
        if name and name not in mapping.values():
            mapping[column] = name
    return mapping
