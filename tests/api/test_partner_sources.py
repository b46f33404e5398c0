"""Partners by the office's own key over REST: one by one, in batches, and the list of keys to compare with."""

from typing import Any
from urllib.parse import quote

import pytest

from crm.models import Unit, User
from partners.actions.merges import merge_partners
from partners.actions.partners import save_partner
from partners.actions.proposals import decline_proposal
from partners.models import ChangeProposal, ExternalId, Partner
from tests.api.caller import Caller
from tests.factories import make_partner, make_steward

KEYS = "/sources/PU-40/partners"


def data(name: str = "Hội Hữu nghị Lào - Việt Nam", **values: Any) -> dict[str, Any]:
    return {"name": name, "kind": "FRIENDSHIP_ASSOCIATION", "country": "LA", **values}


def put(api: Caller, key: str, body: Any, *, keys: str = KEYS, dry_run: bool = False, **options: Any) -> Any:
    query = {"dry_run": "true"} if dry_run else {}
    return api._send("put", f"{keys}/{quote(key, safe='')}/", data=body, content_type="application/json", query_params=query, **options)


def say(api: Caller, key: str, *, version: int | None = None, **values: Any) -> Any:
    return put(api, key, {"version": version, "data": data(**values)})


def delete(api: Caller, key: str, **query: Any) -> Any:
    return api._send("delete", f"{KEYS}/{quote(key, safe='')}/", query_params=query)


def row(key: str, *, version: int = 1, **values: Any) -> dict[str, Any]:
    return {"external_id": key, "version": version, "data": data(**values)}


def test_a_new_row_says_where_it_is_and_comes_back_as_it_was_sent(api_of_an: Caller) -> None:
    names = [{"name": "ສະມາຄົມ", "language": "lo", "usage": "official"}]
    made = say(api_of_an, "A-1", version=1, names=names, city="Viêng Chăn")
    assert (made.status_code, made.json()["result"], made["ETag"]) == (201, "created", '"rev-1"')
    partner = api_of_an.get(made["Location"]).json()
    assert (partner["name"], partner["names"], partner["unit"]) == ("Hội Hữu nghị Lào - Việt Nam", names, "PU-40")


@pytest.mark.parametrize("key", ["số/2026/17", "a b", "50%", "x?y#z", "a/", "Huế", "/", "batch", "jobs", "…" * 200])
def test_an_identifier_may_hold_any_character(key: str, api_of_an: Caller) -> None:
    assert say(api_of_an, key, version=1).json()["external_id"] == key
    assert say(api_of_an, key, version=1).json()["result"] == "unchanged"
    assert api_of_an.get(f"{KEYS}/{quote(key, safe='')}/").json()["external_id"] == key


def test_both_ways_to_write_a_letter_find_the_same_row(api_of_an: Caller) -> None:
    made = say(api_of_an, "Huế", version=1)
    assert say(api_of_an, "Hue\u0302\u0301", version=1).json() == {**made.json(), "result": "unchanged"}


@pytest.mark.parametrize(("key", "code"), [("x" * 201, "max-length"), ("a\x00b", "control-characters-not-allowed"), (" ", "blank")])
def test_an_identifier_that_cannot_be_one_is_refused_and_not_found(key: str, code: str, api_of_an: Caller) -> None:
    answer = say(api_of_an, key)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert api_of_an.get(f"{KEYS}/{quote(key, safe='')}/").status_code == 404


def test_a_likely_partner_is_answered_with_candidates_and_the_office_decides(api_of_an: Caller) -> None:
    known = make_partner("Hội Hữu nghị Lào - Việt Nam tỉnh Chăm Pa Sắc")
    body = {"version": 1, "data": data("Hội HN Lào-Việt Nam tỉnh Chăm Pa Sắc")}
    asked = put(api_of_an, "A-1", body)
    (candidate,) = asked.json()["candidates"]
    assert (asked.status_code, asked.json()["code"], candidate["id"]) == (409, "ambiguous-match", str(known.public_id))
    assert candidate["reasons"]
    linked = put(api_of_an, "A-1", body | {"same_as": candidate["id"]})
    assert (linked.status_code, linked.json()["result"], linked.json()["id"]) == (200, "linked", candidate["id"])
    assert put(api_of_an, "A-2", body | {"same_as": None}).json()["result"] == "created"


def test_a_dry_run_shows_candidates_and_rules_and_stores_nothing(api_of_an: Caller) -> None:
    tried = put(api_of_an, "A-1", {"data": data()}, dry_run=True)
    assert (tried.status_code, tried["Dry-Run"], tried.json()["result"]) == (201, "true", "created")
    make_partner("Hội Hữu nghị Lào - Việt Nam tỉnh Chăm Pa Sắc")
    assert put(api_of_an, "A-1", {"data": data("Hội HN Lào-Việt Nam tỉnh Chăm Pa Sắc")}, dry_run=True).status_code == 409
    assert put(api_of_an, "A-1", {"data": data(website="không")}, dry_run=True).status_code == 422
    assert not ExternalId.objects.exists()


