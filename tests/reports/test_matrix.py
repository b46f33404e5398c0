"""The coverage matrix is what its definition says: held against a plain loop over random exchanges, on every axis, stored or not."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from activities.actions.facts import fill_facts, mask_of
from activities.choices import ExchangeStatus, PointsClass, Sides
from activities.models import Exchange, ExchangeKind, Participation
from crm.models import Country, Field, Province, Tier, Unit, User
from partners.models import Partner, PartnerKind
from reports.actions.contacts import store_contacts
from reports.choices import Axis, CellMark, CoverageStatus
from reports.metrics.coverage import coverage
from reports.metrics.matrix import Cell, Matrix, Question, Row, matrix
from reports.metrics.matrix_columns import columns_of
from reports.metrics.provinces import ProvinceMap
from reports.models import CountryContact, PlanLine, PolicyVersion
from tests.factories import make_exchange, make_partner
from tests.reports.book import taken_back

pytestmark = pytest.mark.django_db

AS_OF = date(2025, 9, 30)
HOMES = (("LA", 0), ("LA", 1), ("KH", 0), ("JP", 1))
FIELDS = 3
PROVINCES = ("ha-giang", "tuyen-quang", "nghe-an")  # Hà Giang went into Tuyên Quang on 1 July 2025.
quick = settings(
    max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Held:
    """One exchange: days before AS_OF, with which partners, its fields and provinces by place, and of which exchange it is a part."""

    age: int
    partners: tuple[int, ...]
    fields: tuple[int, ...] = ()
    provinces: tuple[int, ...] = ()
    one_sided: bool = False
    part_of_first: bool = False


def places(count: int, least: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(0, count - 1), min_size=least, max_size=count, unique=True).map(tuple)


books = st.lists(
    st.builds(
        Held, age=st.integers(-10, 420), partners=places(len(HOMES), 1), fields=places(FIELDS), provinces=places(len(PROVINCES)),
        one_sided=st.booleans(), part_of_first=st.booleans(),
    ),
    max_size=14,
)  # fmt: skip


@pytest.fixture
def around(db: None) -> tuple[list[Partner], list[Field], list[Province]]:
    kinds = list(PartnerKind.objects.order_by("pk")[:2])
    partners = [
        Partner.objects.create(name=f"Partner {place}", kind=kinds[kind], country=Country.objects.get(alpha2=code))
        for place, (code, kind) in enumerate(HOMES)
    ]
    groups = Field.objects.filter(parent=None).order_by("bit")
    fields = [groups[0], groups[1], Field.objects.filter(parent=groups[1]).order_by("bit")[0]]
    return partners, fields, [Province.objects.get(slug=slug) for slug in PROVINCES]


def write(book: list[Held], around: tuple[list[Partner], list[Field], list[Province]]) -> list[Exchange]:
    partners, fields, provinces = around
    kind = ExchangeKind.objects.filter(points_class=PointsClass.MEETING)[0]
    unit = Unit.objects.order_by("pk")[0]
    written: list[Exchange] = []
    for held in book:
        exchange = Exchange.objects.create(
            kind=kind, starts_on=AS_OF - timedelta(days=held.age), sides=Sides.OURS if held.one_sided else Sides.BOTH,
            status=ExchangeStatus.HELD, host_unit=unit, parent=written[0] if held.part_of_first and written else None,
        )  # fmt: skip
        exchange.fields.set([fields[place] for place in held.fields])
        exchange.provinces.set([provinces[place] for place in held.provinces])
        rows = [Participation(exchange=exchange, partner=partners[place]) for place in held.partners]
        fill_facts(rows, exchange, field_mask=mask_of(exchange))
        Participation.objects.bulk_create(rows)
        written.append(exchange)
    return written


def counting(book: list[Held]) -> list[tuple[Held, str, set[int]]]:
    """By the words of the definition: each exchange with each country that it counts for, and the kinds of that country's partners."""
    found = []
    for place, held in enumerate(book):
        if held.one_sided or not 0 <= held.age < 365:
            continue
        delegation = book[0] if held.part_of_first and place > 0 else None
        # A part is not counted again for the delegation's own partners, nor for a country that the delegation counts for.
        own = [partner for partner in held.partners if delegation is None or partner not in delegation.partners]
        through = delegation.partners if delegation and not delegation.one_sided else ()
        for code in {HOMES[partner][0] for partner in own} - {HOMES[partner][0] for partner in through}:
            found.append((held, code, {HOMES[partner][1] for partner in own if HOMES[partner][0] == code}))
    return found


