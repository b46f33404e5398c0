"""Read lists that people bring as columns and rows of text; tell what is left out; refuse what would be stored broken.

Row numbers are those a spreadsheet shows. Uploads are distrusted: the content decides what a file is, never its name.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from crm.legacy_text import Coding, convert, is_better_converted, recognise
from crm.tabular.delimited import DelimitedSource
from crm.tabular.errors import CellProblem, TabularError, shown
from crm.tabular.layouts import Groups, Layout, Reason, RowSorter, column_names, find_layout
from crm.tabular.sources import RawRow, Source
from crm.tabular.workbooks import WorkbookSource

MAX_COLUMNS = 200
ZIP_START = b"PK\x03\x04"
# Excel 97–2003, and any workbook locked with a password.
OLE_START = b"\xd0\xcf\x11\xe0"
# A file of thousands of totals is not told row by row.
KEPT_LEFT_OUT = 200
_BROKEN = "\ufffd"


@dataclass(frozen=True, slots=True)
class TableRow:
    """``number`` as the spreadsheet shows it; ``cells`` by column name, every column present, text stripped and NFC."""

    number: int
    cells: dict[str, str]
    problem: CellProblem | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not read as one of the table, and its words."""

    number: int
    reason: Reason
    text: str


class Table:
    """A readable list. ``rows()`` streams it from the start and may be called again; empty rows are left out.

    ``left_out`` and ``left_out_count``: what the last pass did not read as rows; ``renamed``: columns whose header is
    empty or stands twice, called by their letter.
    """

    def __init__(self, source: Source, layout: Layout) -> None:
        self.source = source
        self.layout = layout
        self.left_out: list[LeftOut] = []
        self.left_out_count = 0
        self._header = _header_rows(source, layout)
        hidden = frozenset() if layout.hidden_columns else source.hidden_columns(layout.sheet)
        names = _in_unicode(column_names(self._header))
        self._positions, self.renamed = _named(names, hidden)
        self._names = names
        self._hidden = hidden
        self._group = (layout.group_column,) if layout.groups is Groups.COLUMN else ()
        self.columns = (*self._positions, *self._group)
        self._codings = {column: Coding(coding) for column, coding in layout.codings.items() if column in self._positions}

    def place_of(self, column: str) -> int | None:
        """Return the position of the column in the file, from 0; None for the headings above the rows."""
        return self._positions.get(column)

    def rows(self) -> Iterator[TableRow]:
        """Stream the rows below the header. Raises TabularError for more than ``IMPORT_MAX_ROWS``, or a broken rest."""
        self.left_out, self.left_out_count = [], 0
        sorter = RowSorter(self.layout, self._header, self._names)
        found = 0
        for raw in self.source.rows(self.layout.sheet, with_capitals=Coding.TCVN3 in self._codings.values()):
            filled = sum(map(bool, raw.cells))
            if not filled or self.layout.header_from <= raw.number <= self.layout.header_to:
                continue
            reason = Reason.TITLE if raw.number < self.layout.header_from else sorter.reason_against(raw, filled)
            if reason:
                self._leave_out(raw, reason)
                continue
            found += 1
            if found > settings.IMPORT_MAX_ROWS:
                message = _("The file has more than %(limit)d rows. Split it and bring the parts one by one.")
                raise TabularError("too_many_rows", message % {"limit": settings.IMPORT_MAX_ROWS})
            yield self._row(raw, sorter.group)

    def _leave_out(self, raw: RawRow, reason: Reason) -> None:
        self.left_out_count += 1
        if len(self.left_out) < KEPT_LEFT_OUT:
            self.left_out.append(LeftOut(raw.number, reason, shown(" · ".join(dict.fromkeys(cell for cell in raw.cells if cell)))))

    def _row(self, raw: RawRow, group: str) -> TableRow:
        cells, width = raw.cells, len(raw.cells)
        by_name = {name: cells[place] if place < width else "" for name, place in self._positions.items()}
        if self._codings:
            for column, coding in self._codings.items():
                if not by_name[column].isascii() and is_better_converted(by_name[column], coding):
                    by_name[column] = convert(by_name[column], coding, capitals=self._positions[column] in raw.capitals)
        for column in self._group:
            by_name[column] = group
        return TableRow(raw.number, by_name, self._problem(by_name, cells))

    def _problem(self, by_name: dict[str, str], cells: list[str]) -> CellProblem | None:
        if any(cells[len(self._names) :]):
            place, cell = next((place, cell) for place, cell in enumerate(cells) if cell and place >= len(self._names))
            message = _("The cell stands right of the last named column. Is a separator too many in the row?")
            return CellProblem("no_column", get_column_letter(place + 1), shown(cell), message)
        joined = "\x1f".join(by_name.values())
        if joined.isascii() and "\0" not in joined:
            return None
        return next((found for column, cell in by_name.items() if (found := _cell_problem(column, cell))), None)