def test_a_partner_that_another_unit_leads_is_proposed_and_the_office_sees_what_became_of_it(
    api_of_an: Caller, chau: User, quang_ninh: Unit
) -> None:
    known = make_partner("Hội Hữu nghị Lào - Việt Nam", kind="FRIENDSHIP_ASSOCIATION")
    make_steward(known, quang_ninh)
    say(api_of_an, "A-1", version=1)
    answer = say(api_of_an, "A-1", version=2, founded_year=1979)
    assert (answer.status_code, answer.json()["result"], answer.json()["proposed"]) == (202, "proposed", ["founded_year"])
    decline_proposal(ChangeProposal.objects.get(), by=chau, reason="Chưa kiểm chứng.")
    proposal = api_of_an.get(f"/proposals/{answer.json()['proposal']}/").json()
    assert (proposal["state"], proposal["reason"], proposal["lead_unit"]) == ("declined", "Chưa kiểm chứng.", "PU-22")
    assert proposal["changes"] == [{"field": "founded_year", "from": None, "to": 1979, "accepted": False}]
    assert api_of_an.get("/proposals/", state="open").json()["items"] == []


def test_a_stale_if_match_is_answered_with_what_stands(api_of_an: Caller, ha: User) -> None:
    partner = Partner.objects.get(public_id=say(api_of_an, "A-1", version=1, city="Huế").json()["id"])
    partner.city = "Hội An"
    save_partner(partner, by=ha)
    body = {"version": 2, "data": data(city="Vinh")}
    stale = put(api_of_an, "A-1", body, headers={"If-Match": '"rev-1"'})
    assert (stale.status_code, stale["ETag"], stale.json()["differs"]) == (412, '"rev-2"', ["city"])
    assert stale.json()["current"]["city"] == "Hội An"
    assert put(api_of_an, "A-1", body, headers={"If-Match": stale["ETag"]}).json()["result"] == "changed"


def test_a_revision_named_of_a_row_that_is_not_there_is_a_412(api_of_an: Caller) -> None:
    answer = put(api_of_an, "A-1", {"data": data()}, headers={"If-Match": '"rev-1"'})
    assert (answer.status_code, answer.json()["code"], answer.json()["current"]) == (412, "changed-meanwhile", None)


def test_a_merged_partner_is_told(api_of_an: Caller, ha: User) -> None:
    one = say(api_of_an, "A-1", version=1, name="Quỹ Sen Vàng").json()["id"]
    two = say(api_of_an, "A-2", version=1, name="Quỹ Hòa bình Mê Kông").json()["id"]
    survivor, merged = (Partner.objects.get(public_id=public_id) for public_id in (one, two))
    merge_partners(survivor, merged, by=ha)
    answer = say(api_of_an, "A-2", version=2, name="Quỹ Hòa bình Mê Kông").json()
    assert (answer["id"], answer["merged_into"]) == (one, one)
    standing = api_of_an.get(f"{KEYS}/A-2/").json()
    assert (standing["id"], standing["merged_into"]) == (one, one)
    assert [row["merged_into"] for row in api_of_an.get(f"{KEYS}/").json()["items"]] == [None, one]


def test_a_delete_before_its_create_keeps_the_row_dead(api_of_an: Caller) -> None:
    gone = delete(api_of_an, "A-1", version=5)
    assert (gone.status_code, gone.json()["result"], gone.json()["id"]) == (200, "withdrawn", None)
    assert say(api_of_an, "A-1", version=4).json()["result"] == "older"
    assert not Partner.objects.exists()
    assert say(api_of_an, "A-1", version=6).json()["result"] == "created"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"changed_at": "2999-01-01T00:00:00+07:00"}, "in-the-future"),
        ({"changed_at": "2026-01-01T00:00:00"}, "no-zone"),
        ({"changed_at": "hôm qua"}, "invalid"),
        ({"version": "7"}, "invalid"),
        ({"version": -1}, "min-value"),
        ({"same_as": "x"}, "invalid"),
        ({"lead_unit": "VUFO"}, "unknown-field"),
    ],
)
def test_a_word_that_is_wrong_is_refused_at_its_place(said: dict[str, Any], code: str, api_of_an: Caller) -> None:
    answer = put(api_of_an, "A-1", {"data": data(), **said})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, code, f"/{next(iter(said))}")
    assert not ExternalId.objects.exists()


def test_other_values_under_the_same_version_are_refused(api_of_an: Caller) -> None:
    say(api_of_an, "A-1", version=1)
    answer = say(api_of_an, "A-1", version=1, city="Huế")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "version-reused")


