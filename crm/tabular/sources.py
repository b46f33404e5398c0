"""A file as rows of cells, before anyone asks which of them are the table."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from crm.legacy_text import Coding


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the file has it. ``number`` as a spreadsheet shows it; ``spans``: column → the last one it is merged up to.

    ``capitals``: columns whose font shows small letters as capitals. Columns count from 0.
    """

    number: int
    cells: list[str]
    is_hidden: bool = False
    spans: dict[int, int] = field(default_factory=dict)
    capitals: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    is_hidden: bool = False


class Source(Protocol):
    """A readable file. ``rows()`` may be called again and starts anew."""

    @property
    def encoding(self) -> str:
        """The encoding of a text file; empty for a workbook, which says it itself."""

    @property
    def sheets(self) -> tuple[Sheet, ...]: ...

    def rows(self, sheet: str, *, with_capitals: bool = False) -> Iterator[RawRow]: ...

    def hidden_rows(self, sheet: str) -> int:
        """How many rows somebody hid, or a filter did."""

    def hidden_columns(self, sheet: str) -> frozenset[int]:
        """Positions, from 0, of the columns that somebody hid."""

    def formulas_without_value(self, sheet: str) -> int:
        """How many cells hold a formula whose result the file does not keep."""

    def font_codings(self, sheet: str, rows: int) -> dict[int | None, Coding]:
        """Column → the coding that the fonts of its first rows stand for."""