def open_table(file: IO[bytes], layout: Layout | None = None) -> Table:
    """Open a list as the layout says, else as it is best read. Raises TabularError with what to do about it."""
    source = open_source(file, encoding=layout.encoding if layout else "")
    return Table(source, layout or find_layout(source))


def open_source(file: IO[bytes], *, encoding: str = "") -> Source:
    """Open a CSV or Excel file, by its content. Raises TabularError for what is neither, and says what to do."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size == 0:
        raise TabularError("empty", _("The file is empty."))
    if size > settings.IMPORT_MAX_BYTES:
        message = _("The file is larger than %(limit)d MB. Split it and bring the parts one by one.")
        raise TabularError("too_large", message % {"limit": settings.IMPORT_MAX_BYTES // 1024 // 1024})
    start = file.read(8)
    file.seek(0)
    if start.startswith(OLE_START):
        raise TabularError(
            "old_workbook", _("This is an old Excel file (.xls) or one with a password. Save it as .xlsx, without a password.")
        )
    return WorkbookSource(file) if start.startswith(ZIP_START) else DelimitedSource(file.read(), encoding)


# --- Header and cells --------------------------------------------------------------------------------


def _header_rows(source: Source, layout: Layout) -> list[RawRow]:
    rows = []
    for row in source.rows(layout.sheet):
        if row.number > layout.header_to:
            break
        if row.number >= layout.header_from:
            rows.append(row)
    return rows


def _in_unicode(names: list[str]) -> list[str]:
    """The names of the columns are only shown, so they are converted without asking."""
    found = recognise(names)
    return [convert(name, found.coding) if is_better_converted(name, found.coding) else name for name in names] if found else names


def _named(names: list[str], hidden: frozenset[int]) -> tuple[dict[str, int], list[str]]:
    """Return column name → position. A name that is missing or stands twice gets the letter of its column."""
    if not names:
        raise TabularError("no_header", _("No row names the columns. Put their names in row 1, above the first row of the list."))
    if len(names) > MAX_COLUMNS:
        message = _("The file has %(count)d columns; at most %(limit)d can be read. Delete the columns that you do not need.")
        raise TabularError("too_many_columns", message % {"count": len(names), "limit": MAX_COLUMNS})
    times: dict[str, int] = {}
    for name in names:
        times[name.casefold()] = times.get(name.casefold(), 0) + 1
    positions: dict[str, int] = {}
    renamed = []
    for place, name in enumerate(names):
        if place in hidden:
            continue
        letter = get_column_letter(place + 1)
        if "\0" in name or len(name) > 200:
            message = _("The name of column %(letter)s is too long or holds a NUL byte.")
            raise TabularError("bad_column_name", message % {"letter": letter})
        column = name if name and times[name.casefold()] == 1 else f"{name} ({letter})".strip()
        if column != name:
            renamed.append(column)
        positions[column] = place
    return positions, renamed


# Former codings and misread text consist of these; text with letters that only Unicode has is not looked at.
_SUSPECT = re.compile("[\xa1-\xff\u0152-\u0192\u02c6\u02dc\u2013-\u2122]")

_ONLY_UNICODE = re.compile("[\u0102-\u0111\u0128\u0129\u0168\u0169\u01a0-\u01b0\u1ea0-\u1ef9]")


def _cell_problem(column: str, cell: str) -> CellProblem | None:
    if "\0" in cell:
        return CellProblem("nul", column, shown(cell), _("The cell holds a NUL byte, which is no text. Type the cell anew."))
    if _BROKEN in cell:
        message = _("Letters were lost in this cell (�) before the file was saved. Type the cell anew.")
        return CellProblem("broken", column, shown(cell), message)
    if not cell.isascii() and _SUSPECT.search(cell) and not _ONLY_UNICODE.search(cell) and (found := recognise([cell])):
        message = _("The cell is written in a former font and reads “%(text)s”. Convert its column on the page “How the file is read”.")
        return CellProblem("former_font", column, shown(cell), message % {"text": shown(convert(cell, found.coding))})
    return None
