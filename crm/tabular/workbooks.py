"""Excel workbooks (.xlsx, .xlsm), distrusted: bounded before anything is unpacked, values only, macros never."""

import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook

from crm.legacy_text import Coding, font_coding, font_shows_capitals
from crm.tabular.errors import TabularError
from crm.tabular.sources import RawRow, Sheet
from crm.tabular.structure import Structure, read_structure
from crm.text import nfc

# A workbook of real lists unpacks to five or ten times its size; a zip bomb to a thousand times.
MAX_UNPACKED_TIMES = 15
# The same for each part by itself, once it is large: a small file must not cost minutes and gigabytes to read.
MAX_PART_TIMES = 30
LARGE_PART = 4 * 1024 * 1024
MAX_PARTS = 2_000
# Rows formatted to the very last column are common; lists that wide are not.
MOST_COLUMNS_READ = 1_000


class WorkbookSource:
    """The sheets of a workbook, read row by row."""

    encoding = ""

    def __init__(self, file: IO[bytes]) -> None:
        _refuse_bombs(file)
        self._file = file
        self._structures: dict[str, Structure] = {}
        with _as_tabular_errors():
            self.sheets = tuple(Sheet(sheet.title, sheet.sheet_state != "visible") for sheet in self._open().worksheets)

    def rows(self, sheet: str, *, with_capitals: bool = False) -> Iterator[RawRow]:
        structure = self._structure(sheet)
        above: dict[int, list[str]] = {}
        with _as_tabular_errors():
            for number, row in enumerate(self._worksheet(sheet).iter_rows(values_only=not with_capitals), start=1):
                values = row[:MOST_COLUMNS_READ]
                cells = [_text(cell.value if with_capitals else cell) for cell in values]
                for column, top in structure.filled_down.get(number, ()):
                    # A cell merged over several rows says the same of each of them.
                    if top in above and column < len(above[top]):
                        cells += [""] * (column + 1 - len(cells))
                        cells[column] = above[top][column]
                if number in structure.tops:
                    above[number] = cells
                capitals = frozenset(place for place, cell in enumerate(values) if _in_capitals(cell)) if with_capitals else frozenset()
                yield RawRow(number, cells, number in structure.hidden_rows, structure.spans.get(number, {}), capitals)

    def values(self, sheet: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Row number and cells as the file has them: texts, numbers, days; a formula gives its stored result."""
        self._structure(sheet)
        with _as_tabular_errors():
            for number, row in enumerate(self._worksheet(sheet).iter_rows(values_only=True), start=1):
                yield number, row[:MOST_COLUMNS_READ]

    def empty_formulas(self, sheet: str) -> set[tuple[int, int]]:
        """Row number and position, from 0, of the cells that hold a formula without a stored result."""
        # Some programs write an empty result for none, so that only the values tell.
        if not self._structure(sheet).formulas:
            return set()
        with _as_tabular_errors():
            self._file.seek(0)
            formulas: Any = load_workbook(self._file, read_only=True, keep_links=False)[sheet]
            formulas.reset_dimensions()
            found = {
                (number, place)
                for number, row in enumerate(formulas.iter_rows(), start=1)
                for place, cell in enumerate(row[:MOST_COLUMNS_READ])
                if cell.data_type == "f"
            }
        return found - {(number, place) for number, row in self.values(sheet) for place, cell in enumerate(row) if cell is not None}

    def hidden_rows(self, sheet: str) -> int:
        return len(self._structure(sheet).hidden_rows)

    def hidden_columns(self, sheet: str) -> frozenset[int]:
        return frozenset(self._structure(sheet).hidden_columns)

    def formulas_without_value(self, sheet: str) -> int:
        return self._structure(sheet).formulas_without_value

    def font_codings(self, sheet: str, rows: int) -> dict[int | None, Coding]:
        votes: dict[int | None, Counter[Coding]] = defaultdict(Counter)
        with _as_tabular_errors():
            for row in islice(self._worksheet(sheet).iter_rows(), rows):
                for place, cell in enumerate(row):
                    if isinstance(cell.value, str) and (coding := font_coding(cell.font.name)):
                        votes[place][coding] += 1
        return {place: counted.most_common(1)[0][0] for place, counted in votes.items()}

    def _open(self) -> Workbook:
        self._file.seek(0)
        return load_workbook(self._file, read_only=True, data_only=True, keep_links=False)

    def _worksheet(self, sheet: str) -> Any:
        worksheet: Any = next(found for found in self._open().worksheets if found.title == sheet)
        # The stated size of a sheet may be invented; rows are then only as wide as their cells.
        worksheet.reset_dimensions()
        return worksheet

    def _structure(self, sheet: str) -> Structure:
        if sheet not in self._structures:
            with _as_tabular_errors(), self._worksheet(sheet)._get_source() as part:
                self._structures[sheet] = read_structure(part)
        return self._structures[sheet]


def _in_capitals(cell: Any) -> bool:
    return isinstance(cell.value, str) and font_shows_capitals(cell.font.name)


def _refuse_bombs(file: IO[bytes]) -> None:
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
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise broken_workbook() from error
    if too_much:
        raise TabularError("too_large", _("The workbook unpacks to far more than it should. Save the list as CSV UTF-8 and bring that."))
    if "content.xml" in names and "mimetype" in names:
        raise TabularError("open_document", _("This is an OpenDocument table (.ods). Save it as .xlsx or as CSV UTF-8 and bring that."))
    if "xl/workbook.bin" in names:
        raise TabularError("binary_workbook", _("This is a binary Excel workbook (.xlsb). Save it as .xlsx and bring that."))
    if has_entities or "xl/workbook.xml" not in names:
        raise broken_workbook()


def _declares_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether an XML part carries a document type, which no spreadsheet program writes and entity bombs need."""
    if not part.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(part) as content:
        return b"<!DOCTYPE" in content.read(1024)


@contextmanager
def _as_tabular_errors() -> Iterator[None]:
    try:
        yield
    except (TabularError, GeneratorExit):
        raise
    except Exception as error:  # The library raises whatever a malformed part leads to: KeyError, ParseError, ValueError.
        raise broken_workbook() from error


def broken_workbook() -> TabularError:
    return TabularError(
        "broken_workbook", _("The Excel workbook is damaged or is no workbook. Open it, save it anew as .xlsx, and bring that.")
    )


def _text(value: Any) -> str:
    """Return a cell as it reads: whole numbers without “.0”, days as 2025-09-12, nothing as an empty text."""
    if isinstance(value, str):
        return value.strip() if value.isascii() else nfc(value).strip()
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
    return str(value).strip()
