"""What stands in a file beside its rows, told before anything is done with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openpyxl.utils import get_column_letter

from crm.legacy_text import Coding, convert, is_better_converted, recognise
from crm.tabular.delimited import FORMER
from crm.tabular.errors import shown
from crm.tabular.layouts import Layout, Reason, with_groups
from crm.tabular.sources import Source
from crm.tabular.tables import LeftOut, Table

# Enough to know the codings and the paper around the table; what comes later is told by the check.
EXAMINED_ROWS = 2_000
SAMPLES = 4
FIRST_ROWS = 14


@dataclass(frozen=True)
class FormerColumn:
    """A column in a former coding, with some of its cells before and after."""

    column: str
    coding: Coding
    samples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Examined:
    """``notes``: what the user is told, in sentences. ``left_out``: the rows of the examined part that are not read."""

    layout: Layout
    columns: tuple[str, ...]
    former: tuple[FormerColumn, ...]
    notes: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    hidden_rows: int
    hidden_columns: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether the file is a list with its header in row 1 and nothing to tell or decide."""
        return not (self.former or self.notes or self.left_out) and self.layout.header_to == 1


def examine(source: Source, layout: Layout) -> Examined:
    """Look at the first rows as the layout reads them, in their own coding, and say what was found. Raises TabularError."""
    table = Table(source, replace(layout, codings={}))
    rows = list(islice(table.rows(), EXAMINED_ROWS))
    layout = with_groups(layout, found=any(left.reason is Reason.GROUP for left in table.left_out))
    cells = {column: [row.cells[column] for row in rows] for column in table.columns}
    hidden_columns = tuple(get_column_letter(place + 1) for place in sorted(source.hidden_columns(layout.sheet)))
    hidden_rows = source.hidden_rows(layout.sheet)
    return Examined(
        layout=layout,
        columns=Table(source, layout).columns,
        former=tuple(_former_columns(source, table, cells)),
        notes=tuple(_notes(source, table, hidden_rows, hidden_columns)),
        left_out=tuple(table.left_out),
        hidden_rows=hidden_rows,
        hidden_columns=hidden_columns,
    )


def _former_columns(source: Source, table: Table, cells: Mapping[str, list[str]]) -> Iterator[FormerColumn]:
    """Columns that are in a former coding by themselves, and those with single cells that fit the coding of the others."""
    hints = source.font_codings(table.layout.sheet, EXAMINED_ROWS)
    found = {column: recognise(values, hint=hints.get(table.place_of(column), None)) for column, values in cells.items()}
    codings = [recognised.coding for recognised in found.values() if recognised]
    if not codings and source.encoding == FORMER:
        everything = recognise(value for values in cells.values() for value in values)
        codings = [everything.coding] if everything else []
    if not codings:
        return
    usual = max(codings, key=codings.count)
    for column, values in cells.items():
        recognised = found[column]
        coding = recognised.coding if recognised else usual
        converted = [value for value in dict.fromkeys(values) if not value.isascii() and is_better_converted(value, coding)]
        if converted:
            yield FormerColumn(column, coding, tuple((shown(value), shown(convert(value, coding))) for value in converted[:SAMPLES]))


def _notes(source: Source, table: Table, hidden_rows: int, hidden_columns: tuple[str, ...]) -> Iterator[str]:
    layout = table.layout
    others = [sheet for sheet in source.sheets if sheet.name != layout.sheet]
    if shown_sheets := [sheet.name for sheet in others if not sheet.is_hidden]:
        yield _("The sheet “%(sheet)s” is read. Not read: %(others)s.") % {"sheet": layout.sheet, "others": ", ".join(shown_sheets)}
    if hidden := [sheet.name for sheet in others if sheet.is_hidden]:
        yield _("Hidden sheets, not read: %(sheets)s.") % {"sheets": ", ".join(hidden)}
    if hidden_rows:
        words = ngettext("%(count)d row is hidden in the workbook.", "%(count)d rows are hidden in the workbook.", hidden_rows)
        yield words % {"count": hidden_rows}
    if hidden_columns:
        yield _("Hidden columns: %(letters)s.") % {"letters": ", ".join(hidden_columns)}
    if without_value := source.formulas_without_value(layout.sheet):
        yield _(
            "Formulas without a stored result, read as empty: %(count)d cells. "
            "Open the workbook in Excel and save it, so that the results are stored."
        ) % {"count": without_value}
    if table.renamed:
        yield _("Columns without a name, or with the name of another one, are called by their letter: %(columns)s.") % {
            "columns": ", ".join(table.renamed)
        }
    if source.encoding in ("cp1258", FORMER):
        yield _("The file is not in UTF-8; it is read as %(encoding)s.") % {"encoding": source.encoding.upper()}
