"""A worker killed in the middle of the night's work: another takes its part up, and the figures are those computed in one go."""

import os
import signal
import time
from datetime import date, timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from crm.actions.job_sweep import sweep_jobs
from crm.choices import JobState, Role
from crm.models import JobRun, Unit
from reports.actions.snapshots import store_partners, take_snapshots
from reports.jobs.partners_in_parts import cut_register, partners_of
from reports.jobs.snapshots import start_snapshot
from reports.models import CoverageSnapshot, EngagementSnapshot
from tests.bed.waiting import wait_until
from tests.bed.worker import WorkerProcess
from tests.factories import make_exchange, make_partner, make_user

COUNTRIES = ("LA", "KH", "CN", "CU", "RU", "JP", "KR", "FR")


@pytest.fixture
def register(transactional_db: None) -> list[int]:
    """Three partners in each of eight countries, and two without one, each met at least once."""
    by = make_user("ha", unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)
    partners = [make_partner(f"Hội {code} {number}", country=code) for code in COUNTRIES for number in range(3)]
    partners += [make_partner(f"Mạng lưới {number}", country="") for number in range(2)]
    for number, partner in enumerate(partners):
        make_exchange(partner, by=by, on=timezone.localdate() - timedelta(days=7 + 13 * number))
    JobRun.objects.all().delete()
    return [partner.pk for partner in partners]


def figures(day: date) -> list[tuple[object, ...]]:
    columns = ("partner", "strength", "frequency", "points_now", "recency_days", "units_involved")
    return list(EngagementSnapshot.objects.filter(day=day).order_by("partner").values_list(*columns))


def standings(day: date) -> list[tuple[object, ...]]:
    columns = ("tier", "country", "partners", "active_partners", "done", "status")
    return list(CoverageSnapshot.objects.filter(day=day).order_by("tier", "country").values_list(*columns))


def test_the_register_is_cut_into_parts_that_leave_nobody_out_and_take_nobody_twice(register: list[int]) -> None:
    for size in (1, 2, 3, 7, 1000):
        parts = list(cut_register(size))
        found = [pk for part in parts for pk in partners_of(part.as_parameters())]
        assert sorted(found) == sorted(register), size
        assert sum(part.count for part in parts) == len(register)
    late = make_partner("Vào sau", country="LA").pk
    assert late in [pk for part in parts for pk in partners_of(part.as_parameters())]


def test_a_day_in_the_middle_of_its_parts_is_not_shown(register: list[int]) -> None:
    today = timezone.localdate()
    store_partners(today, register[:5])
    assert EngagementSnapshot.objects.filter(day=today).exists()
    assert not CoverageSnapshot.objects.filter(day=today).exists()


def test_a_worker_killed_in_the_middle_of_the_night_is_made_good(register: list[int], celery_worker_process: WorkerProcess) -> None:
    today = timezone.localdate()
    take_snapshots(today)
    expected, stood = figures(today), standings(today)
    EngagementSnapshot.objects.all().delete()
    CoverageSnapshot.objects.all().delete()

    doomed = WorkerProcess.start()
    try:
        run = start_snapshot(today, part_size=1)
        parts = JobRun.objects.filter(parent=run)
        wait_until(lambda: parts.filter(state=JobState.DONE).count() >= 3, seconds=60)
        os.kill(doomed.process.pid, signal.SIGKILL)
        doomed.process.wait()
    finally:
        doomed.stop()

    # The other worker goes on by itself with what stands in the queue; what the killed one held has to be taken up.
    wait_until(lambda: not parts.filter(state=JobState.QUEUED).exists() or _waits(parts), seconds=90)
    assert not CoverageSnapshot.objects.filter(day=today).exists() or not parts.exclude(state=JobState.DONE).exists()
    long_ago = timezone.now() - timedelta(minutes=10)
    parts.filter(state__in=[JobState.RUNNING, JobState.QUEUED]).update(heartbeat_at=long_ago)
    sweep_jobs()
    wait_until(lambda: JobRun.objects.get(pk=run.pk).state in (JobState.DONE, JobState.FAILED), seconds=90)

    run.refresh_from_db()
    assert (run.state, run.error) == (JobState.DONE, "")
    assert {(part.state, part.attempts in (1, 2)) for part in parts} == {(JobState.DONE, True)}
    assert figures(today) == expected
    assert standings(today) == stood
    assert run.result["partners"] == len(register)


def _waits(parts: QuerySet[JobRun]) -> bool:
    """Whether nothing has moved for a second: the rest waits for the sweep."""
    before = list(parts.order_by("pk").values_list("state", flat=True))
    time.sleep(1)
    return before == list(parts.order_by("pk").values_list("state", flat=True))
