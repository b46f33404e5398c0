"""Exchanges by the office's own key over REST: many at once, as a file."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import override_settings
from django.utils import timezone

from activities.models import Exchange, ExternalExchangeId
from crm.actions.job_runs import JobTaken, claim_job, run_again
from crm.actions.job_sweep import ATTEMPTS_AT_MOST, sweep_jobs
from crm.actions.job_work import work_on
from crm.actions.pushes import thin_push_jobs
from crm.api.push_jobs import write_file
from crm.choices import FeedNoun
from crm.models import FeedEntry, JobRun, OfficePush, PushJob, User
from partners.models import Partner
from tests.api.caller import Caller, caller_for
from tests.api.exchange_rows import KEYS, row


def hand_in(api: Caller, *lines: Any, **options: Any) -> Any:
    body = "".join((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n" for line in lines)
    return api._send("post", f"{KEYS}/jobs/", data=body.encode(), content_type="application/x-ndjson", **options)


def test_a_file_without_rows_is_refused(api_of_an: Caller) -> None:
    for answer in (hand_in(api_of_an), hand_in(api_of_an, ""), hand_in(api_of_an, headers={"Idempotency-Key": "one"})):
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")


def run_it() -> None:
    work_on(JobRun.objects.get(name="crm.push").pk)


def results_of(api: Caller, job: dict[str, Any]) -> list[dict[str, Any]]:
    answer: Any = api.client.get(job["results"], headers={"Authorization": f"Bearer {api.token}"})
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


def test_a_file_is_written_in_the_background_with_a_result_for_each_line(api_of_an: Caller, lao: Partner) -> None:
    answer = hand_in(api_of_an, row("A", lao), "{broken", row("B", lao, kind="PARTY"), "", row("C", lao))
    assert (answer.status_code, answer.json()["state"], answer.json()["rows"]) == (202, "queued", 4), answer.content
    run_it()
    job = api_of_an.get(answer["Location"]).json()
    assert (job["state"], job["done"], job["counts"]) == ("done", 4, {"created": 2, "refused": 2})
    assert job["refusals"] == {"malformed-body": 1, "unknown": 1}
    assert [(one["external_id"], one["status"]) for one in results_of(api_of_an, job)] == [("A", 201), (None, 400), ("B", 422), ("C", 201)]
    push = OfficePush.objects.get()
    assert (push.kind, push.rows, push.created, push.refused) == ("job", 4, 2, 2)


def test_a_file_whose_worker_was_lost_goes_on_behind_the_last_piece(
    api_of_an: Caller, lao: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.api.push_jobs.PIECE", 2)
    answer = hand_in(api_of_an, *[row(f"A{number}", lao) for number in range(5)])
    run = JobRun.objects.get(name="crm.push")

    class LostError(BaseException):
        pass

    calls: list[int] = []

    def lose(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        if len(calls) == 4:
            # After the results of the second piece are in the file, before it is committed.
            raise LostError

    with monkeypatch.context() as patch:
        patch.setattr("crm.api.push_jobs.progress", lose)
        with pytest.raises(LostError):
            work_on(run.pk)
    assert (PushJob.objects.get().done, Exchange.objects.count()) == (2, 2)
    JobRun.objects.filter(pk=run.pk).update(state="queued")
    run_it()
    job = api_of_an.get(answer["Location"]).json()
    assert (job["state"], job["counts"], Exchange.objects.count()) == ("done", {"created": 5}, 5)
    assert [one["external_id"] for one in results_of(api_of_an, job)] == [f"A{number}" for number in range(5)]


def test_a_file_whose_worker_is_lost_over_and_over_fails_and_says_so(api_of_an: Caller, lao: Partner) -> None:
    answer = hand_in(api_of_an, row("A", lao))
    PushJob.objects.update(state="running")
    JobRun.objects.filter(name="crm.push").update(
        state="running", attempts=ATTEMPTS_AT_MOST, heartbeat_at=timezone.now() - timedelta(days=1)
    )
    sweep_jobs()
    job = api_of_an.get(answer["Location"]).json()
    assert (job["state"], job["done"]) == ("failed", 0)
    assert str(ATTEMPTS_AT_MOST) in job["failure"]
    assert job["finished_at"] is not None
    run_again(JobRun.objects.get(name="crm.push"), by=None)
    run_it()
    job = api_of_an.get(answer["Location"]).json()
    assert (job["state"], job["failure"], job["counts"]) == ("done", "", {"created": 1})


def test_a_worker_that_wakes_up_after_its_file_was_given_to_another_leaves_the_results_alone(api_of_an: Caller, lao: Partner) -> None:
    hand_in(api_of_an, row("A", lao))
    run = claim_job(JobRun.objects.get(name="crm.push").pk)
    assert run is not None
    JobRun.objects.filter(pk=run.pk).update(attempts=run.attempts + 1)
    with pytest.raises(JobTaken):
        write_file(run)
    with PushJob.objects.get().results.open() as results:
        assert results.read() == b""
    assert not Exchange.objects.exists()


def test_files_go_with_their_results_after_ninety_days(api_of_an: Caller, lao: Partner) -> None:
    hand_in(api_of_an, row("A", lao))
    run_it()
    job = PushJob.objects.get()
    assert thin_push_jobs() == 0
    PushJob.objects.update(finished_at=timezone.now() - timedelta(days=91))
    assert thin_push_jobs() == 1
    assert not PushJob.objects.exists()
    assert not any(default_storage.exists(str(file.name)) for file in (job.file, job.results))


def test_a_file_is_tried_out_row_by_row_and_nothing_of_it_is_stored(api_of_an: Caller, lao: Partner) -> None:
    answer = hand_in(api_of_an, row("A", lao), row("B", lao, kind="PARTY"), query_params={"dry_run": "true"})
    assert (answer.status_code, answer["Dry-Run"], answer.json()["dry_run"]) == (202, "true", True), answer.content
    run_it()
    job = api_of_an.get(answer["Location"]).json()
    assert (job["state"], job["dry_run"], job["counts"]) == ("done", True, {"created": 1, "refused": 1})
    assert [(one["external_id"], one["status"]) for one in results_of(api_of_an, job)] == [("A", 201), ("B", 422)]
    assert not Exchange.objects.exists()
    assert not ExternalExchangeId.objects.exists()
    assert not FeedEntry.objects.filter(noun=FeedNoun.EXCHANGE).exists()
    assert not OfficePush.objects.exists()


def test_a_file_tells_how_long_its_youngest_change_had_waited(api_of_an: Caller, lao: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.api.push_jobs.PIECE", 1)
    moments = [(timezone.now() - timedelta(minutes=minutes)).isoformat() for minutes in (90, 30, 60)]
    hand_in(api_of_an, *[row(f"A{place}", lao, version=None) | {"changed_at": moment} for place, moment in enumerate(moments)])
    run_it()
    lag = OfficePush.objects.get().lag_seconds
    assert lag is not None
    assert 30 * 60 <= lag < 60 * 60


def test_a_file_sent_again_with_its_key_is_one_job(api_of_an: Caller, lao: Partner) -> None:
    first, second = (hand_in(api_of_an, row("A", lao), headers={"Idempotency-Key": "k-1"}) for _time in range(2))
    assert first["Location"] == second["Location"]
    assert PushJob.objects.count() == 1
    other = hand_in(api_of_an, row("B", lao), headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


@override_settings(PUSH_MAX_BYTES=50)
def test_a_file_that_is_too_large_is_refused_before_it_is_received(api_of_an: Caller, lao: Partner) -> None:
    assert hand_in(api_of_an, row("A", lao)).status_code == 413


def test_a_file_of_another_kind_or_without_rows_is_refused(api_of_an: Caller) -> None:
    assert api_of_an.post(f"{KEYS}/jobs/", {"items": []}).status_code == 415
    assert hand_in(api_of_an, "", " ").status_code == 400


def test_files_of_other_units_are_not_shown(api_of_an: Caller, api_of_chau: Caller, lao: Partner) -> None:
    location = hand_in(api_of_an, row("A", lao))["Location"]
    assert api_of_chau.get(location).status_code == 404


def test_what_became_of_the_rows_is_told_to_whoever_handed_them_in(api_of_an: Caller, binh: User, lao: Partner) -> None:
    location = hand_in(api_of_an, row("A", lao))["Location"]
    run_it()
    colleague = caller_for(binh)
    seen = colleague.get(location).json()
    assert (seen["counts"], seen["results"]) == ({"created": 1}, None)
    assert colleague.get(f"{location}results/").status_code == 404


def test_long_rows_are_written_in_smaller_pieces(api_of_an: Caller, lao: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.api.push_jobs.PIECE_BYTES", 250)
    pieces: list[int] = []
    monkeypatch.setattr("crm.api.push_jobs.progress", lambda run, done: pieces.append(done))
    answer = hand_in(api_of_an, *[row(f"A{number}", lao, summary="x" * 200) for number in range(3)])
    run_it()
    assert set(pieces) >= {1, 2, 3}
    assert api_of_an.get(answer["Location"]).json()["counts"] == {"created": 3}


def test_a_file_stops_where_the_program_loses_its_rights(
    api_of_an: Caller, an: User, lao: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.api.push_jobs.PIECE", 1)
    monkeypatch.setattr("crm.api.push_jobs.progress", lambda run, done: User.objects.filter(pk=an.pk).update(is_active=False))
    hand_in(api_of_an, row("A", lao), row("B", lao))
    run_it()
    job = PushJob.objects.get()
    assert (job.state, job.done, Exchange.objects.count()) == ("failed", 1, 1)
    assert "không còn được ghi" in job.failure


@override_settings(PUSH_MAX_ROWS=2)
def test_a_file_of_too_many_rows_is_refused(api_of_an: Caller) -> None:
    assert hand_in(api_of_an, "1", "2", "3").status_code == 413


def test_a_unit_has_so_many_files_waiting_and_no_more(api_of_an: Caller, lao: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.api.push_job_views.MOST_WAITING", 1)
    assert hand_in(api_of_an, row("A", lao)).status_code == 202
    refused = hand_in(api_of_an, row("B", lao))
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (429, "too-many-requests", "60")
    run_it()
    assert hand_in(api_of_an, row("B", lao)).status_code == 202
