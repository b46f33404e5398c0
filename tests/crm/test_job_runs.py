"""Background work: asked for once, done by one worker, split into parts, healed when a worker is lost, told when it fails."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from config.celery import app
from crm.actions.job_kinds import KINDS, JobKind, Result
from crm.actions.job_runs import JobTaken, claim_job, fail_job, finish_job, progress, run_again, split_job, start_job
from crm.actions.job_sweep import ATTEMPTS_AT_MOST, sweep_jobs, thin_jobs
from crm.actions.job_work import work_on
from crm.choices import JobState, NotificationTopic
from crm.models import JobRun, Notification, User

pytestmark = pytest.mark.django_db
Register = Callable[..., None]


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Register a kind of job for one test: ``kind("name", work, gather)``."""

    def register(name: str, work: Callable[[JobRun], Result], gather: Callable[[JobRun], Result] | None = None, **options: Any) -> None:
        monkeypatch.setitem(KINDS, name, JobKind(name, f"Việc {name}", work, gather, **options))

    return register


@pytest.fixture
def at_once() -> Iterator[None]:
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def nothing(run: JobRun) -> Result:
    return None


def silence(run: JobRun, **ago: float) -> None:
    JobRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(**ago))


def test_asked_for_twice_by_one_key_it_is_one_run(kind: Register) -> None:
    kind("t.night", nothing)
    assert start_job("t.night", key="2026-11-22") == start_job("t.night", key="2026-11-22")
    assert start_job("t.night") != start_job("t.night")
    with pytest.raises(ValueError, match="no kind"):
        start_job("t.unheard")


def test_one_worker_only_claims_a_run_and_a_late_one_is_told_that_it_was_taken(kind: Register) -> None:
    kind("t.work", nothing)
    run = start_job("t.work", total=10)
    first = claim_job(run.pk)
    assert first is not None
    assert claim_job(run.pk) is None
    progress(first, 4)
    silence(run, minutes=4)
    assert sweep_jobs() == 1
    second = claim_job(run.pk)
    assert second is not None
    assert second.attempts == 2
    with pytest.raises(JobTaken):
        progress(first, 5)
    with pytest.raises(JobTaken):
        finish_job(first)
    with pytest.raises(JobTaken):
        fail_job(first, "x")
    finish_job(second, {"rows": 10})
    run.refresh_from_db()
    assert (run.state, run.done, run.result) == (JobState.DONE, 10, {"rows": 10})
    assert claim_job(run.pk) is None


