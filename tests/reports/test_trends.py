"""Coverage through time: from stored month-ends only, with gaps where nothing is stored, and on demand for months that are missing."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import JobRun, User
from partners.models import Partner
from reports.actions.snapshots import take_snapshots
from reports.metrics.trends import month_ends, trends
from reports.models import PolicyVersion
from tests.factories import make_exchange
from tests.reports.test_coverage_page import read

pytestmark = pytest.mark.django_db

AS_OF = date(2026, 3, 15)


def test_month_ends_are_the_last_days_of_the_months_before_or_the_day_itself() -> None:
    assert month_ends(date(2024, 3, 15), 2) == [date(2024, 1, 31), date(2024, 2, 29)]
    assert month_ends(date(2024, 2, 29), 2) == [date(2024, 1, 31), date(2024, 2, 29)]
    assert len(set(month_ends(AS_OF, 24))) == 24


def test_days_that_were_not_stored_are_gaps_and_never_zero(example: Partner, secretary: User) -> None:
    for day in (date(2025, 12, 31), date(2026, 2, 28)):
        take_snapshots(day)
    found = trends(AS_OF, 3)
    assert found.days == [date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), AS_OF]
    assert [point is None for point in found.series[0].points] == [False, True, False, True]
    assert found.missing == [date(2026, 1, 31)]
    assert found.network == [1, None, 1, None]


def test_breadth_and_depth_of_a_tier_are_those_of_the_stored_day(example: Partner, secretary: User) -> None:
    take_snapshots(date(2026, 2, 28))
    make_exchange(example, by=secretary, on=date(2026, 3, 1))
    found = trends(AS_OF, 1)
    strategic = next(series for series in found.series if series.tier and series.tier.code == "COMPREHENSIVE_STRATEGIC")
    point = strategic.points[0]
    assert point is not None
    assert (point.active_partners, point.countries) == (1, 14)
    assert point.breadth is not None
    assert point.breadth.numerator == 1


def test_a_seam_is_marked_where_another_policy_takes_effect(example: Partner, policy: PolicyVersion) -> None:
    policy.pk, policy.code, policy.content_sha256 = None, "2026", "x"
    policy.effective_from = policy.approved_on = date(2026, 2, 1)
    policy._state.adding = True
    policy.save()
    for day in (date(2026, 1, 31), date(2026, 2, 28)):
        take_snapshots(day)
    assert {place: seam.code for place, seam in trends(AS_OF, 2).seams.items()} == {1: "2026"}


def test_the_page_draws_lines_beside_tables_and_offers_to_compute_what_is_missing(example: Partner, secretary: User, an: User) -> None:
    take_snapshots(date(2026, 1, 31))
    take_snapshots(date(2026, 2, 28))
    address = f"{reverse('reports:trends')}?as_of={AS_OF}"
    shown = read(secretary, address)
    assert ("<polyline" in shown, "no figures stored" in shown, "style=" not in shown) == (True, True, True)
    assert "Compute the last 12 months" in shown
    assert "Compute the last 12 months" not in read(an, address)
    assert "no figures stored" in read(secretary, f"{address}&export=csv")


def test_missing_months_are_asked_for_once_each(example: Partner, secretary: User, an: User) -> None:
    take_snapshots(date(2026, 2, 28))
    client = Client()
    client.force_login(secretary)
    for _time in range(2):
        assert client.post(reverse("reports:trends-compute"), {"as_of": AS_OF.isoformat()}).status_code == 302
    days = {run.parameters["day"] for run in JobRun.objects.filter(name="reports.snapshot")}
    assert date(2026, 1, 31).isoformat() in days
    assert (AS_OF - timedelta(days=15)).isoformat() not in days
    assert JobRun.objects.filter(name="reports.snapshot").count() == len(days)
    client.force_login(an)
    assert client.post(reverse("reports:trends-compute"), {"as_of": AS_OF.isoformat()}).status_code == 403
