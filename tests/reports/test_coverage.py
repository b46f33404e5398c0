"""Where a country stands against what is asked of it, and what its tier adds up to."""

import json
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from activities.actions.exchanges import archive_exchange
from activities.filters.exchanges import ExchangeFilter
from activities.models import Exchange
from crm.models import Country, Tier, User
from reports.choices import CoverageStatus
from reports.metrics.coverage import CountryCoverage, coverage
from reports.metrics.duties import Duty, attainment, mean, status
from reports.models import PlanLine, PolicyVersion
from tests.factories import make_exchange, make_partner

T = date(2026, 6, 30)
QUARTERLY = Duty(required=4, cadence_days=90, least_level=0)


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.mark.parametrize(
    ("last", "planned", "expected"),
    [
        (None, None, "never"),
        (None, T + days(90), "planned"),
        (None, T + days(91), "never"),
        (None, T, "never"),
        (T, None, "covered"),
        (T - days(67), None, "covered"),
        (T - days(68), None, "due"),
        (T - days(90), None, "due"),
        (T - days(91), None, "overdue"),
        (T - days(68), T + days(1), "planned"),
        (T - days(400), T + days(90), "planned"),
        (T - days(1), T + days(1), "covered"),
    ],
)
def test_status_of_a_duty(last: date | None, planned: date | None, expected: str) -> None:
    assert status(QUARTERLY, T, last=last, planned=planned) == expected


def test_exempt_and_nothing_asked_are_two_things() -> None:
    assert status(Duty(0, 0, 0, exempt=True), T, last=None, planned=None) is CoverageStatus.EXEMPT
    assert status(None, T, last=T, planned=None) is None


def test_serving_friends_twice_does_not_hide_neglect() -> None:
    done = [6, 4, 3, 2, 0, 8]
    assert mean(attainment(count, 4) for count in done) == Fraction(17, 24)
    assert mean([attainment(5, None)]) is None


def row(policy: PolicyVersion, alpha2: str, tier: str, as_of: date = T) -> CountryCoverage:
    rows = [row for group in coverage(policy, as_of) if group.tier.code == tier for row in [*group.countries, *group.bloc_members]]
    return next(row for row in rows if row.country.alpha2 == alpha2)


def test_a_country_counts_its_different_two_way_exchanges_of_a_year(policy: PolicyVersion, secretary: User) -> None:
    first, second = make_partner("Một", country="JP"), make_partner("Hai", country="JP")
    make_exchange([first, second], by=secretary, on=T, level=2)
    make_exchange(first, by=secretary, on=T - days(364))
    make_exchange(first, by=secretary, on=T - days(365))
    make_exchange(second, by=secretary, on=T - days(10), sides="ours")
    make_exchange(second, by=secretary, on=T + days(1))
    archive_exchange(make_exchange(second, by=secretary, on=T - days(2)), by=secretary)
    make_exchange(second, by=secretary, on=T - days(3), confidentiality="restricted")
    make_partner("Không nước", country=None)
    found = row(policy, "JP", "COMPREHENSIVE_STRATEGIC")
    assert (found.partners, found.active_partners, found.last_exchange_on, found.done) == (2, 2, T, 2)
    assert (found.required, found.attainment, found.level_reached, found.status) == (8, Fraction(1, 4), True, "covered")


def test_an_archived_partner_is_not_active_but_what_was_held_was_held(policy: PolicyVersion, secretary: User) -> None:
    partner = make_partner(country="JP")
    make_exchange(partner, by=secretary, on=T)
    partner.archived_at, partner.archived_by = timezone.now(), secretary
    partner.save()
    found = row(policy, "JP", "COMPREHENSIVE_STRATEGIC")
    assert (found.partners, found.active_partners, found.done) == (0, 0, 1)


def test_a_planned_exchange_counts_as_planned_from_the_day_it_was_entered(policy: PolicyVersion, secretary: User) -> None:
    today = timezone.localdate()
    exchange = make_exchange(make_partner(country="JP"), by=secretary, on=today + days(30), status="planned")
    assert row(policy, "JP", "COMPREHENSIVE_STRATEGIC", today).status == "planned"
    assert row(policy, "JP", "COMPREHENSIVE_STRATEGIC", today).next_planned_on == today + days(30)
    assert row(policy, "JP", "COMPREHENSIVE_STRATEGIC", today - days(1)).status == "never"
    Exchange.objects.filter(pk=exchange.pk).update(status="cancelled")
    assert row(policy, "JP", "COMPREHENSIVE_STRATEGIC", today).status == "never"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], (8, 90, "never")),
        ([{"tier": "COMPREHENSIVE_STRATEGIC", "required": 5, "cadence_days": 50}], (5, 50, "never")),
        (
            [{"tier": "COMPREHENSIVE_STRATEGIC", "required": 5, "cadence_days": 50}, {"country": "JP", "required": 3, "cadence_days": 30}],
            (3, 30, "never"),
        ),
        ([{"country": "JP", "required": 3, "cadence_days": 30, "valid_to": T}], (8, 90, "never")),
        ([{"country": "JP", "required": 0, "cadence_days": 0, "exempt": True}], (None, None, "exempt")),
    ],
)
def test_the_countrys_own_line_goes_before_the_tiers_and_that_before_the_policy(
    policy: PolicyVersion, lines: list[dict[str, Any]], expected: tuple[Any, ...]
) -> None:
    for line in lines:
        scope = (
            {"tier": Tier.objects.get(code=line.pop("tier"))}
            if "tier" in line
            else {"country": Country.objects.get(alpha2=line.pop("country"))}
        )
        PlanLine.objects.create(**scope, **line)
    found = row(policy, "JP", "COMPREHENSIVE_STRATEGIC")
    assert (found.required, found.cadence_days, found.status) == expected