def expected(book: list[Held], axis: Axis, around: tuple[list[Partner], list[Field], list[Province]]) -> dict[tuple[str, str], int]:
    partners, fields, _provinces = around
    cells: dict[tuple[str, str], int] = defaultdict(int)
    kinds = {kind: next(partner.kind.code for partner, home in zip(partners, HOMES, strict=True) if home[1] == kind) for kind in (0, 1)}
    for held, code, of_kinds in counting(book):
        day = AS_OF - timedelta(days=held.age)
        names = {
            Axis.QUARTER: {max(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), AS_OF - timedelta(days=364)).isoformat()},
            Axis.PARTNER_KIND: {kinds[kind] for kind in of_kinds},
            # The third field is below the second, so both are of one group.
            Axis.FIELD: {fields[min(place, 1)].code for place in held.fields} or {"none"},
            # On the map of AS_OF the first province lies in the second.
            Axis.PROVINCE: {PROVINCES[max(place, 1)] for place in held.provinces} or {"none"},
        }[axis]
        for name in names:
            cells[code, name] += 1
        cells[code, "total"] += 1
    return dict(cells)


def counted(found: Matrix) -> dict[tuple[str, str], int]:
    cells: dict[tuple[str, str], int] = {}
    for row in found.rows:
        assert row.country is not None
        named = zip([column.code for column in found.columns], row.cells, strict=True)
        cells |= {(row.country.alpha2, code): int(cell.done) for code, cell in [*named, ("total", row.total)] if cell.done}
    return cells


@quick
@given(book=books)
@pytest.mark.parametrize("axis", Axis)
def test_every_cell_is_what_a_plain_loop_counts_stored_or_not(
    axis: Axis, policy: PolicyVersion, around: tuple[list[Partner], list[Field], list[Province]], book: list[Held]
) -> None:
    question = Question(axis=axis, by_country=True)
    with taken_back():
        write(book, around)
        computed = matrix(policy, AS_OF, question)
        assert counted(computed) == expected(book, axis, around)
        store_contacts()
        stored = matrix(policy, AS_OF, question)
        assert stored.is_stored is CountryContact.objects.exists()
        assert (stored.rows, stored.foot) == (computed.rows, computed.foot)


@quick
@given(book=books)
def test_totals_and_statuses_are_those_of_the_coverage_of_countries(
    policy: PolicyVersion, around: tuple[list[Partner], list[Field], list[Province]], book: list[Held]
) -> None:
    with taken_back():
        write(book, around)
        tiers = {tier.tier.pk: tier for tier in coverage(policy, AS_OF)}
        found = matrix(policy, AS_OF, Question(axis=Axis.FIELD))
        for row in found.rows:
            assert row.tier is not None
            listed = tiers[row.tier.pk]
            of_countries = matrix(policy, AS_OF, Question(tier=row.tier)).rows
            known = {member.country.pk: member for member in listed.rows}
            assert {row.country_id: (int(row.total.done), row.total.status) for row in of_countries} == {
                pk: (member.done, member.status if found.has_data else row.total.status) for pk, member in known.items()
            } or not found.has_data
            if found.has_data and listed.countries:
                assert row.breadth == Fraction(listed.active_countries, len(listed.countries))
                assert row.depth is not None
                assert round(float(row.depth), 3) == pytest.approx(float(listed.depth or 0), abs=0.0006)