def test_done_work_runs_after_the_commit_with_its_result_kept(
    kind: Register, at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    kind("t.sum", lambda run: {"sum": sum(run.parameters["numbers"])})
    with django_capture_on_commit_callbacks(execute=True):
        run = start_job("t.sum", parameters={"numbers": [1, 2, 3]})
        assert run.state == JobState.QUEUED
    run.refresh_from_db()
    assert (run.state, run.result, run.attempts) == (JobState.DONE, {"sum": 6}, 1)
    assert run.started_at is not None
    assert run.finished_at is not None


def test_a_whole_is_gathered_once_after_its_last_part(
    kind: Register, at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    done: list[str] = []
    kind("t.part", lambda run: done.append(run.parameters["land"]))
    kind(
        "t.whole",
        lambda run: split_job(run, "t.part", {land: ({"land": land}, 1) for land in ("LA", "KH", "CU")}),
        lambda run: {"seen": sorted(done)},
    )
    with django_capture_on_commit_callbacks(execute=True):
        whole = start_job("t.whole", key="one")
    whole.refresh_from_db()
    assert sorted(done) == ["CU", "KH", "LA"]
    assert (whole.state, whole.done, whole.total, whole.result) == (JobState.DONE, 3, 3, {"seen": ["CU", "KH", "LA"]})
    assert [part.state for part in whole.parts.all()] == [JobState.DONE] * 3


def test_one_failing_part_fails_the_whole_and_running_again_repeats_only_that_part(
    kind: Register, ha: User, son: User, at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    done: list[str] = []
    broken = {"KH"}

    def part(run: JobRun) -> None:
        if run.parameters["land"] in broken:
            raise ValidationError("Không đọc được Cam-pu-chia")
        done.append(run.parameters["land"])

    kind("t.part", part)
    kind(
        "t.whole", lambda run: split_job(run, "t.part", {land: ({"land": land}, 1) for land in ("LA", "KH")}), lambda run: {"n": len(done)}
    )
    with django_capture_on_commit_callbacks(execute=True):
        whole = start_job("t.whole")
    whole.refresh_from_db()
    failed = whole.parts.get(state=JobState.FAILED)
    assert whole.state == JobState.FAILED
    assert failed.error.splitlines()[0] == "Không đọc được Cam-pu-chia"
    assert "test_job_runs.py" in failed.error
    told = Notification.objects.filter(topic=NotificationTopic.JOB)
    assert {line.user for line in told} == {ha, son}
    assert told[0].link == whole.get_absolute_url()

    broken.clear()
    with django_capture_on_commit_callbacks(execute=True):
        run_again(whole, by=ha)
    whole.refresh_from_db()
    assert (whole.state, whole.error, whole.result) == (JobState.DONE, "", {"n": 2})
    assert done == ["LA", "KH"]
    with pytest.raises(ValidationError):
        run_again(whole, by=ha)


def test_a_worker_killed_in_a_part_is_made_good_by_the_sweep(
    kind: Register, at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    kind("t.part", nothing)
    kind("t.whole", lambda run: split_job(run, "t.part", {land: ({}, 1) for land in ("LA", "KH")}), nothing)
    whole = start_job("t.whole")
    work_on(whole.pk)
    lost, other = whole.parts.order_by("pk")
    assert claim_job(lost.pk)  # Then its worker dies.
    work_on(other.pk)
    silence(whole, hours=1)
    assert sweep_jobs() == 0
    silence(lost, minutes=4)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_jobs() == 1
    whole.refresh_from_db()
    assert whole.state == JobState.DONE


def test_work_that_loses_its_worker_over_and_over_rests_longer_each_time_and_then_fails(kind: Register, ha: User) -> None:
    kind("t.work", nothing)
    run = start_job("t.work")
    for attempt in range(1, ATTEMPTS_AT_MOST + 1):
        assert claim_job(run.pk)
        silence(run, seconds=180 * 2 ** (attempt - 1) - 30)
        assert sweep_jobs() == 0
        silence(run, seconds=180 * 2 ** (attempt - 1) + 5)
        assert sweep_jobs() == 1
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert str(ATTEMPTS_AT_MOST) in run.error
    assert Notification.objects.filter(user=ha, topic=NotificationTopic.JOB).exists()


def test_a_message_that_never_arrived_is_sent_again_but_not_at_every_sweep(
    kind: Register, at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    kind("t.work", nothing)
    run = start_job("t.work")
    assert sweep_jobs() == 0
    JobRun.objects.filter(pk=run.pk).update(queued_at=timezone.now() - timedelta(minutes=4))
    assert sweep_jobs() == 1
    assert sweep_jobs() == 0
    silence(run, minutes=4)
    with django_capture_on_commit_callbacks(execute=True):
        sweep_jobs()
    run.refresh_from_db()
    assert run.state == JobState.DONE


def test_a_database_that_is_away_for_a_moment_fails_nothing(kind: Register) -> None:
    def away(run: JobRun) -> None:
        if run.attempts == 1:
            raise OperationalError("the server closed the connection")

    kind("t.work", away)
    run = start_job("t.work")
    work_on(run.pk)
    run.refresh_from_db()
    assert run.state == JobState.RUNNING
    assert "closed the connection" in run.error
    silence(run, minutes=4)
    sweep_jobs()
    work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error, run.attempts) == (JobState.DONE, "", 2)


def test_a_kind_that_no_code_knows_any_more_fails_with_its_name(kind: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    kind("t.gone", nothing)
    run = start_job("t.gone")
    monkeypatch.delitem(KINDS, "t.gone")
    work_on(run.pk)
    run.refresh_from_db()
    assert run.state == JobState.FAILED
    assert "t.gone" in run.error


def test_old_runs_go_after_ninety_days_and_routine_ones_after_two(kind: Register) -> None:
    kind("t.rare", nothing)
    kind("t.often", nothing, is_routine=True)
    ages = {"t.rare": (91, 30), "t.often": (3, 1)}
    runs = {}
    for name, days in ages.items():
        for age in days:
            run = runs[name, age] = start_job(name)
            JobRun.objects.filter(pk=run.pk).update(state=JobState.DONE, finished_at=timezone.now() - timedelta(days=age))
    failed, waiting = start_job("t.often"), start_job("t.rare")
    JobRun.objects.filter(pk=failed.pk).update(state=JobState.FAILED, finished_at=timezone.now() - timedelta(days=3))
    assert thin_jobs() == 2
    assert set(JobRun.objects.all()) == {runs["t.rare", 30], runs["t.often", 1], failed, waiting}
