"""How far each line of the yearly plan is as of a day, added up by hand."""

from datetime import date
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from activities.choices import ExchangeStatus
from crm.models import Country, Field, Province, Tier, User
from partners.models import Partner
from reports.choices import PlanStanding
from reports.metrics.coverage import country_coverage
from reports.metrics.plans import LineProgress, asked_in, plan_progress
from reports.models import PlanLine, PolicyVersion
from tests.factories import make_exchange, make_partner

YEAR = 2025
JULY = date(2025, 7, 2)  # The 183rd of 365 days.


def line_for(alpha2: str = "", **values: object) -> PlanLine:
    defaults: dict[str, object] = {
        "country": Country.objects.get(alpha2=alpha2) if alpha2 else None,
        "required": 4, "cadence_days": 90, "valid_from": date(2025, 1, 1), "valid_to": date(2026, 1, 1),
    }  # fmt: skip
    line = PlanLine(**{**defaults, **values})
    line.full_clean(exclude={"created_by", "updated_by", "archived_by"})
    line.save()
    return line


def progress_of(line: PlanLine, as_of: date = JULY, year: int = YEAR) -> LineProgress:
    return next(row for row in plan_progress(year, as_of) if row.line == line)


@pytest.fixture
def cuba(db: None) -> Partner:
    return make_partner("Viện Cuba", country="CU")


def test_done_is_held_against_what_the_passed_part_of_the_year_expects(cuba: Partner, secretary: User) -> None:
    line = line_for("CU")
    for day in (date(2025, 2, 1), date(2025, 5, 1)):
        make_exchange(cuba, by=secretary, on=day)
    row = progress_of(line)
    assert (row.done, row.asked, row.expected) == (2, 4, Fraction(4 * 183, 365))
    assert str(row.expected_shown) == "2.0"
    assert row.standing == PlanStanding.ON_TRACK
    assert progress_of(line, date(2025, 10, 31)).standing == PlanStanding.BEHIND
    assert progress_of(line, date(2025, 3, 1)).done == 1


def test_what_counts_is_two_way_held_in_the_year_by_the_day_and_not_restricted(cuba: Partner, secretary: User) -> None:
    line = line_for("CU", required=1)
    make_exchange(cuba, by=secretary, on=date(2024, 12, 31))
    make_exchange(cuba, by=secretary, on=date(2025, 1, 10), kind="LETTER_EXCHANGE", sides="ours")
    make_exchange(cuba, by=secretary, on=date(2025, 1, 11), confidentiality="restricted")
    make_exchange(cuba, by=secretary, on=date(2025, 7, 3))
    row = progress_of(line)
    assert (row.done, row.standing) == (0, PlanStanding.ON_TRACK)
    assert progress_of(line, date(2025, 7, 3)).standing == PlanStanding.ATTAINED


def test_at_the_end_of_the_year_the_plan_and_coverage_say_the_same(cuba: Partner, secretary: User, policy: PolicyVersion) -> None:
    line_for("CU", required=6, least_level=2)
    for month in (1, 4, 8, 12):
        make_exchange(cuba, by=secretary, on=date(2025, month, 20), level=2 if month == 4 else 0)
    end = date(2025, 12, 31)
    row = plan_progress(YEAR, end)[0]
    covered = next(found for found in country_coverage(policy, end) if found.country.alpha2 == "CU")
    assert (row.done, row.asked, row.level_reached) == (covered.done, covered.required, covered.level_reached) == (4, 6, True)
    assert row.attainment == covered.attainment


