"""The coverage matrix: tiers or countries down; quarters, fields, provinces or kinds of partner across.

Of a country, a cell holds n, the different two-way exchanges that count for it (a delegation and its parts once), and N,
what is asked: of a quarter a fourth of the year's duty, of a part of one its share by days; of the other columns the
plan line that names both. Of a tier, a cell adds up ``min(n, N)`` over its countries, so that over-serving friends never
hides neglect; without N it says how many of its countries had any contact. A row's total is M8 itself: the 365 days up
to T against the year's duty, each exchange once. Tiers are those of T; blocs have rows but are no part of a tier's sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from crm.models import Country, Field, Tier
from crm.models.places import CountryKind
from reports.choices import Axis, CellMark, CoverageStatus
from reports.metrics.active_countries import countries_with_active_partner
from reports.metrics.country_contacts import are_stored, source
from reports.metrics.coverage import members_on
from reports.metrics.days import ACTIVE_DAYS, day_number, day_of
from reports.metrics.duties import Duties, Duty, mean, status
from reports.metrics.matrix_columns import Column, Columns, columns_of
from reports.metrics.provinces import ProvinceMap
from reports.metrics.tallies import CountryYear, Tally, last_before
from reports.metrics.targets import Targets
from reports.models import PolicyVersion


@dataclass(frozen=True)
class Cell:
    """One figure. Of a country ``done`` is n and ``target`` N; of a tier ``done`` is the sum of ``min(n, N)``.

    ``target`` is None where no number is asked. ``reached`` of ``countries``: how many of a tier's countries had contact.
    ``status``: M8 of a country's total, whatever is planned.
    """

    mark: CellMark
    done: Fraction = Fraction(0)
    target: Fraction | None = None
    reached: int | None = None
    countries: int | None = None
    status: CoverageStatus | None = None

    @property
    def attained(self) -> Fraction | None:
        """``min(1, n / N)``; None where no number is asked."""
        if self.target is None:
            return None
        return min(Fraction(1), self.done / self.target) if self.target else Fraction(1)


@dataclass(frozen=True)
class Row:
    """A tier, a country, or with neither all countries of the page once.

    ``breadth`` and ``depth`` as M8 says, of sets; ``demand``: of a country, what its tier asks, the most demanding last.
    """

    cells: list[Cell]
    total: Cell
    tier: Tier | None = None
    country: Country | None = None
    breadth: Fraction | None = None
    depth: Fraction | None = None
    demand: tuple[int, ...] = ()

    @property
    def country_id(self) -> int:
        """The country's key, 0 for sets."""
        return self.country.pk if self.country else 0

    @property
    def sort_key(self) -> tuple[str, int]:
        return (self.country.sort_key if self.country else "", self.country_id)


@dataclass(frozen=True)
class Matrix:
    """``rows`` and their sums in ``foot``; ``tiers``: those whose members the rows are."""

    as_of: date
    policy: PolicyVersion
    columns: list[Column]
    axis: Axis
    rows: list[Row]
    foot: Row
    tiers: list[Tier]
    has_data: bool
    is_stored: bool


@dataclass(frozen=True)
class Question:
    """What a matrix is asked for. Rows are the countries of ``tier``, or of all tiers (``by_country``), or the tiers.

    ``silent_provinces``: provinces whose union has not reported, whose empty cells are no data.
    """

    axis: Axis = Axis.QUARTER
    tier: Tier | None = None
    by_country: bool = False
    provinces: ProvinceMap | None = None
    group: Field | None = None
    silent_provinces: frozenset[int] = frozenset()


def matrix(policy: PolicyVersion, as_of: date, question: Question, *, stored: bool | None = None) -> Matrix:
    """Return the matrix as of the day. Seven to thirteen queries by the axis, whatever is asked and however much is on record.

    ``stored``: whether to read stored contacts; where not given, if there are any.
    """
    columns = columns_of(question.axis, as_of, provinces=question.provinces, group=question.group)
    reads_stored = are_stored() if stored is None else stored
    last = day_number(as_of)
    contacts = source(last - ACTIVE_DAYS + 1, last, stored=reads_stored)
    members = [(tier, country) for tier, country in members_on(as_of) if question.tier is None or tier == question.tier]
    country_ids = {country.pk for _tier, country in members}
    tally = columns.count(contacts)
    facts = _Facts(
        as_of=as_of,
        columns=columns,
        tally=tally,
        before=last_before(contacts, last - ACTIVE_DAYS, country_ids),
        active=countries_with_active_partner(as_of, {pk for pk, year in tally.years.items() if year.done and pk in country_ids}),
        duties=Duties.on(as_of, policy),
        targets=Targets.on(as_of, question.axis),
        silent=question.silent_provinces,
    )
    rows, foot = _rows(question, members, facts)
    tiers = list({tier.pk: tier for tier, _country in members}.values())
    return Matrix(as_of, policy, columns.columns, question.axis, rows, foot, tiers, facts.has_data, reads_stored)


