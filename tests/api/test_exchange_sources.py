"""Exchanges by the office's own key over REST: one by one, in batches, as a file."""

import json
import time
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.storage import default_storage
from django.test import override_settings
from django.utils import timezone

from activities.actions.exchanges import change_exchange
from activities.models import Exchange, ExternalExchangeId
from crm.actions.job_runs import JobTaken, claim_job, run_again
from crm.actions.job_sweep import ATTEMPTS_AT_MOST, sweep_jobs
from crm.actions.job_work import work_on
from crm.actions.pushes import thin_push_jobs
from crm.api.push_jobs import write_file
from crm.choices import Confidentiality
from crm.models import JobRun, OfficePush, PushJob, Unit, User
from partners.models import ExternalId, Partner
from tests.api.caller import Caller, caller_for
from tests.factories import make_exchange, make_partner

KEYS = "/sources/PU-40/exchanges"


def data(*partners: Any, **values: Any) -> dict[str, Any]:
    named = [str(partner.public_id) if isinstance(partner, Partner) else partner for partner in partners]
    return {"kind": "WORKING_MEETING", "starts_on": "2026-03-16", "partners": named, **values}


def put(api: Caller, key: str, body: Any, **options: Any) -> Any:
    return api._send("put", f"{KEYS}/{quote(key, safe='')}/", data=body, content_type="application/json", **options)


def delete(api: Caller, key: str, **query: Any) -> Any:
    return api._send("delete", f"{KEYS}/{quote(key, safe='')}/", query_params=query)


def batch(api: Caller, *items: Any, atomic: bool = False, **options: Any) -> Any:
    return api.post(f"{KEYS}/batch/", {"atomic": atomic, "items": list(items)}, **options)


def row(key: str, *partners: Any, version: int = 1, **values: Any) -> dict[str, Any]:
    return {"external_id": key, "version": version, "data": data(*partners, **values)}


def test_a_row_is_made_read_changed_and_withdrawn_by_its_key(api_of_an: Caller, lao: Partner) -> None:
    made = put(api_of_an, "A 1/2", {"version": 1, "data": data(lao, title="Gặp")})
    assert (made.status_code, made.json()["result"]) == (201, "created"), made.content
    assert api_of_an.get(made["Location"]).json()["title"] == "Gặp"
    read = api_of_an.get(f"{KEYS}/{quote('A 1/2', safe='')}/").json()
    assert (read["external_id"], read["id"], read["version"], read["withdrawn_at"]) == ("A 1/2", made.json()["id"], 1, None)
    changed = put(api_of_an, "A 1/2", {"version": 2, "data": data(lao, title="Họp")})
    assert (changed.status_code, changed.json()["result"], changed["ETag"]) == (200, "changed", '"rev-2"')
    assert put(api_of_an, "A 1/2", {"version": 1, "data": data(lao, title="Gặp")}).json()["result"] == "older"
    gone = delete(api_of_an, "A 1/2", version=3)
    assert (gone.status_code, gone.json()["result"]) == (200, "withdrawn")
    assert Exchange.objects.get().is_archived


def test_keys_called_batch_and_jobs_are_keys_like_others(api_of_an: Caller, lao: Partner) -> None:
    for key in ("batch", "jobs"):
        assert put(api_of_an, key, {"data": data(lao)}).status_code == 201
        assert api_of_an.get(f"{KEYS}/{key}/").json()["external_id"] == key


def test_partners_may_be_named_by_the_units_own_keys(api_of_an: Caller, an: User, lao: Partner, nghe_an: Unit, quang_ninh: Unit) -> None:
    survivor = make_partner("Survivor")
    merged = make_partner("Merged")
    ExternalId.objects.create(unit=nghe_an, value="P-1", partner=lao)
    ExternalId.objects.create(unit=nghe_an, value="P-2", partner=merged)
    ExternalId.objects.create(unit=quang_ninh, value="P-3", partner=lao)
    Partner.objects.filter(pk=merged.pk).update(merged_into=survivor)
    answer = put(api_of_an, "A", {"data": data({"external_id": "P-1"}, {"external_id": "P-2"}, survivor)})
    assert answer.status_code == 201, answer.content
    assert [part.partner for part in Exchange.objects.get().participations.all()] == [lao, survivor]
    refused = put(api_of_an, "B", {"data": data(lao, {"external_id": "P-3"})})
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/data/partners/1", "unknown")]


