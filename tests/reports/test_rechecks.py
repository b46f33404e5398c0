"""Stored figures are distrusted: a sample is computed anew at night, and what differs is a failed job that names the rows."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from activities.models import Exchange
from crm.actions.job_work import work_on
from crm.choices import JobState
from crm.models import JobRun, User
from partners.models import Partner
from reports.actions.snapshots import take_snapshots
from reports.jobs.rechecks import SAMPLE, start_rechecks
from reports.models import EngagementSnapshot

MONTH_END = date(2025, 9, 30)


@pytest.fixture
def stored(example: Partner, secretary: User) -> Partner:
    take_snapshots(MONTH_END)
    long_ago = timezone.now() - timedelta(days=9)
    Exchange.history.update(history_date=long_ago)
    return example


def checked() -> JobRun:
    JobRun.objects.all().delete()
    start_rechecks(timezone.localdate())
    for run in JobRun.objects.order_by("pk"):
        work_on(run.pk)
    return JobRun.objects.get(name=SAMPLE)


def test_what_is_stored_as_computed_passes_and_is_counted(stored: Partner) -> None:
    run = checked()
    assert (run.state, run.error) == (JobState.DONE, "")
    assert run.result == {"days": ["2025-09-30"], "compared": 1, "on their way": 0}
    assert not JobRun.objects.exclude(state=JobState.DONE).exists()


def test_a_difference_fails_the_job_and_names_the_row(stored: Partner) -> None:
    EngagementSnapshot.objects.update(strength=1)
    run = checked()
    assert run.state == JobState.FAILED
    assert stored.name in run.error.splitlines()[0]
    assert "2025-09-30" in run.error.splitlines()[0]


def test_what_was_changed_since_yesterday_may_be_on_its_way(stored: Partner) -> None:
    EngagementSnapshot.objects.update(strength=1)
    Exchange.history.update(history_date=timezone.now())
    run = checked()
    assert (run.state, run.result["on their way"]) == (JobState.DONE, 1)
