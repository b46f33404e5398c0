"""Figures are stored, follow what is logged, and read the same as computed."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from activities.actions.exchanges import archive_exchange
from config.celery import app
from crm.models import Country, Tier, TierMembership, User
from partners.actions.partners import archive_partner, restore_partner, save_partner
from partners.models import Partner
from reports.actions.snapshots import drop_passing_days, take_snapshots
from reports.choices import CoverageStatus
from reports.jobs.refreshing import days_to_refresh, refresh_day
from reports.metrics.coverage import CountryCoverage, country_coverage, coverage
from reports.metrics.engagement import engagement_of
from reports.metrics.stored import coverage_on, engagement_on, stored_days
from reports.models import CoverageSnapshot, EngagementSnapshot, PlanLine, PolicyVersion
from reports.tasks import take_all_snapshots
from tests.factories import make_exchange, make_partner

MONTH_END = date(2025, 9, 30)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    """Run tasks in this process, where their errors are the test's own."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def test_stored_figures_are_the_computed_ones(example: Partner, policy: PolicyVersion) -> None:
    make_partner("Chưa gặp")
    taken = take_snapshots(MONTH_END)
    assert (taken.partners, taken.countries) == (1, CoverageSnapshot.objects.count())
    assert engagement_on(MONTH_END, [example.pk]) == {example.pk: engagement_of(policy, MONTH_END, example.pk)}
    stored, computed = coverage_on(MONTH_END), coverage(policy, MONTH_END)
    assert [(group.tier, group.countries, group.bloc_members) for group in stored] == [
        (group.tier, group.countries, group.bloc_members) for group in computed
    ]


def test_storing_twice_stores_the_same(example: Partner) -> None:
    take_snapshots(MONTH_END)
    first = list(EngagementSnapshot.objects.values().order_by("partner"))
    take_snapshots(MONTH_END)
    again = list(EngagementSnapshot.objects.values().order_by("partner"))
    assert [{**row, "id": None} for row in again] == [{**row, "id": None} for row in first]


