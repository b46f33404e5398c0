"""Figures as a report shows them and keeps them: lines of values under columns, as plain data."""

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Self

from django.utils.translation import gettext as _

from crm.models.records import reads_english

FEW = 10
NARROW = "\u00a0"  # A space at which no line breaks.
NOW, BEFORE, YEAR_BEFORE = "now", "before", "year_before"


@dataclass(frozen=True)
class Labelled:
    label_vi: str
    label_en: str

    @property
    def label(self) -> str:
        """The label in the language of the reader."""
        return self.label_en if reads_english() else self.label_vi


@dataclass(frozen=True)
class Line(Labelled):
    """One figure: a value for each column, None where nothing was on record.

    ``of``: what each value is a part of, for "12 of 18". ``is_share``: values are hundredths. ``unknown``: rows of this period
    that give no number, so that the sum is of the others. ``opens``: whether the figure opens the list of its rows.
    """

    code: str
    values: tuple[int | None, ...]
    depth: int = 0
    of: tuple[int | None, ...] | None = None
    is_share: bool = False
    unknown: int = 0
    opens: bool = True

    @property
    def cells(self) -> list[str]:
        """Each value as it reads, a dash for no data."""
        return [self._cell(place) for place in range(len(self.values))]

    @property
    def changes(self) -> list[str]:
        """How this period's value stands to each of the others, in words."""
        return [change(self.values[0], other, is_share=self.is_share) for other in self.values[1:]]

    def _cell(self, place: int) -> str:
        value = self.values[place]
        if value is None:
            return "–"
        if self.is_share:
            return f"{value}{NARROW}%"
        whole = self.of[place] if self.of else None
        return f"{grouped(value)}/{grouped(whole)}" if whole is not None else grouped(value)


@dataclass(frozen=True)
class LineGroup(Labelled):
    code: str
    lines: tuple[Line, ...]
    is_breakdown: bool = False

    @property
    def has_data(self) -> bool:
        return any(value is not None for line in self.lines for value in line.values)


@dataclass(frozen=True)
class Column(Labelled):
    """The days ``[start, end)`` that a column is of; ``code`` is ``now``, ``before`` or ``year_before``."""

    code: str
    start: date
    end: date

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)


@dataclass(frozen=True)
class Cell:
    """One value under its column, and as it reads."""

    column: Column
    value: int | None
    text: str


@dataclass(frozen=True)
class Table:
    """A group as a page shows it: its lines, each with its cells."""

    group: LineGroup
    rows: list[tuple[Line, list[Cell]]]


@dataclass(frozen=True)
class NamedAgreement:
    """An agreement as a report names it."""

    pk: int
    title: str
    kind_vi: str
    kind_en: str
    level: str
    signed_on: date
    parties: str


@dataclass(frozen=True)
class Reported:
    """M9 of the period: units that reported or declared nothing to report, of those due; and the names of the silent ones."""

    due: int
    reported: int
    declared: int
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """All figures of a report. ``has_data``: whether anything at all is on record for its period."""

    columns: tuple[Column, ...]
    groups: tuple[LineGroup, ...]
    agreements: tuple[NamedAgreement, ...] = ()
    completeness: Reported | None = None
    has_data: bool = True
    lines_by_code: dict[str, Line] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.lines_by_code.update({line.code: line for group in self.groups for line in group.lines})

    @property
    def summary_tables(self) -> list[Table]:
        """Groups of which something is on record."""
        return [self._table(group) for group in self.summary if group.has_data]

    @property
    def without_data(self) -> list[str]:
        """The names of groups of which nothing is on record in any column."""
        return [group.label for group in self.summary if not group.has_data]

    @property
    def breakdown_tables(self) -> list[Table]:
        return [self._table(group) for group in self.breakdowns]

    def _table(self, group: LineGroup) -> Table:
        return Table(
            group, [(line, [Cell(*cell) for cell in zip(self.columns, line.values, line.cells, strict=True)]) for line in group.lines]
        )

    @property
    def summary(self) -> tuple[LineGroup, ...]:
        return tuple(group for group in self.groups if not group.is_breakdown)

    @property
    def breakdowns(self) -> tuple[LineGroup, ...]:
        return tuple(group for group in self.groups if group.is_breakdown)

    def to_document(self) -> dict[str, Any]:
        """The same as JSON."""
        kept = asdict(self)
        del kept["lines_by_code"]
        for row in (*kept["columns"], *kept["agreements"]):
            row.update({name: value.isoformat() for name, value in row.items() if isinstance(value, date)})
        return kept

    @classmethod
    def from_document(cls, kept: dict[str, Any]) -> Self:
        """The figures that were kept so."""
        return cls(
            columns=tuple(Column(**{**row, "start": _day(row["start"]), "end": _day(row["end"])}) for row in kept["columns"]),
            groups=tuple(LineGroup(**{**row, "lines": tuple(_line(line) for line in row["lines"])}) for row in kept["groups"]),
            agreements=tuple(NamedAgreement(**{**row, "signed_on": _day(row["signed_on"])}) for row in kept["agreements"]),
            completeness=kept["completeness"] and Reported(**{**kept["completeness"], "silent": tuple(kept["completeness"]["silent"])}),
            has_data=kept["has_data"],
        )


def change(value: int | None, other: int | None, *, is_share: bool = False) -> str:
    """How a value stands to an earlier one: "+3 (+25 %)", of few only "+3", "as before"; nothing where one of them is missing."""
    if value is None or other is None:
        return ""
    difference = value - other
    if not difference:
        return _("as before")
    signed = f"+{grouped(difference)}" if difference > 0 else f"−{grouped(-difference)}"
    # Of few, a percentage says less than it seems to.
    if is_share or other < FEW:
        return signed
    percent = (abs(difference) * 200 + other) // (2 * other)
    return f"{signed} ({'+' if difference > 0 else '−'}{grouped(percent)}{NARROW}%)"


def grouped(number: int) -> str:
    """1234 as 1.234, or 1,234 for readers of English."""
    text = f"{number:,}"
    return text if reads_english() else text.replace(",", ".")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _line(kept: dict[str, Any]) -> Line:
    return Line(**{**kept, "values": tuple(kept["values"]), "of": kept["of"] and tuple(kept["of"])})
