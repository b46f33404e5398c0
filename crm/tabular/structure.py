"""What a sheet of a workbook says beside its values: what is hidden, what is merged, which formulas have no result."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import IO, Any
from xml.sax.handler import ContentHandler

from defusedxml import sax
from django.utils.translation import gettext as _
from openpyxl.utils.cell import range_boundaries

from crm.tabular.errors import TabularError

# What Excel itself can hold.
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
# Cells together, empty ones counted up to the last in their row; a list of 200,000 rows has ten million.
MOST_CELLS = 40_000_000
# A cell merged over more rows than this is decoration, no value for each of them.
MOST_MERGED_ROWS = 2_000
# Cells that say what the one above says, and columns named as hidden, all together: ranges are short to write and long to spell out.
MOST_FILLED_DOWN = 500_000
MOST_NAMED_COLUMNS = 2 * MOST_COLUMNS


@dataclass
class Structure:
    """Columns count from 0, rows from 1.

    ``spans``: row → column → the last column merged with it. ``filled_down``: row → (column, row above that says its
    value). ``tops``: the rows whose values are said further down.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    spans: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    filled_down: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    tops: set[int] = field(default_factory=set)
    formulas: int = 0
    formulas_without_value: int = 0


def read_structure(part: IO[bytes]) -> Structure:
    """Read the sheet's XML once. Raises TabularError for a sheet that claims to be larger than any is."""
    reader = _Reader()
    sax.parse(part, reader, forbid_dtd=True)
    return reader.found


class _Reader(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.found = Structure()
        self._row = self._cells = self._width = 0
        self._filled_down = self._named_columns = 0
        self._has_formula = self._has_value = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802  (the name that SAX calls)
        match name.rpartition(":")[2]:
            case "c":
                self._has_formula = self._has_value = False
                self._width += 1
            case "v" | "is":
                self._has_value = True
            case "f":
                self._has_formula = True
                self.found.formulas += 1
            case "row":
                self._start_row(attrs)
            case "col":
                self._column(attrs)
            case "mergeCell":
                self._merge(attrs.get("ref", ""))

    def endElement(self, name: str) -> None:  # noqa: N802  (the name that SAX calls)
        if self._has_formula and name.rpartition(":")[2] == "c":
            self.found.formulas_without_value += not self._has_value
            self._has_formula = False

    def _start_row(self, attrs: Any) -> None:
        self._row = int(float(attrs["r"])) if "r" in attrs else self._row + 1
        self._cells += self._width
        self._width = 0
        if self._row > MOST_ROWS or self._cells > MOST_CELLS:
            raise too_large()
        if attrs.get("hidden") in ("1", "true"):
            self.found.hidden_rows.add(self._row)

    def _column(self, attrs: Any) -> None:
        if attrs.get("hidden") in ("1", "true"):
            first, last = int(attrs["min"]), min(int(attrs["max"]), MOST_COLUMNS)
            self._named_columns += max(0, last - first + 1)
            if self._named_columns > MOST_NAMED_COLUMNS:
                raise too_large()
            self.found.hidden_columns.update(range(first - 1, last))

    def _merge(self, reference: str) -> None:
        left, top, right, bottom = range_boundaries(reference)
        if None in (left, top, right, bottom) or bottom > MOST_ROWS or right > MOST_COLUMNS:
            return
        if right > left:
            self.found.spans[top][left - 1] = right - 1
        if top < bottom <= top + MOST_MERGED_ROWS and right == left:
            self._filled_down += bottom - top
            if self._filled_down > MOST_FILLED_DOWN:
                raise too_large()
            self.found.tops.add(top)
            for row in range(top + 1, bottom + 1):
                self.found.filled_down[row].append((left - 1, top))


def too_large() -> TabularError:
    """More rows or cells, if only empty ones, than any list has."""
    return TabularError("too_large", _("The sheet claims to have more cells than a list has. Copy the list into a new workbook."))
