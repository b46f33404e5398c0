"""A line that drops: whoever repeats a POST with its Idempotency-Key has done it once, and gets the first answer again."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from crm.actions.stored_answers import KEPT_FOR
from crm.models import StoredAnswer, User
from crm.tasks import thin_connections
from partners.models import Partner
from tests.api.caller import Caller, ask_token, caller_for, make_credential

NEW = {"name": "Hội mới", "kind": "FOREIGN_NGO", "country": "LA"}
KEPT_HEADERS = ("Content-Type", "Location", "ETag")


def send(caller: Caller, key: str, body: Any = None, path: str = "/partners/", **headers: str) -> Any:
    return caller.post(path, NEW if body is None else body, headers={"Idempotency-Key": key, **headers})


def test_a_repeated_post_makes_one_record_and_gets_the_same_answer(api_of_an: Caller) -> None:
    first, second = (send(api_of_an, "8e03978e-40d5-43dd-bc93-6894a57f9324") for _ in range(2))
    assert (first.status_code, "Idempotent-Replayed" in first) == (201, False)
    assert (second.status_code, second["Idempotent-Replayed"]) == (201, "true")
    assert second.content == first.content
    assert [second[name] for name in KEPT_HEADERS] == [first[name] for name in KEPT_HEADERS]
    assert Partner.objects.count() == 1


def test_the_answer_comes_again_after_the_record_was_changed(api_of_an: Caller) -> None:
    first = send(api_of_an, "k")
    api_of_an.patch(first["Location"], {"city": "Vinh"})
    assert send(api_of_an, "k").content == first.content


def test_without_a_key_each_post_is_one_of_its_own(api_of_an: Caller) -> None:
    assert api_of_an.post("/partners/", NEW).status_code == api_of_an.post("/partners/", NEW).status_code == 201
    assert Partner.objects.count() == 2
    assert not StoredAnswer.objects.exists()


def test_archiving_is_repeated_as_well(api_of_an: Caller, an: User) -> None:
    address = f"/partners/{send(api_of_an, 'k-1').json()['id']}/archive/"
    answers = [api_of_an.post(address, headers={"Idempotency-Key": "k-2", "If-Match": '"rev-1"'}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert Partner.objects.get().revision == 2


@pytest.mark.parametrize("other", [{"body": NEW | {"city": "Vinh"}}, {"path": "/people/"}, {"path": "/partners/?dry_run=false"}])
def test_the_key_of_another_request_is_refused(api_of_an: Caller, other: dict[str, Any]) -> None:
    send(api_of_an, "k")
    answer = send(api_of_an, "k", **other)
    assert (answer.status_code, answer.json()["code"]) == (422, "key-reused")
    assert Partner.objects.count() == 1


def test_a_refusal_is_not_kept(api_of_an: Caller) -> None:
    assert send(api_of_an, "k", {"name": "Hội mới"}).status_code == 422
    assert not StoredAnswer.objects.exists()
    assert send(api_of_an, "k").status_code == 201


def test_keys_of_two_offices_have_nothing_to_do_with_each_other(api_of_an: Caller, api_of_chau: Caller) -> None:
    answers = [send(caller, "k") for caller in (api_of_an, api_of_chau)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_another_credential_of_the_account_does_not_get_the_answer(an: User, api_of_an: Caller) -> None:
    send(api_of_an, "k")
    assert send(caller_for(an), "k").json()["code"] == "key-reused"


def test_a_new_token_of_the_credential_gets_the_answer(an: User) -> None:
    credential = make_credential(an)
    answers = [send(Caller(token=ask_token(credential).json()["access_token"]), "k") for _ in range(2)]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "khóa", "a\tb"])
def test_a_key_that_is_none_is_refused(api_of_an: Caller, key: str) -> None:
    answer = send(api_of_an, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-header")
    assert [(error["in"], error["pointer"]) for error in answer.json()["errors"]] == [("header", "/Idempotency-Key")]
    assert not Partner.objects.exists()


def test_a_key_of_255_characters_is_one(api_of_an: Caller) -> None:
    assert send(api_of_an, "~" * 255).status_code == 201


def test_a_failure_keeps_neither_the_record_nor_the_answer(api_of_an: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    api_of_an.client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("crm.api.idempotency._keep", fail)
        assert send(api_of_an, "k").status_code == 500
    assert not Partner.objects.exists()
    assert send(api_of_an, "k").status_code == 201


def test_after_a_week_the_key_is_free_whether_the_night_has_cleared_it_or_not(api_of_an: Caller) -> None:
    send(api_of_an, "k-1")
    send(api_of_an, "k-2")
    StoredAnswer.objects.update(at=timezone.now() - KEPT_FOR + timedelta(minutes=1))
    thin_connections()
    assert "Idempotent-Replayed" in send(api_of_an, "k-1")
    StoredAnswer.objects.update(at=timezone.now() - KEPT_FOR - timedelta(minutes=1))
    assert "Idempotent-Replayed" not in send(api_of_an, "k-1")
    thin_connections()
    assert list(StoredAnswer.objects.values_list("key", flat=True)) == ["k-1"]


def test_the_key_of_what_is_no_post_is_passed_over(api_of_an: Caller) -> None:
    address = api_of_an.post("/partners/", NEW)["Location"]
    answers = [api_of_an.patch(address, {"city": city}, headers={"Idempotency-Key": "k"}) for city in ("1", "2")]
    assert [answer.json()["city"] for answer in answers] == ["1", "2"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time.")
def test_eight_identical_posts_at_once_make_one_record(api_of_an: Caller) -> None:
    start = threading.Barrier(8)
    answers: list[Any] = []

    def post() -> None:
        caller = Caller(token=api_of_an.token)
        start.wait(timeout=20)
        try:
            answers.append(send(caller, "k"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Partner.objects.count() == 1
    assert len(answers) == 8
    assert {(answer.status_code, answer.json().get("code")) for answer in answers} <= {(201, None), (409, "key-in-use")}
    made = [answer for answer in answers if answer.status_code == 201]
    assert sum("Idempotent-Replayed" not in answer for answer in made) == 1
    assert len({answer.content for answer in made}) == 1
    assert all(int(answer["Retry-After"]) >= 1 for answer in answers if answer.status_code == 409)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time.")
def test_while_the_first_runs_the_second_is_told_to_wait(api_of_an: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from crm.api import idempotency

    keep = idempotency._keep
    seconds: list[Any] = []

    def ask_meanwhile() -> None:
        try:
            seconds.append(send(Caller(token=api_of_an.token), "k"))
        finally:
            connections.close_all()

    def keep_late(*args: Any, **kwargs: Any) -> None:
        thread = threading.Thread(target=ask_meanwhile)
        thread.start()
        thread.join()
        keep(*args, **kwargs)

    monkeypatch.setattr(idempotency, "_keep", keep_late)
    assert send(api_of_an, "k").status_code == 201
    assert [(answer.status_code, answer.json()["code"]) for answer in seconds] == [(409, "key-in-use")]
    assert connection.in_atomic_block is False