@given(day=st.dates(date(2000, 1, 1), date(2030, 12, 31)))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_quarters_are_the_year_without_gap_or_overlap_and_share_its_duty(db: None, day: date) -> None:
    columns = columns_of(Axis.QUARTER, day).columns
    assert (columns[0].since, columns[-1].until) == (day - timedelta(days=364), day)
    assert all(after.since == before.until + timedelta(days=1) for before, after in pairwise(columns))
    assert all(column.since.month in (1, 4, 7, 10) and column.since.day == 1 for column in columns[1:])
    assert sum(column.share or 0 for column in columns) == pytest.approx(1, abs=0.006)
    assert {column.share for column in columns if not column.is_partial} <= {Fraction(1, 4)}


def laos_row(found: Matrix) -> Row:
    return next(row for row in found.rows if row.country and row.country.alpha2 == "LA")


def neighbours(policy: PolicyVersion, **asked: Any) -> Matrix:
    return matrix(policy, AS_OF, Question(tier=Tier.objects.get(code="NEIGHBOUR"), **asked))


def figure(cell: Cell) -> str:
    return f"{cell.done}/{cell.target}"


def test_many_meetings_with_one_country_never_hide_the_neglect_of_another(secretary: User, policy: PolicyVersion) -> None:
    lao = make_partner(country="LA")
    PlanLine.objects.create(tier=Tier.objects.get(code="NEIGHBOUR"), required=4, cadence_days=90, reason="x")
    for age in range(20):
        make_exchange(lao, by=secretary, on=AS_OF - timedelta(days=age))
    found = neighbours(policy)
    assert figure(laos_row(found).total) == "20/4"
    assert (figure(found.foot.total), found.foot.total.mark) == ("4/12", CellMark.PARTLY)
    assert (found.foot.depth, found.foot.breadth) == (Fraction(1, 3), Fraction(1, 3))
    assert figure(found.foot.cells[-1]) == "1/3"


def test_silence_beyond_the_cadence_is_overdue_and_no_contact_ever_is_none(secretary: User, policy: PolicyVersion) -> None:
    PlanLine.objects.create(tier=Tier.objects.get(code="NEIGHBOUR"), required=4, cadence_days=90, reason="x")
    make_exchange(make_partner(country="LA"), by=secretary, on=date(2024, 12, 31))
    found = neighbours(policy)
    assert [cell.mark for cell in laos_row(found).cells] == [CellMark.COVERED, CellMark.NO_DATA, CellMark.NO_DATA, CellMark.NO_DATA]
    make_exchange(make_partner("x", country="JP"), by=secretary, on=date(2025, 3, 1))
    make_exchange(make_partner("y", country="JP"), by=secretary, on=date(2025, 6, 1))
    marks = {row.country_id: [cell.mark for cell in row.cells] for row in neighbours(policy).rows}
    assert marks[Country.objects.get(alpha2="LA").pk] == [CellMark.COVERED, CellMark.NONE, CellMark.OVERDUE, CellMark.NO_DATA]
    assert marks[Country.objects.get(alpha2="KH").pk] == [CellMark.NONE, CellMark.NONE, CellMark.NONE, CellMark.NO_DATA]


def test_without_any_exchange_there_is_no_data_and_no_zero(policy: PolicyVersion) -> None:
    found = neighbours(policy)
    assert not found.has_data
    assert {cell.mark for row in [*found.rows, found.foot] for cell in [*row.cells, row.total]} == {CellMark.NO_DATA}
    assert (found.foot.breadth, found.foot.depth) == (None, None)


def test_an_exempt_country_is_asked_nothing_and_lowers_no_sum(secretary: User, policy: PolicyVersion) -> None:
    PlanLine.objects.create(country=Country.objects.get(alpha2="KH"), required=0, cadence_days=0, exempt=True, reason="x")
    make_exchange(make_partner(country="LA"), by=secretary, on=AS_OF)
    found = neighbours(policy)
    khmer = next(row for row in found.rows if row.country and row.country.alpha2 == "KH")
    assert (khmer.total.mark, khmer.total.target, khmer.total.status) == (CellMark.NOT_ASKED, None, CoverageStatus.EXEMPT)
    assert found.foot.total.target == sum(row.total.target for row in found.rows if row.total.target is not None)


