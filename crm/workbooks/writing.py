"""Writing a workbook: text stays text, days are days, lists to choose from, and keys where nobody types.

The key columns are hidden, and refuse whatever is typed into them, but they are not locked: a spreadsheet program sorts
and deletes rows of a protected sheet only where none of their cells is locked, and rows must keep their keys when sorted.
Everything else of a sheet's protection is that hidden columns stay hidden.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import IO, Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from crm.identifiers import new_public_id
from crm.workbooks.cells import DayCell, NumberCell, Raw
from crm.workbooks.marks import mark
from crm.workbooks.read_me import write_read_me
from crm.workbooks.taking import SPARE_ROWS, Content, SheetContent, Taken

FORMAT = "nhipcau-workbook"
VERSION = 1
ABOUT, LISTS = "nhipcau", "nhipcau-lists"
# What is hidden at the left of each row: key, revision, mark.
KEYS = ("key", "revision", "mark")
ARCHIVE = "archive"
OUTCOME = "what-happened"
CODES_ROW, HEAD_ROW, FIRST_ROW = 0, 1, 2
LONGEST_LIST = 30_000
Styles = dict[str, Any]
LINE_HEIGHT, MOST_LINES = 15.0, 6
_A3 = 8
_PROTECTION = {
    "select_locked_cells": True, "format_cells": True, "format_rows": True, "insert_rows": True, "delete_rows": True,
    "sort": True, "autofilter": True,
}  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A new row that was not written: its cells as they were typed, and why. It stands in the empty row of its key again."""

    key: str
    cells: Mapping[str, str]
    told: str


@dataclass(frozen=True)
class Told:
    """What a workbook says of one that came back: by sheet what became of rows, by key, and the new rows that were not written."""

    outcomes: Mapping[str, Mapping[str, str]]
    drafts: Mapping[str, Sequence[Draft]]