def test_the_keys_of_another_unit_are_forbidden_and_of_none_not_found(api_of_an: Caller) -> None:
    assert put(api_of_an, "A-1", {"data": data()}, keys="/sources/PU-22/partners").status_code == 403
    assert api_of_an.get("/sources/PU-22/partners/").status_code == 403
    assert put(api_of_an, "A-1", {"data": data()}, keys="/sources/XX-99/partners").status_code == 404


def test_the_lead_of_a_new_partner_cannot_be_named(api_of_an: Caller) -> None:
    answer = put(api_of_an, "A-1", {"data": data(lead_unit="VUFO")})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/data/lead_unit")


def test_a_batch_tells_the_fate_of_every_row(api_of_an: Caller, nghe_an: Unit) -> None:
    make_steward(make_partner("Quỹ Hòa bình Mê Kông", kind="FRIENDSHIP_ASSOCIATION"), nghe_an)
    items = [
        row("A-1", name="Quỹ Sen Vàng"),
        row("A-2", name="Viện Đông Dương học", kind="KHONG_CO"),
        row("A-3", name="Quỹ Hòa bình Mê Kông", city="Huế"),
        row("A-4", name="QUY SEN VANG"),
        {"external_id": "A-5", "version": 1, "delete": True},
        row("A-1", version=2, name="Quỹ Sen Vàng", city="Vinh"),
    ]
    answer = api_of_an.post(f"{KEYS}/batch/", {"items": items})
    rows = answer.json()["items"]
    assert [(one["status"], one["result"]) for one in rows] == [
        (201, "created"), (422, "refused"), (200, "linked"), (409, "refused"), (200, "withdrawn"), (200, "changed"),
    ]  # fmt: skip
    assert rows[1]["errors"][0]["pointer"] == "/data/kind"
    assert [one["id"] for one in rows[3]["candidates"]] == [rows[0]["id"]]
    assert answer.json()["counts"] == {"created": 1, "refused": 2, "linked": 1, "withdrawn": 1, "changed": 1}


def test_an_atomic_batch_with_a_wrong_row_stores_nothing(api_of_an: Caller) -> None:
    items = [row("A-1", name="Quỹ Sen Vàng"), row("A-2", name="Viện Đông Dương học", website="không")]
    answer = api_of_an.post(f"{KEYS}/batch/", {"atomic": True, "items": items})
    assert (answer.status_code, [one["result"] for one in answer.json()["items"]]) == (422, ["created", "refused"])
    assert not Partner.objects.exists()


def test_an_office_compares_its_keys_with_those_that_are_here(api_of_an: Caller) -> None:
    for number in range(3):
        say(api_of_an, f"A-{number}", version=1, name=f"Quỹ Sen {number}")
    first = api_of_an.get(f"{KEYS}/", limit=2).json()
    rest = api_of_an.get(first["next"]).json()
    assert [key["external_id"] for key in first["items"] + rest["items"]] == ["A-0", "A-1", "A-2"]
    assert rest["next"] is None


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_that_no_clock_here_tells_is_refused(moment: str, api_of_an: Caller) -> None:
    (error,) = put(api_of_an, "A-1", {"changed_at": moment, "data": data()}).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/changed_at", "invalid")


def test_an_age_that_stands_in_the_address_is_refused_there(api_of_an: Caller) -> None:
    answer = delete(api_of_an, "A-1", changed_at="2999-01-01T00:00:00+07:00")
    assert [(error["in"], error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("query", "/changed_at", "in-the-future")
    ]


def test_a_line_break_in_a_key_is_refused_as_any_control_character(api_of_an: Caller) -> None:
    answer = say(api_of_an, "A\n1", version=1)
    assert [error["code"] for error in answer.json()["errors"]] == ["control-characters-not-allowed"]
    assert answer.json()["instance"] == "/api/v1/sources/PU-40/partners/A%0A1/"


def test_a_known_key_is_not_led_to_another_partner(api_of_an: Caller, ha: User) -> None:
    one = say(api_of_an, "A-1", version=1, name="Quỹ Sen Vàng").json()["id"]
    two = say(api_of_an, "A-2", version=1, name="Quỹ Hòa bình Mê Kông").json()["id"]
    word = {"version": 2, "same_as": two, "data": data(name="Quỹ Sen Vàng", city="Viêng Chăn")}
    (error,) = put(api_of_an, "A-1", word).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/same_as", "key-taken")
    assert put(api_of_an, "A-1", word | {"same_as": one}).json()["result"] == "changed"
    survivor, merged = (Partner.objects.get(public_id=public_id) for public_id in (one, two))
    merge_partners(survivor, merged, by=ha)
    again = {"version": 3, "same_as": two, "data": data(name="Quỹ Hòa bình Mê Kông")}
    assert put(api_of_an, "A-2", again).json()["id"] == one
