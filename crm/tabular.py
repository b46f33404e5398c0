"""Read lists that people bring, CSV and XLSX, as a header and rows of text; refuse the rest and say why.

Row numbers are those a spreadsheet shows: the header is row 1. Uploads are distrusted: the content decides what
a file is, never its name, and sizes are bounded before anything is unpacked.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from crm.text import nfc

MAX_COLUMNS = 200
# A workbook of real lists unpacks to five or ten times its size; a zip bomb to a thousand times.
MAX_UNPACKED_TIMES = 15
# The same for each part by itself, once it is large: a small file must not cost minutes and gigabytes to read.
MAX_PART_TIMES = 30
LARGE_PART = 4 * 1024 * 1024
MAX_PARTS = 2_000
DELIMITERS = (",", ";", "\t")
ZIP_START = b"PK\x03\x04"
# Excel 97–2003, and any workbook locked with a password.
OLE_START = b"\xd0\xcf\x11\xe0"
_CONTROLS = frozenset(range(1, 32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b")


class TabularError(Exception):
    """The file as a whole cannot be read. ``code`` is stable; ``str(error)`` is for the user."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(str(message))
        self.code = code


@dataclass(frozen=True)
class CellProblem:
    """What is wrong with one cell, before anyone asks what it means."""

    code: str
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class TableRow:
    """``number`` as the spreadsheet shows it; ``cells`` by column name, every column present, text stripped and NFC."""

    number: int
    cells: dict[str, str]
    problem: CellProblem | None = None


@dataclass(frozen=True)
class Table:
    """A readable list. ``rows()`` streams it from the start and may be called again; empty rows are left out."""

    columns: tuple[str, ...]
    _cells: Callable[[], Iterator[list[str]]]

    def rows(self) -> Iterator[TableRow]:
        """Stream the rows below the header. Raises TabularError for more than ``IMPORT_MAX_ROWS``, or a broken rest."""
        found = 0
        for number, cells in enumerate(self._cells(), start=1):
            if number == 1 or not any(cells):
                continue
            found += 1
            if found > settings.IMPORT_MAX_ROWS:
                message = _("The file has more than %(limit)d rows. Split it and bring the parts one by one.")
                raise TabularError("too_many_rows", message % {"limit": settings.IMPORT_MAX_ROWS})
            yield self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> TableRow:
        width = len(self.columns)
        padded = cells[:width] + [""] * (width - len(cells))
        return TableRow(number, dict(zip(self.columns, padded, strict=True)), _cell_problem(self.columns, cells))


def open_table(file: IO[bytes]) -> Table:
    """Read the header of a CSV (UTF-8, UTF-16) or XLSX file. Raises TabularError with what to do about it."""
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
    if start.startswith(ZIP_START):
        _refuse_zip_bomb(file)
        cells = partial(_workbook_cells, file)
    else:
        text = _decode(file.read())
        cells = partial(_csv_cells, text, _delimiter(text))
    return Table(_header(next(cells(), [])), cells)


def spreadsheet_safe(text: str) -> str:
    """Return the text so that a spreadsheet shows it and never runs it as a formula (a quote goes before = + - @)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def shown(value: str, *, length: int = 80) -> str:
    """Return a cell's text for a message: short, on one line, NUL bytes made visible."""
    line = " ".join(value.replace("\0", "␀").split())
    return line if len(line) <= length else f"{line[:length]}…"


# --- Header and cells --------------------------------------------------------------------------------


