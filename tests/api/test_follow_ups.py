"""Follow-ups over REST."""

from datetime import date

from crm.models import User
from partners.models import Partner
from tests.api.caller import Caller, caller_for
from tests.factories import make_exchange


def test_a_follow_up_about_a_partner_belongs_to_the_own_unit(api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an.post("/follow-ups/", {"text": "Gọi lại", "due_on": "2026-12-05", "partner": str(lao.public_id)})
    assert answer.status_code == 201, answer.content
    assert api_of_an.get(answer["Location"]).json() == answer.json()
    assert (answer.json()["unit"], answer.json()["state"], answer.json()["partner"]) == ("PU-40", "open", str(lao.public_id))


def test_about_nothing_is_refused(api_of_an: Caller, reference_data: None) -> None:
    answer = api_of_an.post("/follow-ups/", {"text": "Gọi lại"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == ""


def test_it_is_closed_and_opened_again(api_of_an: Caller, lao: Partner) -> None:
    address = f"/follow-ups/{api_of_an.post('/follow-ups/', {'text': 'Gọi lại', 'partner': str(lao.public_id)}).json()['id']}/"
    closed = api_of_an.patch(address, {"state": "done", "remark": "Đã gọi."}).json()
    assert (closed["state"], closed["remark"], closed["closed_at"] is not None) == ("done", "Đã gọi.", True)
    assert api_of_an.get("/follow-ups/", state="open").json()["items"] == []
    opened = api_of_an.patch(address, {"state": "open"}).json()
    assert (opened["state"], opened["closed_at"]) == ("open", None)


def test_it_may_be_given_to_a_colleague_who_then_sees_it(api_of_an: Caller, chau: User, lao: Partner) -> None:
    sent = {"text": "Gọi lại", "partner": str(lao.public_id), "assignee": "chau"}
    identifier = api_of_an.post("/follow-ups/", sent).json()["id"]
    mine = caller_for(chau).get("/follow-ups/", mine="true").json()["items"]
    assert [(row["id"], row["assignee"]) for row in mine] == [(identifier, "chau")]


def test_another_unit_does_not_find_it(api_of_an: Caller, api_of_chau: Caller, lao: Partner) -> None:
    identifier = api_of_an.post("/follow-ups/", {"text": "Gọi lại", "partner": str(lao.public_id)}).json()["id"]
    assert api_of_chau.get("/follow-ups/").json()["items"] == []
    assert api_of_chau.get(f"/follow-ups/{identifier}/").status_code == 404
    assert api_of_chau.patch(f"/follow-ups/{identifier}/", {"state": "done"}).status_code == 404


def test_a_hidden_exchange_cannot_be_named(api_of_chau: Caller, an: User, lao: Partner) -> None:
    hidden = make_exchange(lao, by=an, on=date(2026, 11, 2))
    answer = api_of_chau.post("/follow-ups/", {"text": "Gọi lại", "exchange": str(hidden.public_id)})
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/exchange", "unknown")]


def test_nobody_opens_one_for_another_unit_or_as_a_viewer(api_of_chau: Caller, dung: User, lao: Partner) -> None:
    sent = {"text": "Gọi lại", "partner": str(lao.public_id)}
    assert api_of_chau.post("/follow-ups/", sent | {"unit": "PU-40"}).status_code == 403
    assert caller_for(dung).post("/follow-ups/", sent).status_code == 403


def test_it_is_archived(api_of_an: Caller, lao: Partner) -> None:
    identifier = api_of_an.post("/follow-ups/", {"text": "Gọi lại", "partner": str(lao.public_id)}).json()["id"]
    assert api_of_an.archive(f"/follow-ups/{identifier}/").json()["archived"] is True
    assert api_of_an.get("/follow-ups/").json()["items"] == []