@dataclass
class _Facts:
    """All that cells are made of, read once."""

    as_of: date
    columns: Columns
    tally: Tally
    before: dict[int, int]
    active: set[int]
    duties: Duties
    targets: Targets
    silent: frozenset[int]
    empty: set[int] = field(init=False)
    has_data: bool = field(init=False)

    def __post_init__(self) -> None:
        """Periods in which nothing is on record for anybody are no data, and so is a year in which nothing is."""
        self.has_data = bool(self.tally.years)
        known = self.tally.columns_with_data()
        self.empty = {column.key for column in self.columns.columns if column.share is not None and column.key not in known}

    def row(self, tier: Tier, country: Country) -> Row:
        duty = self.duties.for_country(country.pk, tier.pk)
        cells = [self._cell(country.pk, tier.pk, column, duty) for column in self.columns.columns]
        return Row(cells, self._total(country.pk, duty), tier=tier, country=country, demand=duty.demand if duty else ())

    def _cell(self, country_id: int, tier_id: int, column: Column, duty: Duty | None) -> Cell:
        done = Fraction(self.tally.cells.get((country_id, column.key), 0))
        if column.share is not None:
            exempt = duty is not None and duty.exempt
            target = None if duty is None or exempt else duty.required * column.share
            overdue = target is not None and duty is not None and self._is_overdue(country_id, column, duty)
        else:
            required, exempt = self.targets.asked(country_id, tier_id, column.key)
            target, overdue = None if required is None else Fraction(required), False
        if not done and (not self.has_data or column.key in self.empty or column.key in self.silent):
            return Cell(CellMark.NO_DATA, done, target)
        if target is None:
            return Cell(CellMark.CONTACT if done else CellMark.NOT_ASKED, done)
        return Cell(_against(done, target, overdue=overdue), done, target)

    def _is_overdue(self, country_id: int, column: Column, duty: Duty) -> bool:
        """Whether by the column's last day the last contact, if there was any, lay longer ago than the cadence."""
        days = [self.tally.last_days.get((country_id, key)) for key in range(column.key + 1)]
        known = [day for day in [*days, self.before.get(country_id)] if day is not None]
        return bool(known) and day_number(column.until) - max(known) > duty.cadence_days

    def _total(self, country_id: int, duty: Duty | None) -> Cell:
        year = self.tally.years.get(country_id, CountryYear())
        done = Fraction(year.done)
        last = year.last if year.last is not None else self.before.get(country_id)
        # What was done is told here, not what is planned.
        stands = status(duty, self.as_of, last=None if last is None else day_of(last), planned=None)
        if not done and not self.has_data:
            return Cell(CellMark.NO_DATA)
        if duty is None or duty.exempt:
            return Cell(CellMark.CONTACT if done else CellMark.NOT_ASKED, done, status=stands)
        overdue = stands == CoverageStatus.OVERDUE
        return Cell(_against(done, Fraction(duty.required), overdue=overdue), done, Fraction(duty.required), status=stands)

    def set_of(self, rows: Sequence[Row], tier: Tier | None = None) -> Row:
        """The sums of the rows of countries; blocs are no part of them."""
        countries = [row for row in rows if row.country and row.country.kind != CountryKind.BLOC]
        across = zip(*(row.cells for row in countries), strict=True) if countries else ([] for _column in self.columns.columns)
        cells = [_sum(list(cells)) for cells in across]
        active = sum(1 for row in countries if row.country and row.country.pk in self.active)
        breadth = Fraction(active, len(countries)) if countries and self.has_data else None
        depth = mean(row.total.attained for row in countries) if self.has_data else None
        return Row(cells, _sum([row.total for row in countries]), tier=tier, breadth=breadth, depth=depth)


def _rows(question: Question, members: Iterable[tuple[Tier, Country]], facts: _Facts) -> tuple[list[Row], Row]:
    """Return the rows asked for, and the row of their sums, which holds each country once."""
    by_tier: dict[int, list[Row]] = {}
    tiers: dict[int, Tier] = {}
    for tier, country in members:
        tiers[tier.pk] = tier
        by_tier.setdefault(tier.pk, []).append(facts.row(tier, country))
    if question.tier is not None:
        rows = by_tier.get(question.tier.pk, [])
        return rows, facts.set_of(rows, question.tier)
    once = _each_country_once(row for rows in by_tier.values() for row in rows)
    if question.by_country:
        return once, facts.set_of(once)
    return [facts.set_of(rows, tiers[pk]) for pk, rows in by_tier.items()], facts.set_of(once)


def _each_country_once(rows: Iterable[Row]) -> list[Row]:
    """Each country as a member of the tier that asks the most of it; in the order of lists."""
    most: dict[int, Row] = {}
    for row in rows:
        known = most.get(row.country_id)
        if known is None or row.demand > known.demand:
            most[row.country_id] = row
    return sorted(most.values(), key=lambda row: row.sort_key)


def _against(done: Fraction, target: Fraction, *, overdue: bool) -> CellMark:
    if done >= target:
        return CellMark.COVERED
    if done:
        return CellMark.PARTLY
    return CellMark.OVERDUE if overdue else CellMark.NONE


def _sum(cells: Sequence[Cell]) -> Cell:
    """The sum of cells of countries: of what is asked, as far as it was done; else how many had contact."""
    reached, countries = sum(1 for cell in cells if cell.done), len(cells)
    known = [cell for cell in cells if cell.mark != CellMark.NO_DATA]
    if cells and not known:
        return Cell(CellMark.NO_DATA, reached=reached, countries=countries)
    asked = [(cell.done, cell.target) for cell in cells if cell.target is not None]
    if asked:
        done = sum((min(done, target) for done, target in asked), Fraction(0))
        target = sum((target for _done, target in asked), Fraction(0))
        # A tier is overdue where every country of which something is asked is.
        overdue = all(cell.mark == CellMark.OVERDUE for cell in known if cell.target is not None)
        return Cell(_against(done, target, overdue=overdue), done, target, reached=reached, countries=countries)
    return Cell(CellMark.CONTACT if reached else CellMark.NOT_ASKED, reached=reached, countries=countries)