def test_logging_an_exchange_moves_todays_figures_and_the_stored_days_since(
    example: Partner, secretary: User, today: date, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    early = date(2025, 6, 30)
    for day in (early, MONTH_END, today):
        take_snapshots(day)
    before = {day: engagement_on(day, [example.pk])[example.pk].strength for day in (early, MONTH_END, today)}
    with django_capture_on_commit_callbacks(execute=True):
        make_exchange(example, by=secretary, on=date(2025, 8, 10), level=1)
    after = {day: engagement_on(day, [example.pk])[example.pk].strength for day in (early, MONTH_END, today)}
    assert after[early] == before[early]
    assert after[MONTH_END] > before[MONTH_END]
    assert after[today] > before[today]
    assert CoverageSnapshot.objects.filter(day=MONTH_END, country=example.country).values_list("done", flat=True).distinct().get() == 4


def test_archiving_the_only_exchange_leaves_no_figures_rather_than_zeros(
    secretary: User, today: date, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    partner = make_partner()
    exchange = make_exchange(partner, by=secretary, on=today)
    take_snapshots(today)
    with django_capture_on_commit_callbacks(execute=True):
        archive_exchange(exchange, by=secretary)
    assert engagement_on(today, [partner.pk]) == {}
    assert not EngagementSnapshot.objects.filter(partner=partner).exists()


def test_a_day_that_was_never_stored_whole_is_stored_whole_at_the_first_refresh(example: Partner, secretary: User, today: date) -> None:
    other = make_partner("Khác")
    make_exchange(other, by=secretary, on=today)
    for day in days_to_refresh(today):
        refresh_day(day, [example.pk])
    assert set(EngagementSnapshot.objects.filter(day=today).values_list("partner", flat=True)) == {example.pk, other.pk}


def test_refreshing_some_partners_leaves_the_rows_of_others_alone(example: Partner, secretary: User, today: date) -> None:
    other = make_partner("Khác", country="CU")
    make_exchange(other, by=secretary, on=today)
    take_snapshots(today)
    EngagementSnapshot.objects.filter(partner=other).update(strength=1)
    CoverageSnapshot.objects.filter(country=other.country).update(done=99)
    for day in days_to_refresh(today):
        refresh_day(day, [example.pk])
    assert EngagementSnapshot.objects.get(partner=other, day=today).strength == 1
    assert CoverageSnapshot.objects.filter(country=other.country, day=today, done=99).exists()


def test_a_tier_corrected_since_is_computed_and_not_read_from_old_rows(example: Partner, policy: PolicyVersion) -> None:
    take_snapshots(MONTH_END)
    assert example.country
    TierMembership.objects.create(tier=Tier.objects.get(code="TRADITIONAL_FRIEND"), country=example.country, valid_from=date(2025, 1, 1))
    friends = next(group for group in coverage_on(MONTH_END) if group.tier.code == "TRADITIONAL_FRIEND")
    assert example.country in [row.country for row in friends.countries]


def row_of(alpha2: str, day: date) -> CountryCoverage:
    return next(row for tier in coverage_on(day) for row in tier.rows if row.country.alpha2 == alpha2)


def test_a_partner_registered_since_is_counted_at_once(example: Partner) -> None:
    take_snapshots(MONTH_END)
    make_partner("Đại học mẫu", country="JP")
    assert row_of("JP", MONTH_END).partners == 2


def test_a_partner_archived_or_moved_takes_its_figures_along_on_every_stored_day(
    example: Partner, secretary: User, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    take_snapshots(MONTH_END)
    with django_capture_on_commit_callbacks(execute=True):
        archive_partner(example, by=secretary)
    assert (row_of("JP", MONTH_END).partners, row_of("JP", MONTH_END).active_partners) == (0, 0)
    with django_capture_on_commit_callbacks(execute=True):
        restore_partner(example, by=secretary)
    assert row_of("JP", MONTH_END).active_partners == 1
    example.country = Country.objects.get(alpha2="CU")
    with django_capture_on_commit_callbacks(execute=True):
        save_partner(example, by=secretary)
    assert [(row_of(code, MONTH_END).done, row_of(code, MONTH_END).active_partners) for code in ("JP", "CU")] == [(0, 0), (3, 1)]


def test_a_plan_entered_since_moves_the_stored_days_it_holds_on(
    example: Partner, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    take_snapshots(MONTH_END)
    with django_capture_on_commit_callbacks(execute=True):
        PlanLine.objects.create(country=example.country, required=3, cadence_days=10, reason="example")
    assert (row_of("JP", MONTH_END).required, row_of("JP", MONTH_END).status) == (3, CoverageStatus.OVERDUE)


def test_the_night_stores_today_and_keeps_only_month_ends_before(
    example: Partner, today: date, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for day in (MONTH_END, date(2025, 10, 15)):
        take_snapshots(day)
    with django_capture_on_commit_callbacks(execute=True):
        take_all_snapshots()
    assert stored_days() == [today, MONTH_END]
    assert set(EngagementSnapshot.objects.values_list("day", flat=True)) == {today, MONTH_END}
    assert drop_passing_days() == 0


def test_recompute_stores_the_day_and_says_so(example: Partner, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("recompute", "--as-of", MONTH_END.isoformat())
    assert MONTH_END.isoformat() in capsys.readouterr().out
    assert stored_days() == [MONTH_END]


def test_reading_and_refreshing_take_a_fixed_number_of_queries(
    example: Partner, policy: PolicyVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    take_snapshots(MONTH_END)
    with django_assert_num_queries(5):
        coverage_on(MONTH_END)
    with django_assert_num_queries(3):
        engagement_on(MONTH_END, [example.pk])
    with django_assert_num_queries(2):
        engagement_of(policy, MONTH_END, example.pk)
    with django_assert_num_queries(8):
        country_coverage(policy, MONTH_END)
    # Policy, savepoint and its release, lock, stored?, letters, stale rows, upsert, countries, seven of coverage, delete, insert.
    with django_assert_num_queries(23):
        take_snapshots(MONTH_END, [example.pk])


def test_days_are_stored_before_and_after_the_turn_of_a_month(example: Partner) -> None:
    for day in (date(2024, 2, 28), date(2024, 2, 29), date(2023, 2, 28)):
        take_snapshots(day)
    assert drop_passing_days() == 1
    assert stored_days(date(2024, 1, 1)) == [date(2024, 2, 29)]
    assert stored_days(date(2024, 2, 29) + timedelta(days=1)) == []