WRONG = [
    ({"data": {"kind": "PARTY"}}, "/data/kind", "unknown"),
    ({"data": {"partners": []}}, "/data/partners", "empty"),
    ({"data": {"partners": [{"external_id": 7}]}}, "/data/partners/0", "invalid"),
    ({"data": {"partners": [{"external_id": "a\x00"}]}}, "/data/partners/0", "unknown"),
    ({"data": {"starts_on": "2099-01-01"}}, "/data/starts_on", "future-held"),
    ({"data": {"starts_on": "1945-09-01"}}, "/data/starts_on", "too-early"),
    ({"data": {"ends_on": "2026-03-15"}}, "/data/ends_on", "ends-before-start"),
    ({"data": {"follow_up": {"text": "a"}}}, "/data/follow_up", "unknown-field"),
    ({"data": {"tittle": "a"}}, "/data/tittle", "unknown-field"),
    ({"data": {"level": 2}}, "/data/level", "invalid-choice"),
    ({"version": "1"}, "/version", "invalid"),
    ({"version": -1}, "/version", "min-value"),
    ({"version": 2**63}, "/version", "max-value"),
    ({"changed_at": "2026-03-16T12:00:00"}, "/changed_at", "no-zone"),
    ({"changed_at": "2099-03-16T12:00:00+07:00"}, "/changed_at", "in-the-future"),
    ({"changed_at": 5}, "/changed_at", "invalid"),
    ({"same_as": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55"}, "/same_as", "unknown"),
    ({"same_as": "x"}, "/same_as", "invalid"),
    ({"versoin": 1}, "/versoin", "unknown-field"),
]


@pytest.mark.parametrize(("wrong", "pointer", "code"), WRONG)
def test_what_is_wrong_is_named_alike_alone_and_in_a_batch(
    api_of_an: Caller, lao: Partner, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    body = {**wrong, "data": data(lao, **wrong.get("data", {})) if "partners" not in wrong.get("data", {}) else data() | wrong["data"]}
    alone = put(api_of_an, "A", body)
    assert alone.status_code == 422, alone.content
    assert [(one["pointer"], one["code"]) for one in alone.json()["errors"]] == [(pointer, code)]
    (told, good) = batch(api_of_an, {"external_id": "A", **body}, row("B", lao)).json()["items"]
    assert (told["status"], [(one["pointer"], one["code"]) for one in told["errors"]]) == (422, [(pointer, code)])
    assert good["result"] == "created"
    assert set(ExternalExchangeId.objects.values_list("value", flat=True)) == {"B"}


@pytest.mark.parametrize(
    ("item", "pointer", "code"),
    [
        ({"data": {}}, "/external_id", "required"),
        ({"external_id": 5, "delete": True}, "/external_id", "invalid"),
        ({"external_id": " ", "delete": True}, "/external_id", "blank"),
        ({"external_id": "x" * 201, "delete": True}, "/external_id", "max-length"),
        ({"external_id": "x"}, "/data", "required"),
        (5, "", "invalid"),
    ],
)
def test_a_row_that_is_none_is_refused_by_itself(api_of_an: Caller, item: Any, pointer: str, code: str) -> None:
    (told,) = batch(api_of_an, item).json()["items"]
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in told["errors"]]


def test_rows_of_one_key_in_a_batch_are_taken_in_their_order(api_of_an: Caller, lao: Partner) -> None:
    rows = [row("A", lao, version=2, title="b"), row("A", lao, version=1, title="a"), {"external_id": "A", "version": 3, "delete": True}]
    answer = batch(api_of_an, *rows).json()
    assert [item["result"] for item in answer["items"]] == ["created", "older", "withdrawn"]
    assert answer["counts"] == {"created": 1, "older": 1, "withdrawn": 1}


def test_all_or_none_stores_none_where_one_is_refused(api_of_an: Caller, lao: Partner) -> None:
    answer = batch(api_of_an, row("A", lao), row("B", lao, kind="PARTY"), atomic=True)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/items/1/data/kind", "unknown")]
    assert [item["result"] for item in answer.json()["items"]] == ["created", "refused"]
    assert not Exchange.objects.exists()
    assert batch(api_of_an, row("A", lao), row("B", lao), atomic=True).status_code == 200


def test_more_than_a_batch_holds_is_refused(api_of_an: Caller) -> None:
    answer = batch(api_of_an, *[{"external_id": "A", "delete": True}] * 501)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too-many")


def test_a_batch_sent_again_with_its_key_is_answered_as_before(api_of_an: Caller, lao: Partner) -> None:
    first, second = (batch(api_of_an, row("A", lao), headers={"Idempotency-Key": "k-1"}) for _time in range(2))
    assert (first.json(), second["Idempotent-Replayed"]) == (second.json(), "true")
    assert Exchange.objects.count() == 1


def test_a_batch_that_is_tried_out_stores_nothing(api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an._send(
        "post", f"{KEYS}/batch/", data={"items": [row("A", lao)]}, content_type="application/json", query_params={"dry_run": "true"}
    )
    assert (answer.json()["items"][0]["result"], answer["Dry-Run"]) == ("created", "true")
    assert not Exchange.objects.exists()
    assert not ExternalExchangeId.objects.exists()


def test_both_sides_are_shown_and_the_source_decides_with_if_match(api_of_an: Caller, an: User, lao: Partner) -> None:
    put(api_of_an, "A", {"version": 1, "data": data(lao, place="Vinh")})
    exchange = Exchange.objects.get()
    exchange.place = "Cửa Lò"
    change_exchange(exchange, by=an)
    word = {"version": 2, "data": data(lao, place="Huế")}
    refused = put(api_of_an, "A", word)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed-on-both-sides")
    assert refused.json()["conflicts"] == [{"field": "place", "base": "Vinh", "theirs": "Huế", "current": "Cửa Lò"}]
    stale = put(api_of_an, "A", word, headers={"If-Match": '"rev-1"'})
    assert (stale.status_code, stale.json()["differs"], stale.json()["current"]["place"]) == (412, ["place"], "Cửa Lò")
    assert put(api_of_an, "A", word, headers={"If-Match": refused["ETag"]}).json()["result"] == "changed"
    assert Exchange.objects.get().place == "Huế"


def test_of_an_exchange_closed_to_the_program_meanwhile_no_conflict_is_told(
    api_of_an: Caller, binh: User, lao: Partner, nghe_an: Unit
) -> None:
    exchange = make_exchange(lao, by=binh, on=date(2026, 3, 16), host_unit=nghe_an, title="Gặp")
    linked = put(api_of_an, "A", {"version": 1, "same_as": str(exchange.public_id), "data": data(lao, title="Gặp")})
    assert linked.json()["result"] == "linked", linked.content
    exchange.refresh_from_db()
    exchange.confidentiality, exchange.title = Confidentiality.RESTRICTED, "Chuyện kín"
    change_exchange(exchange, by=binh)
    for body in ({"title": "Họp"}, {"title": "Chuyện kín", "confidentiality": "restricted"}):
        answer = put(api_of_an, "A", {"version": 3, "data": data(lao, **body)})
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied"), answer.content
        assert "kín" not in answer.content.decode()
    assert delete(api_of_an, "A", version=4).status_code == 403


def test_keys_of_another_unit_are_not_for_this_program(api_of_chau: Caller, lao: Partner) -> None:
    assert put(api_of_chau, "A", {"data": data(lao)}).status_code == 403
    assert batch(api_of_chau, row("A", lao)).status_code == 403
    assert api_of_chau.get(f"{KEYS}/").status_code == 403
    assert api_of_chau.get("/sources/NOWHERE/exchanges/").status_code == 404


def test_the_keys_are_listed_for_comparing(api_of_an: Caller, lao: Partner) -> None:
    batch(api_of_an, row("A", lao), row("B", lao), {"external_id": "C", "version": 4, "delete": True})
    first = api_of_an.get(f"{KEYS}/", limit=2, count="exact").json()
    rest = api_of_an.get(first["next"]).json()
    rows = first["items"] + rest["items"]
    assert [(one["external_id"], one["version"], one["id"] is None) for one in rows] == [("A", 1, False), ("B", 1, False), ("C", 4, True)]
    assert first["count"] == 3


def test_a_batch_leaves_one_row_for_the_health_of_the_connection(api_of_an: Caller, lao: Partner) -> None:
    batch(api_of_an, row("A", lao), row("B", lao, kind="PARTY"))
    push = OfficePush.objects.get()
    assert (push.kind, push.noun, push.rows, push.created, push.refused) == ("batch", "exchanges", 2, 1, 1)
    assert push.refusals == {"unknown": 1}


# --- Files ---


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


def test_of_hundreds_of_thousands_of_names_the_doubled_one_is_found_at_once(api_of_an: Caller) -> None:
    names = ",".join(f'"n{number}":1' for number in range(200_000))
    begun = time.process_time()
    answer = api_of_an.send_raw(f"{KEYS}/batch/", f'{{{names},"z":1,"z":2}}')
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")
    assert time.process_time() - begun < 20
