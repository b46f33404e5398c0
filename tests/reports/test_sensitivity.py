"""M10: how far ranks move when a weight moves by a quarter; exact, and kept with day and policy."""

from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.choices import Level, PointsClass
from crm.actions.job_work import work_on
from crm.models import JobRun, User
from reports.metrics.sensitivity import Variant, sensitivity, variants
from reports.models import PolicySensitivity, PolicyVersion, PolicyWeight
from tests.reports.book import AS_OF, Entry, some_partners, write

pytestmark = pytest.mark.django_db


def test_every_weight_is_moved_up_and_down() -> None:
    found = variants()

    assert len(found) == 2 * (7 + 3 + 1)
    assert len({variant.code for variant in found}) == len(found)


def test_two_partners_that_meetings_and_events_tell_apart_change_places(policy: PolicyVersion) -> None:
    """One meeting and one letter against one event: 5 and 1 of points against 8 … moved, not; two meetings are 10, then 7.5."""
    meetings, events, letters = some_partners(3)
    write(
        [
            Entry(10, PointsClass.MEETING, partners=(0,)),
            Entry(20, PointsClass.MEETING, partners=(0,)),
            Entry(10, PointsClass.EVENT, partners=(1,)),
            Entry(10, PointsClass.LETTER, partners=(2,)),
        ],
        [meetings, events, letters],
    )

    found = sensitivity(policy, AS_OF)

    assert found.partners == 3
    ranges = {row.partner_id: row for row in found.ranges}
    assert (ranges[meetings.pk].rank, ranges[meetings.pk].least, ranges[meetings.pk].greatest) == (1, 1, 2)
    assert ranges[meetings.pk].greatest_by in {"class:meeting:-", "class:event:+"}
    assert (ranges[events.pk].rank, ranges[events.pk].least, ranges[events.pk].greatest) == (2, 1, 2)
    assert (ranges[letters.pk].rank, ranges[letters.pk].least, ranges[letters.pk].greatest) == (3, 3, 3)
    assert str(found.displacements["class:meeting:-"]) == "0.67"
    assert str(found.displacements["class:letter:+"]) == "0.00"


def test_equals_share_a_place(policy: PolicyVersion) -> None:
    partners = some_partners(3)
    write([Entry(10, partners=(0, 1, 2))], partners)

    assert [row.rank for row in sensitivity(policy, AS_OF).ranges] == [1, 1, 1]


def test_old_leaders_against_new_workers_turn_on_half_life_and_level(policy: PolicyVersion) -> None:
    old, new = some_partners(2)
    write([Entry(60, level=Level.LEADER, partners=(0,)), Entry(0, level=Level.WORKING, partners=(1,))], [old, new])

    row = next(row for row in sensitivity(policy, AS_OF).ranges if row.partner_id == old.pk)

    assert (row.rank, row.greatest) == (1, 2)
    assert "level:leader:-" in {variant.code for variant in variants()}
    assert row.greatest_by.startswith("level:")


def test_the_policy_is_as_it_was_afterwards_and_the_same_again_is_the_same(policy: PolicyVersion) -> None:
    write([Entry(10 * number, partners=(number % 4,)) for number in range(1, 30)], some_partners(4))
    weights, points = list(PolicyWeight.objects.values_list()), list(policy.points.values_list())

    assert sensitivity(policy, AS_OF) == sensitivity(policy, AS_OF)
    assert weights == list(PolicyWeight.objects.values_list())
    assert points == list(policy.points.values_list())


def test_factors_are_a_quarter() -> None:
    assert [Variant("class", "event", up=up).factor for up in (True, False)] == [Fraction(5, 4), Fraction(3, 4)]


def test_without_partners_there_is_nothing_to_rank(policy: PolicyVersion) -> None:
    found = sensitivity(policy, AS_OF)

    assert (found.partners, found.ranges, found.displacements) == (0, [], {})


def test_it_is_asked_for_on_the_page_worked_out_by_a_job_and_shown(policy: PolicyVersion, secretary: User) -> None:
    partner = some_partners(1)[0]
    today = timezone.localdate()
    write([Entry((AS_OF - today).days + 3, partners=(0,))], [partner])
    client = Client()
    client.force_login(secretary)

    client.post(reverse("reports:policy-sensitivity", args=[policy.code]))
    work_on(JobRun.objects.get(name="reports.sensitivity").pk)

    kept = PolicySensitivity.objects.get()
    assert (kept.policy, kept.day, kept.content["partners"]) == (policy, today, 1)
    assert partner.name in client.get(policy.get_absolute_url()).content.decode()
