"""Commitments over REST."""

from datetime import date

import pytest
from django.utils import timezone

from activities.actions.commitments import save_commitment
from activities.models import Commitment, Exchange
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner, Person
from tests.api.caller import Caller, caller_for
from tests.factories import make_exchange

DAY = date(2026, 11, 2)


@pytest.fixture
def meeting(an: User, lao: Partner) -> Exchange:
    return make_exchange(lao, by=an, on=DAY)


def sent_about(lao: Partner, **values: object) -> dict[str, object]:
    return {"text": "Gửi danh sách", "partner": str(lao.public_id), "promised_on": "2026-11-02", **values}


def test_one_promised_at_an_exchange_takes_its_day_and_its_unit(api_of_an: Caller, lao: Partner, meeting: Exchange) -> None:
    sent = {"text": "Gửi danh sách", "owed_by": "theirs", "partner": str(lao.public_id), "exchange": str(meeting.public_id)}
    answer = api_of_an.post("/commitments/", sent)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert api_of_an.get(answer["Location"]).json() == body
    assert (body["promised_on"], body["unit"], body["state"], body["standing"]) == ("2026-11-02", "PU-40", "open", "open")


def test_it_is_settled_and_opened_again_with_a_new_revision_each_time(api_of_an: Caller, lao: Partner) -> None:
    made = api_of_an.post("/commitments/", sent_about(lao, due_on="2026-11-10"))
    address = f"/commitments/{made.json()['id']}/"
    assert made["ETag"] == '"rev-1"'

    done = api_of_an.patch(address, {"state": "done", "settled_on": "2026-11-12", "proof": "Công văn 12"})
    assert done["ETag"] == '"rev-2"'
    assert [done.json()[name] for name in ("state", "standing", "settled_on", "proof")] == ["done", "late", "2026-11-12", "Công văn 12"]
    opened = api_of_an.patch(address, {"state": "open"}).json()
    assert (opened["state"], opened["settled_on"]) == ("open", None)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"state": "broken"}, "/reason", "required"),
        ({"settled_on": "2026-11-12"}, "/settled_on", "not-settled"),
        ({"state": "done", "settled_on": "2999-01-01"}, "/settled_on", "future"),
        ({"state": "done", "settled_on": "2026-11-01"}, "/settled_on", "settled-before-promised"),
        ({"due_on": "2026-11-01"}, "/due_on", "due-before-promised"),
        ({"promised_on": "2999-01-01"}, "/promised_on", "future"),
        ({"owed_by": "both"}, "/owed_by", "invalid-choice"),
        ({"standing": "late"}, "/standing", "read-only"),
        ({"text": "a\x00b"}, "/text", "null-characters-not-allowed"),
    ],
)
def test_a_broken_rule_is_named_at_its_place(api_of_an: Caller, lao: Partner, change: dict[str, object], pointer: str, code: str) -> None:
    address = f"/commitments/{api_of_an.post('/commitments/', sent_about(lao)).json()['id']}/"

    answer = api_of_an.patch(address, change)

    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (pointer, code)


def test_the_list_is_filtered_by_side_and_standing(api_of_an: Caller, lao: Partner) -> None:
    for text, owed_by, due_on in (("Trễ", "ours", "2026-11-03"), ("Bạn trễ", "theirs", "2026-11-03"), ("Xa", "ours", "2099-01-01")):
        api_of_an.post("/commitments/", sent_about(lao, text=text, owed_by=owed_by, due_on=due_on))
    assert timezone.localdate() > date(2026, 11, 3)
    assert [row["text"] for row in api_of_an.get("/commitments/", state="overdue", owed_by="ours").json()["items"]] == ["Trễ"]
    assert [row["text"] for row in api_of_an.get("/commitments/", state="open").json()["items"]] == ["Xa"]
    assert api_of_an.get("/commitments/", state="forgotten").status_code == 400


def test_another_unit_neither_finds_nor_changes_it(api_of_an: Caller, api_of_chau: Caller, lao: Partner) -> None:
    identifier = api_of_an.post("/commitments/", sent_about(lao)).json()["id"]
    assert api_of_chau.get("/commitments/").json()["items"] == []
    assert api_of_chau.get(f"/commitments/{identifier}/").status_code == 404
    assert api_of_chau.patch(f"/commitments/{identifier}/", {"state": "done"}).status_code == 404


def test_what_it_hangs_on_is_not_told_to_who_may_not_see_it(an: User, chau: User, lao: Partner, meeting: Exchange) -> None:
    person = Person.objects.create(full_name="Khamphone", confidentiality=Confidentiality.RESTRICTED)
    commitment = Commitment(text="Gửi danh sách", partner=lao, exchange=meeting, person=person, promised_on=DAY, assignee=chau)
    save_commitment(commitment, by=an)
    row = caller_for(chau).get(f"/commitments/{commitment.public_id}/").json()
    assert (row["exchange"], row["person"], row["assignee"]) == (None, None, "chau")


def test_a_viewer_reads_but_does_not_write(dung: User, api_of_an: Caller, lao: Partner) -> None:
    identifier = api_of_an.post("/commitments/", sent_about(lao)).json()["id"]
    api = caller_for(dung)
    assert api.get(f"/commitments/{identifier}/").status_code == 200
    assert api.post("/commitments/", sent_about(lao)).status_code == 403


def test_it_is_archived_and_restored(api_of_an: Caller, lao: Partner) -> None:
    address = f"/commitments/{api_of_an.post('/commitments/', sent_about(lao)).json()['id']}"
    assert api_of_an.archive(f"{address}/").json()["archived"] is True
    assert api_of_an.get("/commitments/").json()["items"] == []
    assert api_of_an.restore(f"{address}/").json()["archived"] is False