def test_a_tiers_line_is_asked_of_each_country_without_a_line_of_its_own_and_none_makes_up_for_another(secretary: User) -> None:
    tier = Tier.objects.get(code="NEIGHBOUR")
    line_for("LA", required=10)
    line = line_for(tier=tier, required=2)
    china, cambodia = make_partner("Bắc Kinh", country="CN"), make_partner("Phnôm Pênh", country="KH")
    for month in (1, 2, 3, 4, 5):
        make_exchange(china, by=secretary, on=date(2025, month, 9))
    make_exchange(cambodia, by=secretary, on=date(2025, 3, 9))
    row = progress_of(line)
    by_country = {each.country.alpha2: each.done for each in row.countries}
    assert by_country == {"CN": 5, "KH": 1}
    assert (row.asked, row.done, row.counted) == (4, 6, 3)


def test_lines_with_a_kind_field_or_province_count_only_what_meets_all_of_it(cuba: Partner, secretary: User) -> None:
    field, province = Field.objects.filter(parent__isnull=True).order_by("bit")[0], Province.objects.get(slug="nghe-an")
    below = Field.objects.filter(parent=field).order_by("bit").first() or field
    with_kind = line_for("CU", partner_kind=cuba.kind)
    with_field, with_province = line_for(field=field), line_for("CU", province=province)
    make_exchange(cuba, by=secretary, on=date(2025, 2, 1), fields=[below], provinces=[province])
    make_exchange(cuba, by=secretary, on=date(2025, 3, 1))
    make_exchange(make_partner("Tokyo", country="JP"), by=secretary, on=date(2025, 4, 1), fields=[field])
    assert [progress_of(line).done for line in (with_kind, with_field, with_province)] == [2, 2, 1]


def test_an_exchange_with_two_countries_is_one_for_a_line_that_names_no_country(cuba: Partner, secretary: User) -> None:
    field = Field.objects.order_by("bit")[0]
    line = line_for(field=field)
    make_exchange([cuba, make_partner("Tokyo", country="JP")], by=secretary, on=date(2025, 4, 1), fields=[field])
    assert progress_of(line).done == 1


def test_a_line_of_half_a_year_asks_for_half_and_begins_when_it_begins(cuba: Partner, secretary: User) -> None:
    line = line_for("CU", required=5, valid_from=date(2025, 7, 2))
    make_exchange(cuba, by=secretary, on=date(2025, 6, 1))
    row = progress_of(line, date(2025, 6, 30))
    assert (row.asked, row.done, row.standing) == (3, 0, PlanStanding.NOT_BEGUN)
    assert asked_in(line, date(2025, 7, 2), date(2025, 12, 31)) == 3
    assert asked_in(line, date(2025, 12, 31), date(2025, 12, 31)) == 1


def test_an_exempt_line_asks_nothing_and_is_no_failure(cuba: Partner) -> None:
    line = line_for("CU", exempt=True, required=0, cadence_days=0, reason="Chưa có đầu mối")
    row = progress_of(line)
    assert (row.asked, row.expected, row.attainment, row.standing) == (None, None, None, PlanStanding.EXEMPT)


def test_the_next_planned_exchange_that_meets_the_line_is_named(cuba: Partner, secretary: User) -> None:
    today = timezone.localdate()
    line = line_for("CU", valid_from=date(today.year, 1, 1), valid_to=date(today.year + 2, 1, 1))
    soon = date(today.year + 1, 1, 15)
    make_exchange(cuba, by=secretary, on=soon, status=ExchangeStatus.PLANNED)
    assert plan_progress(today.year, today)[0].next_planned_on == soon
    assert plan_progress(today.year + 1, today)[0].line == line


def test_days_to_come_are_refused(db: None) -> None:
    with pytest.raises(ValidationError):
        plan_progress(2999, date(2999, 1, 1))


def test_many_lines_take_no_more_queries_than_one(
    cuba: Partner, secretary: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_exchange(cuba, by=secretary, on=date(2025, 2, 1))
    line_for("CU")
    with django_assert_num_queries(5):
        assert len(plan_progress(YEAR, JULY)) == 1
    for alpha2 in ("JP", "KR", "FR", "DE", "IN", "RU"):
        line_for(alpha2)
    with django_assert_num_queries(5):
        assert len(plan_progress(YEAR, JULY)) == 7
