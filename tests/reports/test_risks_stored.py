"""Risks are stored with the figures of a day, and follow what happens to a partner."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from activities.models import Commitment
from crm.actions.records import save_record
from crm.choices import JobState
from crm.models import JobRun, Unit, User
from partners.models import Partner, Person, Post
from reports.actions.snapshots import refresh_risks, take_snapshots
from reports.choices import Alarm, Risk
from reports.metrics.risks import PartnerRisk, risks
from reports.models import PolicyVersion, RiskSnapshot
from tests.factories import make_exchange, make_partner
from tests.reports.test_snapshots import tasks_at_once  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def stored(day: date) -> list[PartnerRisk]:
    rows = RiskSnapshot.objects.filter(day=day).order_by("partner")
    return [PartnerRisk(row.partner_id, row.mask, Alarm(row.alarm)) for row in rows]


def overdue(partner: Partner, today: date, **values: Any) -> Commitment:
    unit = Unit.objects.get(code="VUFO")
    due = {"promised_on": today - timedelta(days=90), "due_on": today - timedelta(days=60)}
    return Commitment(partner=partner, unit=unit, text="gửi sách", **due, **values)


def test_stored_risks_are_the_computed_ones(example: Partner, policy: PolicyVersion, secretary: User, today: date) -> None:
    other = make_partner("Khác", country="JP")
    make_exchange(other, by=secretary, on=today - timedelta(days=5))
    save_record(overdue(other, today), by=secretary)
    for day in (date(2025, 9, 30), today):
        take_snapshots(day)
        assert stored(day) == list(risks(policy, day))
    assert stored(today) != []


def test_storing_some_partners_again_leaves_the_others(example: Partner, policy: PolicyVersion, secretary: User, today: date) -> None:
    commitment = overdue(example, today)
    save_record(commitment, by=secretary)
    save_record(overdue(make_partner("Khác"), today), by=secretary)
    take_snapshots(today)
    commitment.state, commitment.settled_on = "done", today
    commitment.save()
    assert refresh_risks(today, [example.pk]) == len([row for row in risks(policy, today) if row.partner_id == example.pk])
    assert stored(today) == list(risks(policy, today))


def test_a_day_that_is_not_stored_is_left_so(example: Partner, secretary: User, today: date) -> None:
    save_record(overdue(example, today), by=secretary)
    assert refresh_risks(today) == 0
    assert RiskSnapshot.objects.count() == 0


def test_a_promise_and_a_post_move_the_stored_risks_after_the_commit(
    example: Partner,
    secretary: User,
    today: date,
    tasks_at_once: None,  # noqa: F811  (the fixture)
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    take_snapshots(today)
    before = {row.partner_id: row.mask for row in stored(today)}.get(example.pk, 0)
    # What the example was made with was asked for before, in what is one transaction here.
    JobRun.objects.filter(state=JobState.QUEUED).delete()
    with django_capture_on_commit_callbacks(execute=True):
        save_record(overdue(example, today), by=secretary)
    now = {row.partner_id: row.mask for row in stored(today)}[example.pk]
    assert now == before | Risk.PROMISE_OVERDUE
    with django_capture_on_commit_callbacks(execute=True):
        person = Person.objects.create(full_name="Bà Một")
        save_record(Post(person=person, partner=example, title_vi="Chủ tịch"), by=secretary)
    assert {row.partner_id: row.mask for row in stored(today)}[example.pk] == now | Risk.SINGLE_THREAD