def write_workbook(content: Content, told: Told | None = None) -> IO[bytes]:
    """Write the workbook to a temporary file, gone when closed, and return that from its beginning.

    ``told``: what became of the rows of a workbook that came back, in a column of its own.
    """
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115  (closed by the answer that sends it)
    # Strings stay strings: no formulas, no links, no numbers made of digits.
    book = Workbook(file, {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": False})
    styles = _styles(book)
    names = _sheet_names(content)
    write_read_me(book, content.taken, [names[each.sheet.code] for each in content.sheets])
    lists = _Lists(book, content)
    for each in content.sheets:
        _SheetWriter(book.add_worksheet(names[each.sheet.code]), each, content, styles, lists, told).write()
    lists.write()
    _write_about(book, content.taken)
    book.close()
    file.seek(0)
    return file


def height_of(cells: Iterable[tuple[Raw, int]]) -> float | None:
    """How high a row is for its cells and the widths of their columns; None where a line is enough.

    Spreadsheet programs do not measure wrapped text of files that others wrote.
    """
    lines = max((sum(ceil(max(len(part), 1) / width) for part in str(cell).split("\n")) for cell, width in cells if cell), default=1)
    return None if lines <= 1 else LINE_HEIGHT * min(lines, MOST_LINES)


def file_name(taken: Taken) -> str:
    return f"nhip-cau-{taken.unit.lower()}-{localtime(taken.at):%Y-%m-%d-%H%M}.xlsx"


def _styles(book: Workbook) -> Styles:
    top = {"valign": "top", "locked": False}
    return {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#E8EEF4"}),
        "needed": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#F6E3C5"}),
        # "@" is what keeps "+84 …", "00123" and "=1+1" as they are typed.
        "text": book.add_format({**top, "num_format": "@", "text_wrap": True}),
        "day": book.add_format({**top, "num_format": "dd/mm/yyyy", "align": "left"}),
        "number": book.add_format({**top, "num_format": "0", "align": "left"}),
        "told": book.add_format({**top, "num_format": "@", "text_wrap": True, "italic": True}),
    }


def _sheet_names(content: Content) -> dict[str, str]:
    """What the sheets are called: at most 31 characters, none of those that names may not have, each once."""
    names: dict[str, str] = {}
    for each in content.sheets:
        name = "".join(sign for sign in str(each.sheet.title) if sign not in "[]:*?/\\")[:31].strip()
        names[each.sheet.code] = name if name and name not in names.values() else each.sheet.code
    return names


class _SheetWriter:
    def __init__(self, worksheet: Any, each: SheetContent, content: Content, styles: Styles, lists: "_Lists", told: Told | None) -> None:
        self.worksheet, self.each, self.content, self.styles, self.lists = worksheet, each, content, styles, lists
        self.sheet = each.sheet
        self.outcomes = None if told is None else told.outcomes.get(each.sheet.code, {})
        self.drafts = [] if told is None else list(told.drafts.get(each.sheet.code, ()))[:SPARE_ROWS]
        self.columns = self.sheet.columns
        self.first = len(KEYS)
        self.archive_at = self.first + len(self.columns)
        self.last = self.archive_at + (told is not None)

    def write(self) -> None:
        self._write_heads()
        line = FIRST_ROW
        for record, values in zip(self.each.records, self.each.values, strict=True):
            self._write_key(line, str(record.public_id), record.revision)
            written = [column.cell.written(values.get(column.name), self.content.words) for column in self.columns]
            for place, value in enumerate(written, start=self.first):
                self._write_cell(line, place, value)
            self.worksheet.set_row(line, height_of(zip(written, (column.cell.width for column in self.columns), strict=True)))
            if self.outcomes is not None and (told := self.outcomes.get(str(record.public_id))):
                self.worksheet.write_string(line, self.last, told[:32_000], self.styles["told"])
            line += 1
        for draft in self.drafts:
            self._write_draft(line, draft)
            line += 1
        for spare in range(SPARE_ROWS):
            self._write_key(line + spare, str(new_public_id()), 0)
        self._finish(line + SPARE_ROWS - 1)

    def _write_heads(self) -> None:
        for place, name in enumerate((*KEYS, *(column.name for column in self.columns), ARCHIVE)):
            self.worksheet.write_string(CODES_ROW, place, name if place else f"{FORMAT}:{self.sheet.code}")
        for place, name in enumerate(KEYS):
            self.worksheet.write_string(HEAD_ROW, place, name, self.styles["head"])
        for place, column in enumerate(self.columns, start=self.first):
            self.worksheet.write_string(HEAD_ROW, place, str(column.label), self.styles["needed" if column.is_needed else "head"])
            if column.hint:
                self.worksheet.write_comment(HEAD_ROW, place, str(column.hint))
        self.worksheet.write_string(HEAD_ROW, self.archive_at, _("Archive (x)"), self.styles["head"])
        if self.outcomes is not None:
            self.worksheet.write_string(CODES_ROW, self.last, OUTCOME)
            self.worksheet.write_string(HEAD_ROW, self.last, _("What happened"), self.styles["head"])

    def _write_key(self, line: int, key: str, revision: int) -> None:
        self.worksheet.write_string(line, 0, key, self.styles["text"])
        self.worksheet.write_number(line, 1, revision, self.styles["number"])
        self.worksheet.write_string(line, 2, mark(self.content.taken.unit, self.sheet.code, key, revision), self.styles["text"])

    def _write_draft(self, line: int, draft: Draft) -> None:
        self._write_key(line, draft.key, 0)
        for place, column in enumerate(self.columns, start=self.first):
            if text := draft.cells.get(column.name):
                self.worksheet.write_string(line, place, text, self.styles["text"])
        self.worksheet.write_string(line, self.last, draft.told[:32_000], self.styles["told"])

    def _write_cell(self, line: int, place: int, value: Raw) -> None:
        if isinstance(value, date):
            if value.year >= 1900:
                self.worksheet.write_datetime(line, place, datetime(value.year, value.month, value.day), self.styles["day"])  # noqa: DTZ001  (a workbook knows no zones)
            else:
                self.worksheet.write_string(line, place, value.isoformat(), self.styles["text"])
        elif isinstance(value, int):
            self.worksheet.write_number(line, place, value, self.styles["number"])
        elif value:
            self.worksheet.write_string(line, place, value, self.styles["text"])

    def _finish(self, last_line: int) -> None:
        """Widths, formats of cells that are still empty, lists to choose from, frozen heads, filter, protection."""
        sheet = self.worksheet
        sheet.set_column(0, len(KEYS) - 1, 12, self.styles["text"], {"hidden": True})
        for place, column in enumerate(self.columns, start=self.first):
            kind = "day" if isinstance(column.cell, DayCell) else "number" if isinstance(column.cell, NumberCell) else "text"
            sheet.set_column(place, place, column.cell.width, self.styles[kind])
            self._offer(place, column, last_line)
        sheet.set_column(self.archive_at, self.archive_at, 9, self.styles["text"])
        if self.outcomes is not None:
            sheet.set_column(self.last, self.last, 60, self.styles["told"])
        sheet.data_validation(FIRST_ROW, 0, last_line, len(KEYS) - 1, {
            "validate": "custom", "value": "=FALSE", "error_title": _("Row key")[:32],
            "error_message": _("By this the row is known again. Leave it as it is.")[:255],
        })  # fmt: skip
        sheet.set_row(CODES_ROW, None, None, {"hidden": True})
        sheet.set_row(HEAD_ROW, 2 * LINE_HEIGHT + 2)
        sheet.freeze_panes(FIRST_ROW, self.first + 1)
        sheet.autofilter(HEAD_ROW, 0, last_line, self.last)
        sheet.protect("", _PROTECTION)
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD_ROW)
        sheet.print_area(HEAD_ROW, self.first, max(FIRST_ROW, FIRST_ROW + len(self.each.records) - 1), self.last)

    def _offer(self, place: int, column: Any, last_line: int) -> None:
        if isinstance(column.cell, DayCell):
            sort = {"validate": "date", "criteria": ">=", "value": date(1900, 1, 1), "error_type": "warning"}
            self.worksheet.data_validation(
                FIRST_ROW, place, last_line, place, {**sort, "error_message": _("Write a day, such as 21/11/2026.")}
            )
        elif source := self.lists.source(column, self.content.words):
            # A warning, not a stop: a word of the other language is read as well.
            rule = {"validate": "list", "source": source, "error_type": "warning", "error_message": _("Choose from the list.")}
            self.worksheet.data_validation(FIRST_ROW, place, last_line, place, rule)


class _Lists:
    """The hidden sheet that cells are chosen from, and that says which records the labels stand for."""

    def __init__(self, book: Workbook, content: Content) -> None:
        self.book, self.content = book, content
        self.columns: dict[str, list[str]] = {}

    def source(self, column: Any, words: Any) -> str:
        """Where the entries stand that a cell of the column may be chosen from; empty where there are none."""
        entries = column.cell.offered(words)[:LONGEST_LIST]
        if not entries:
            return ""
        self.columns.setdefault(column.cell.name, entries)
        place = xl_col_to_name(list(self.columns).index(column.cell.name) + 3)
        return f"='{LISTS}'!${place}$1:${place}${len(entries)}"

    def write(self) -> None:
        worksheet = self.book.add_worksheet(LISTS)
        line = 0
        for noun, references in self.content.words.records.items():
            for public_id, label in references.labels.items():
                for place, text in enumerate((noun, public_id, label)):
                    worksheet.write_string(line, place, text)
                line += 1
        for place, entries in enumerate(self.columns.values(), start=3):
            for number, entry in enumerate(entries):
                worksheet.write_string(number, place, entry)
        worksheet.hide()


def _write_about(book: Workbook, taken: Taken) -> None:
    """The label of the workbook, for the site to know it again."""
    worksheet = book.add_worksheet(ABOUT)
    lines = {
        "format": FORMAT, "version": str(VERSION), "workbook": str(taken.workbook), "unit": taken.unit, "by": taken.by,
        "at": taken.at.isoformat(), "language": taken.language, "mark": mark(*taken.parts()),
    }  # fmt: skip
    for line, (name, value) in enumerate(lines.items()):
        worksheet.write_string(line, 0, name)
        worksheet.write_string(line, 1, value)
    worksheet.hide()