def test_a_plan_line_for_a_field_asks_each_country_of_its_tier_and_a_countrys_own_goes_before(
    secretary: User, policy: PolicyVersion
) -> None:
    tier, group = Tier.objects.get(code="NEIGHBOUR"), Field.objects.filter(parent=None).order_by("bit")[0]
    PlanLine.objects.create(tier=tier, field=group, required=2, cadence_days=90, reason="x")
    PlanLine.objects.create(country=Country.objects.get(alpha2="KH"), field=group, required=5, cadence_days=90, reason="x")
    make_exchange(make_partner(country="LA"), by=secretary, on=AS_OF, fields=[group])
    found = neighbours(policy, axis=Axis.FIELD)
    place = next(place for place, column in enumerate(found.columns) if column.key == group.pk)
    asked = {row.country.alpha2: row.cells[place].target for row in found.rows if row.country}
    assert asked == {"LA": 2, "KH": 5, "CN": 2}
    assert figure(found.foot.cells[place]) == "1/9"
    assert found.foot.cells[place + 1] == Cell(CellMark.NOT_ASKED, reached=0, countries=3)


def test_provinces_that_became_one_count_an_exchange_of_both_once_and_totals_agree(secretary: User, policy: PolicyVersion) -> None:
    first, second = (Province.objects.get(slug=slug) for slug in ("ha-giang", "tuyen-quang-until-2025"))
    make_exchange(make_partner(country="LA"), by=secretary, on=date(2025, 3, 1), provinces=[first, second])
    as_logged = neighbours(policy, axis=Axis.PROVINCE, provinces=ProvinceMap.on(date(2025, 3, 1)))
    on_todays = neighbours(policy, axis=Axis.PROVINCE, provinces=ProvinceMap.on(date(2025, 9, 30)))
    for found, held in ((as_logged, [1, 1]), (on_todays, [1])):
        row = laos_row(found)
        assert [int(cell.done) for cell in row.cells if cell.done] == held
        assert row.total.done == 1


def test_a_province_whose_union_is_silent_has_no_data_instead_of_none(secretary: User, policy: PolicyVersion) -> None:
    province = Province.objects.get(slug="nghe-an")
    make_exchange(make_partner(country="LA"), by=secretary, on=AS_OF)
    found = neighbours(policy, axis=Axis.PROVINCE, silent_provinces=frozenset({province.pk}))
    place = next(place for place, column in enumerate(found.columns) if column.code == "nghe-an")
    assert {row.cells[place].mark for row in found.rows} == {CellMark.NO_DATA}
    assert laos_row(found).cells[place + 1].mark == CellMark.NOT_ASKED


def test_tiers_are_those_of_the_day_and_a_bloc_is_a_row_but_no_part_of_the_sums(secretary: User, policy: PolicyVersion) -> None:
    tier = Tier.objects.get(code="COMPREHENSIVE_STRATEGIC")
    make_exchange(make_partner(country="LA"), by=secretary, on=date(2025, 8, 1))
    for day, countries in ((date(2025, 8, 22), 13), (date(2025, 10, 31), 14)):
        assert matrix(policy, day, Question(tier=tier)).foot.total.countries == countries
    late = matrix(policy, date(2026, 6, 30), Question(tier=tier))
    assert len(late.rows) == (late.foot.total.countries or 0) + 1


def test_a_matrix_takes_the_same_few_queries_however_much_is_on_record(
    secretary: User, policy: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lao = make_partner(country="LA")
    for age in range(5):
        make_exchange(lao, by=secretary, on=AS_OF - timedelta(days=age))
    store_contacts()
    for axis, queries in ((Axis.QUARTER, 7), (Axis.FIELD, 9), (Axis.PARTNER_KIND, 9), (Axis.PROVINCE, 12)):
        with django_assert_num_queries(queries):
            matrix(policy, AS_OF, Question(axis=axis))