def _header(cells: list[str]) -> tuple[str, ...]:
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise TabularError("no_header", _("Row 1 is empty. Put the names of the columns in row 1."))
    if len(names) > MAX_COLUMNS:
        raise TabularError("too_many_columns", _("The file has more than %(limit)d columns.") % {"limit": MAX_COLUMNS})
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            message = _("Column %(letter)s has no name. Write one in row 1, or delete the column.")
            raise TabularError("unnamed_column", message % {"letter": get_column_letter(position)})
        if "\0" in name or len(name) > 200:
            message = _("The name of column %(letter)s in row 1 is too long or holds a NUL byte.")
            raise TabularError("bad_column_name", message % {"letter": get_column_letter(position)})
        first = seen.setdefault(name.casefold(), position)
        if first != position:
            message = _("The column name “%(name)s” stands twice in row 1, in columns %(first)s and %(second)s. Rename one.")
            letters = {"first": get_column_letter(first), "second": get_column_letter(position)}
            raise TabularError("repeated_column", message % {"name": name, **letters})
    return tuple(names)


def _cell_problem(columns: tuple[str, ...], cells: list[str]) -> CellProblem | None:
    for position, cell in enumerate(cells):
        column = columns[position] if position < len(columns) else get_column_letter(position + 1)
        if "\0" in cell:
            return CellProblem("nul", column, shown(cell), _("The cell holds a NUL byte, which is no text. Type the cell anew."))
        if cell and position >= len(columns):
            return CellProblem(
                "no_column", column, shown(cell), _("The cell stands right of the last named column. Is a separator too many in the row?")
            )
    return None


# --- CSV ---------------------------------------------------------------------------------------------


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif _looks_binary(content[:4096]):
        raise TabularError("binary", _("This is no table of text. Bring a CSV file (UTF-8) or an Excel workbook (.xlsx)."))
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = _("Line %(line)d is not in UTF-8. In Excel choose “Save as”, then “CSV UTF-8”, or bring the .xlsx file itself.")
        raise TabularError("encoding", message % {"line": line}) from error


def _looks_binary(sample: bytes) -> bool:
    # A stray NUL is reported with its cell; many of them are no text at all.
    return any(byte in _CONTROLS for byte in sample) or sample.count(0) * 10 > len(sample)


def _delimiter(text: str) -> str:
    """Return the separator that row 1 uses most, outside quotes; a comma if there is none."""
    first_line = text[:65_536].lstrip("\r\n").partition("\n")[0]
    unquoted = "".join(first_line.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def _csv_cells(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = _("Row %(row)d cannot be split into cells: a quotation mark is missing, or a cell is longer than 131,072 characters.")
            raise TabularError("broken_row", message % {"row": number}) from error
        yield [nfc(cell).strip() for cell in cells]


# --- XLSX --------------------------------------------------------------------------------------------


def _refuse_zip_bomb(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            too_much = (
                len(parts) > MAX_PARTS
                or unpacked > settings.IMPORT_MAX_BYTES * MAX_UNPACKED_TIMES
                or any(part.file_size > max(LARGE_PART, part.compress_size * MAX_PART_TIMES) for part in parts)
            )
            has_entities = not too_much and any(_declares_entities(archive, part) for part in parts)
            is_workbook = "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise _broken_workbook() from error
    if too_much:
        raise TabularError("too_large", _("The workbook unpacks to far more than it should. Save the list as CSV UTF-8 and bring that."))
    if has_entities or not is_workbook:
        raise _broken_workbook()


def _declares_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether an XML part carries a document type, which no spreadsheet program writes and entity bombs need."""
    if not part.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(part) as content:
        return b"<!DOCTYPE" in content.read(1024)


def _workbook_cells(file: IO[bytes]) -> Iterator[list[str]]:
    file.seek(0)
    try:
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = next((sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"), None)
        if sheet is not None:
            # The stated size of a sheet may be invented; rows are then only as wide as their cells.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True):
                yield [_text(value) for value in row]
    except TabularError:
        raise
    except Exception as error:  # The library raises whatever a malformed part leads to: KeyError, ParseError, ValueError.
        raise _broken_workbook() from error


def _broken_workbook() -> TabularError:
    return TabularError(
        "broken_workbook", _("The Excel workbook is damaged or is no workbook. Open it, save it anew as .xlsx, and bring that.")
    )


def _text(value: Any) -> str:
    """Return a cell as it reads: whole numbers without “.0”, days as 2025-09-12, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return nfc(str(value)).strip()
