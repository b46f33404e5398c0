"""Agreements with their parties over REST."""

from typing import Any

from crm.models import AuditEvent, User
from partners.models import Partner
from tests.api.caller import Caller, caller_for


def body(partner: Partner, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "MOU",
        "title": "Bản ghi nhớ hợp tác",
        "signed_on": "2024-03-18",
        "valid_to": "2029-03-18",
        "parties": [
            {"side": "ours", "unit": "PU-40", "signatory": "Trần Thị Hoa", "signatory_title": "Phó Chủ tịch"},
            {"side": "theirs", "partner": str(partner.public_id)},
        ],
        **changes,
    }


def test_one_entered_reads_back_with_its_parties_in_order(api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an.post("/agreements/", body(lao, fields=["PEACE"]))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert api_of_an.get(answer["Location"]).json() == told
    assert (told["unit"], told["state"], told["valid_from"], told["fields"]) == ("PU-40", "signed", "2024-03-18", ["PEACE"])
    assert [(party["side"], party["unit"], party["partner"]) for party in told["parties"]] == [
        ("ours", "PU-40", None),
        ("theirs", None, str(lao.public_id)),
    ]
    assert told["parties"][0]["signatory_title"] == "Phó Chủ tịch"


def test_a_change_gives_the_next_revision(api_of_an: Caller, lao: Partner) -> None:
    address = f"/agreements/{api_of_an.post('/agreements/', body(lao)).json()['id']}/"
    changed = api_of_an.patch(address, {"number": "03/TTHT"})
    assert (changed["ETag"], changed.json()["revision"], changed.json()["number"]) == ('"rev-2"', 2, "03/TTHT")


def test_parties_given_replace_those_there_and_the_others_stay(api_of_an: Caller, lao: Partner) -> None:
    told = api_of_an.post("/agreements/", body(lao)).json()
    address = f"/agreements/{told['id']}/"
    parties = [*told["parties"], {"side": "theirs", "name": "Tỉnh Xiêng Khoảng"}]
    changed = api_of_an.patch(address, {"parties": parties}).json()
    assert [party["name"] for party in changed["parties"]] == ["", "", "Tỉnh Xiêng Khoảng"]
    assert api_of_an.patch(address, {"title": "Khác"}).json()["parties"] == changed["parties"]


def test_a_party_in_two_ways_or_of_the_wrong_side_is_refused_by_its_place(api_of_an: Caller, lao: Partner) -> None:
    partner = str(lao.public_id)
    for party in ({"side": "ours", "unit": "PU-40", "province": "nghe-an"}, {"side": "ours", "partner": partner}, {"side": "theirs"}):
        answer = api_of_an.post("/agreements/", body(lao, parties=[party, {"side": "theirs", "partner": partner}]))
        assert answer.status_code == 422, answer.content
        assert answer.json()["errors"][0]["pointer"].startswith("/parties/0")


def test_one_without_our_side_is_refused(api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an.post("/agreements/", body(lao, parties=[{"side": "theirs", "partner": str(lao.public_id)}]))
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/parties", "ours-required")]


def test_a_renewal_names_the_old_one_which_stays(api_of_an: Caller, lao: Partner) -> None:
    old = api_of_an.post("/agreements/", body(lao, signed_on="2018-01-01", valid_to="2023-01-01")).json()
    renewal = api_of_an.post("/agreements/", body(lao, renews=old["id"])).json()
    assert renewal["renews"] == old["id"]
    assert api_of_an.get(f"/agreements/{old['id']}/").json() == old
    second = api_of_an.post("/agreements/", body(lao, renews=old["id"]))
    assert [(error["pointer"], error["code"]) for error in second.json()["errors"]] == [("/renews", "renewed-already")]


def test_the_list_finds_by_province_before_and_after_its_merger(api_of_ha: Caller, lao: Partner) -> None:
    parties = [{"side": "ours", "province": "quang-nam"}, {"side": "theirs", "partner": str(lao.public_id)}]
    sent = body(lao, kind="TWINNING_PROVINCE", level="provincial", signed_on="2009-04-18", parties=parties)
    identifier = api_of_ha.post("/agreements/", sent).json()["id"]
    for province, found in {"quang-nam": [identifier], "da-nang": [identifier], "da-nang-until-2025": [], "nghe-an": []}.items():
        assert [row["id"] for row in api_of_ha.get("/agreements/", province=province).json()["items"]] == found, province


def test_another_unit_does_not_find_it(api_of_an: Caller, api_of_chau: Caller, lao: Partner) -> None:
    identifier = api_of_an.post("/agreements/", body(lao)).json()["id"]
    assert api_of_chau.get("/agreements/").json()["items"] == []
    assert api_of_chau.get(f"/agreements/{identifier}/").status_code == 404
    assert api_of_chau.patch(f"/agreements/{identifier}/", {"title": "Khác"}).status_code == 404


def test_nobody_enters_one_for_another_unit_or_as_a_viewer(api_of_chau: Caller, dung: User, lao: Partner) -> None:
    assert api_of_chau.post("/agreements/", body(lao, unit="PU-40")).status_code == 403
    assert caller_for(dung).post("/agreements/", body(lao)).status_code == 403


def test_reading_a_restricted_one_leaves_a_trace(api_of_ha: Caller, lao: Partner) -> None:
    identifier = api_of_ha.post("/agreements/", body(lao, confidentiality="restricted")).json()["id"]
    api_of_ha.get(f"/agreements/{identifier}/")
    assert AuditEvent.objects.filter(verb="read_restricted", subject_id=identifier).count() == 1


def test_it_is_archived_and_restored(api_of_an: Caller, lao: Partner) -> None:
    address = f"/agreements/{api_of_an.post('/agreements/', body(lao)).json()['id']}/"
    assert api_of_an.archive(address).json()["archived"] is True
    assert api_of_an.get("/agreements/").json()["items"] == []
    assert api_of_an.restore(address).json()["archived"] is False
