"""The ledger of a report: for each figure the rows that it counts; and what has changed against one that was kept."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm.models import User
from reports.metrics.periodic.breakdowns import BY_CODE
from reports.metrics.periodic.catalogue import FIGURES, Measure
from reports.metrics.periodic.lines import Figures
from reports.metrics.periodic.nouns import MODELS, visible_rows
from reports.metrics.periodic.spans import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

Ledger = dict[str, Any]


def ledger_of(span: Span) -> Ledger:
    """Return ``{"rows": {figure: [ids]}, "people": {figure: {id: number}}}``, ids rising. Keys of JSON are text."""
    rows: dict[str, list[int]] = {}
    people: dict[str, dict[str, int]] = {}
    for code, figure in FIGURES.items():
        found = figure.source.rows(span).filter(figure.condition).order_by("pk")
        rows[code] = list(found.values_list("pk", flat=True))
        if figure.measure == Measure.PEOPLE:
            given = found.filter(people_count__isnull=False).values_list("pk", "people_count")
            people[code] = {str(pk): number for pk, number in given}
    for breakdown in BY_CODE.values():
        keyed: dict[str, set[int]] = {}
        for pairs in breakdown.pairs(span):
            for key, row in pairs.order_by().values_list("key", "row"):
                keyed.setdefault(f"{breakdown.code}:{key}", set()).add(row)
        rows |= {code: sorted(keyed[code]) for code in sorted(keyed)}
    return {"rows": rows, "people": people}


def bears_out(ledger: Ledger, figures: Figures) -> bool:
    """Whether every figure of this period is the number of its rows in the ledger, or the sum of the people they give.

    It is not where a record changed between the reading of the one and of the other.
    """
    for code, line in figures.lines_by_code.items():
        if code in FIGURES and FIGURES[code].measure == Measure.PEOPLE:
            counted = sum(ledger["people"][code].values())
        elif (code in FIGURES and FIGURES[code].measure == Measure.ROWS) or code.partition(":")[0] in BY_CODE:
            counted = len(ledger["rows"].get(code, ()))
        else:
            continue
        if (line.values[0] or 0) != counted:
            return False
    return True


@dataclass
class Correction:
    """One row that stands otherwise now: in which figures it counted then, and in which now.

    ``record`` is None where the reader may not see it, and ``at`` where the row itself was not touched since: then something
    that it points to was, such as the country of its partner.
    """

    noun: str
    pk: int
    then: tuple[str, ...]
    now: tuple[str, ...]
    record: Any = None
    by: User | None = None
    at: datetime | None = None

    @property
    def what(self) -> str:
        if not self.then:
            return "added"
        return "changed" if self.now else "removed"


@dataclass
class Corrections:
    rows: list[Correction] = field(default_factory=list)

    def of(self, what: str) -> list[Correction]:
        return [row for row in self.rows if row.what == what]


def compare(kept: Ledger, found: Ledger) -> Corrections:
    """Return every row that counts otherwise: added, removed or changed, in the order of nouns and rows."""
    then, now = _by_row(kept), _by_row(found)
    corrections = [
        Correction(noun, pk, then.get((noun, pk), ()), now.get((noun, pk), ()))
        for noun, pk in sorted(then.keys() | now.keys())
        if then.get((noun, pk)) != now.get((noun, pk))
    ]
    return Corrections(corrections)


def with_records(corrections: Corrections, *, since: datetime, reader: User, at_most: int) -> Corrections:
    """Add the record to each of the first corrections, who touched it last, and when. Two queries for each noun."""
    shown = corrections.rows[:at_most]
    for noun, model in MODELS.items():
        mine = [row for row in shown if row.noun == noun]
        if not mine:
            continue
        rows = visible_rows(noun, model._default_manager.filter(pk__in=[row.pk for row in mine]), reader)
        has_marks = hasattr(model, "updated_by")
        records: Mapping[int, Any] = (rows.select_related("updated_by") if has_marks else rows).in_bulk()
        for row in mine:
            row.record = records.get(row.pk)
            if row.record is not None and has_marks and row.record.updated_at > since:
                row.by, row.at = row.record.updated_by, row.record.updated_at
    return Corrections(shown)


def _by_row(ledger: Ledger) -> dict[tuple[str, int], tuple[str, ...]]:
    """(noun, id) → the figures that count the row, with the number of people that it gives."""
    found: dict[tuple[str, int], list[str]] = {}
    for code, pks in ledger["rows"].items():
        noun, people = noun_of(code), ledger["people"].get(code, {})
        for pk in pks:
            number = people.get(str(pk))
            found.setdefault((noun, pk), []).append(code if number is None else f"{code}={number}")
    return {row: tuple(sorted(codes)) for row, codes in found.items()}


def noun_of(code: str) -> str:
    """The noun whose rows a figure counts."""
    return FIGURES[code].source.noun if code in FIGURES else BY_CODE[code.partition(":")[0]].noun