@pytest.mark.parametrize(
    ("as_of", "comprehensive_strategic", "strategic", "comprehensive"),
    [(date(2025, 8, 22), 13, 10, 15), (date(2025, 10, 31), 14, 11, 15), (date(2026, 11, 21), 14, 15, 14)],
)
def test_tiers_have_as_many_countries_as_they_had_on_the_day(
    policy: PolicyVersion, as_of: date, comprehensive_strategic: int, strategic: int, comprehensive: int
) -> None:
    tiers = {group.tier.code: group for group in coverage(policy, as_of)}
    assert len(tiers["COMPREHENSIVE_STRATEGIC"].countries) == comprehensive_strategic
    assert len(tiers["STRATEGIC"].countries) == strategic
    assert len(tiers["COMPREHENSIVE"].countries) == comprehensive


def test_the_european_union_stands_apart_as_a_bloc(policy: PolicyVersion) -> None:
    tiers = {group.tier.code: group for group in coverage(policy, date(2026, 11, 21))}
    assert [row.country.alpha2 for row in tiers["COMPREHENSIVE_STRATEGIC"].bloc_members] == ["EU"]


def test_totals_of_a_tier(policy: PolicyVersion, secretary: User) -> None:
    make_exchange(make_partner(country="LA"), by=secretary, on=T)
    neighbours = next(group for group in coverage(policy, T) if group.tier.code == "NEIGHBOUR")
    assert (str(neighbours.breadth), str(neighbours.depth)) == ("0.333", "0.028")
    assert neighbours.statuses[CoverageStatus.COVERED] == 1
    assert neighbours.statuses[CoverageStatus.NEVER] == 2


def test_an_empty_tier_has_no_totals_rather_than_zero(policy: PolicyVersion) -> None:
    tier = next(group for group in coverage(policy, date(1950, 1, 1)) if group.tier.code == "COMPREHENSIVE_STRATEGIC")
    assert (tier.countries, tier.breadth, tier.depth) == ([], None, None)


def test_coverage_takes_nine_queries_however_many_countries(
    policy: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(9):
        coverage(policy, T)


@pytest.mark.django_db
def test_the_command_prints_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("coverage", "--as-of", "2026-11-21", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["as_of"] == "2026-11-21"
    tier = next(tier for tier in document["tiers"] if tier["code"] == "COMPREHENSIVE_STRATEGIC")
    assert tier["bloc_members"][0]["alpha2"] == "EU"
    assert {"alpha2", "status", "active_partners", "last_exchange", "attainment"} <= tier["countries"][0].keys()


@pytest.mark.django_db
def test_the_command_prints_lines_and_refuses_a_day_to_come(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("coverage", "--as-of", "2026-11-21")
    assert "COMPREHENSIVE_STRATEGIC" in capsys.readouterr().out
    with pytest.raises(CommandError, match="2099-01-01"):
        call_command("coverage", "--as-of", "2099-01-01")
    with pytest.raises(CommandError, match="yesterday"):
        call_command("coverage", "--as-of", "yesterday")


@pytest.mark.django_db
def test_a_delegation_with_meetings_is_one_exchange_with_the_country(secretary: User, policy: PolicyVersion) -> None:
    host, other = make_partner("Hội Sen", country="LA"), make_partner("Viện Chăm-pa", country="LA")
    visit = make_exchange(host, by=secretary, on=T - days(10), kind="DELEGATION_OUT")
    make_exchange(other, by=secretary, on=T - days(9), parent=visit)
    make_exchange(host, by=secretary, on=T - days(8), parent=visit)
    alone = make_exchange(other, by=secretary, on=T - days(3))
    laos = next(row for tier in coverage(policy, T) for row in tier.countries if row.country.alpha2 == "LA")
    assert (laos.done, laos.active_partners, laos.last_exchange_on) == (2, 2, T - days(3))
    listed = ExchangeFilter({"country": ["LA"], "counted": "true", "until": T}, queryset=Exchange.objects.all()).qs
    assert {exchange.pk for exchange in listed} == {visit.pk, alone.pk}
