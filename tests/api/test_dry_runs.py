"""``?dry_run=true``: every rule is asked, the answer is as it would be, and nothing has happened."""

from typing import Any

import pytest

from activities.models import FollowUp
from crm.models import AuditEvent, OfficePush, StoredAnswer
from partners.models import Partner
from tests.api.caller import Caller

NEW = {"name": "Hội mới", "kind": "FOREIGN_NGO", "country": "LA"}


def test_what_would_be_made_is_answered_and_not_stored(api_of_an: Caller) -> None:
    answer = api_of_an.post("/partners/?dry_run=true", NEW)
    assert (answer.status_code, answer["Dry-Run"], answer.json()["name"]) == (201, "true", "Hội mới")
    assert "Location" not in answer
    assert "ETag" not in answer
    assert not Partner.objects.exists()
    assert not Partner.history.exists()


def test_what_breaks_a_rule_is_refused_as_it_would_be(api_of_an: Caller) -> None:
    dry, real = (api_of_an.post(f"/partners/?dry_run={word}", NEW | {"country": "ZZ"}) for word in ("true", "false"))
    assert dry["Dry-Run"] == "true"
    assert "Dry-Run" not in real
    assert dry.status_code == real.status_code == 422
    assert dry.json() == real.json()


def test_a_change_is_tried_out_against_the_revision_that_was_read(api_of_an: Caller) -> None:
    address = f"/partners/{api_of_an.post('/partners/', NEW).json()['id']}/"
    answer = api_of_an.patch(f"{address}?dry_run=true", {"city": "Vinh"}, if_match='"rev-1"')
    assert (answer.status_code, answer.json()["city"], answer.json()["revision"]) == (200, "Vinh", 2)
    assert api_of_an.patch(f"{address}?dry_run=true", {"city": "Vinh"}, if_match='"rev-9"').status_code == 412
    assert api_of_an.post(f"{address}archive/?dry_run=true", headers={"If-Match": "*"}).json()["archived"] is True
    read = api_of_an.get(address).json()
    assert (read["city"], read["revision"], read["archived"]) == ("", 1, False)
    assert not AuditEvent.objects.filter(verb="archived").exists()


def test_trying_out_uses_up_no_key(api_of_an: Caller) -> None:
    headers = {"Idempotency-Key": "k"}
    api_of_an.post("/partners/?dry_run=true", NEW, headers=headers)
    assert not StoredAnswer.objects.exists()
    assert "Idempotent-Replayed" not in api_of_an.post("/partners/", NEW, headers=headers)


def test_a_dry_run_is_no_push(api_of_an: Caller) -> None:
    api_of_an.post("/follow-ups/?dry_run=true", {"text": "Gửi thư"})
    assert not FollowUp.objects.exists()
    assert not OfficePush.objects.exists()


def test_nobody_is_told_of_what_was_taken_back(api_of_an: Caller, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        api_of_an.post("/partners/?dry_run=true", NEW)
    assert callbacks == []


@pytest.mark.parametrize("word", ["", "1", "True", "yes", "x"])
def test_any_other_word_is_refused(api_of_an: Caller, word: str) -> None:
    answer = api_of_an.post(f"/partners/?dry_run={word}", NEW)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/dry_run")
    assert not Partner.objects.exists()


def test_reading_is_no_trying_out(api_of_an: Caller) -> None:
    assert api_of_an.get("/partners/", dry_run="true").json()["errors"][0]["code"] == "unknown-parameter"


def test_a_new_partner_tried_out_is_shown_whom_it_may_be(api_of_an: Caller) -> None:
    there = api_of_an.post("/partners/", NEW | {"name": "Quỹ Sen Vàng Viêng Chăn"}).json()
    assert "candidates" not in there
    tried = api_of_an.post("/partners/?dry_run=true", NEW | {"name": "Quy Sen Vang Vieng Chan"}).json()["candidates"]
    assert [(one["id"], one["score"]) for one in tried] == [(there["id"], 1.0)]
    assert api_of_an.post("/partners/?dry_run=true", NEW).json()["candidates"] == []
