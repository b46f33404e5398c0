"""Partners over REST: read by every unit, written by those who keep them."""

import unicodedata
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from crm.models import Field, Unit, User
from crm.permissions import Permission
from partners.filters import PartnerFilter
from partners.models import Partner
from tests.api.caller import Caller, caller_for
from tests.factories import make_partner, make_steward

NEW = {
    "name": "Hội Hữu nghị Campuchia - Việt Nam",
    "name_language": "vi",
    "names": [{"name": "សមាគមមិត្តភាពកម្ពុជា-វៀតណាម", "language": "km", "usage": "official"}],
    "kind": "FRIENDSHIP_ASSOCIATION",
    "country": "KH",
    "city": "Phnôm Pênh",
    "website": "https://example.org/kh",
    "founded_year": 1985,
    "fields": ["PEACE", "CUL"],
    "friend_since": 1986,
}


def test_a_partner_is_registered_and_read_back_as_it_was_sent(api_of_an: Caller) -> None:
    answer = api_of_an.post("/partners/", NEW)
    assert answer.status_code == 201, answer.content
    assert answer["ETag"] == '"rev-1"'
    read = api_of_an.get(answer["Location"])
    assert read.json() == answer.json()
    body = read.json()
    assert {name: body[name] for name in NEW} == NEW
    assert body["unit"] == "PU-40"
    assert body["stewards"] == [{"unit": "PU-40", "role": "lead"}]
    assert body["status"] == "active"


def test_a_partner_made_over_rest_has_its_author_and_a_version(api_of_an: Caller, an: User) -> None:
    identifier = api_of_an.post("/partners/", NEW).json()["id"]
    partner = Partner.objects.get(public_id=identifier)
    assert partner.created_by == an
    assert partner.history.first().history_user == an


def test_text_comes_back_composed(api_of_an: Caller) -> None:
    answer = api_of_an.post("/partners/", NEW | {"name": unicodedata.normalize("NFD", "Hội Hoà Bình")})
    assert answer.json()["name"] == "Hội Hoà Bình"


def test_html_in_a_name_stays_text(api_of_an: Caller) -> None:
    assert api_of_an.post("/partners/", NEW | {"name": "<b>Hội</b>"}).json()["name"] == "<b>Hội</b>"


def test_only_what_is_sent_changes(api_of_an: Caller) -> None:
    before = api_of_an.post("/partners/", NEW).json()
    answer = api_of_an.patch(f"/partners/{before['id']}/", {"city": "Xiêm Riệp", "fields": []})
    assert answer.status_code == 200
    assert answer["ETag"] == '"rev-2"'
    changed = {name for name, value in answer.json().items() if before[name] != value}
    assert changed - {"updated_at"} == {"city", "fields", "revision"}


def test_sending_nothing_changes_nothing(api_of_an: Caller) -> None:
    before = api_of_an.post("/partners/", NEW).json()
    assert api_of_an.patch(f"/partners/{before['id']}/", {}).json() == before


def test_names_are_replaced_and_found(api_of_an: Caller) -> None:
    identifier = api_of_an.post("/partners/", NEW).json()["id"]
    api_of_an.patch(f"/partners/{identifier}/", {"names": [{"name": "Cambodia-Vietnam Friendship", "language": "en"}]})
    found = api_of_an.get("/partners/", q="cambodia vietnam").json()["items"]
    assert [row["id"] for row in found] == [identifier]
    assert found[0]["names"] == [{"name": "Cambodia-Vietnam Friendship", "language": "en", "usage": "other"}]


def test_an_archived_partner_leaves_the_list_and_comes_back(api_of_an: Caller) -> None:
    identifier = api_of_an.post("/partners/", NEW).json()["id"]
    assert api_of_an.archive(f"/partners/{identifier}/").json()["archived"] is True
    assert api_of_an.get("/partners/").json()["items"] == []
    assert [row["id"] for row in api_of_an.get("/partners/", archived="true").json()["items"]] == [identifier]
    assert api_of_an.get(f"/partners/{identifier}/").status_code == 200
    assert api_of_an.restore(f"/partners/{identifier}/").json()["archived"] is False


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"name": ""}, "/name", "blank"),
        ({"name": "   "}, "/name", "blank"),
        ({"name": 7}, "/name", "invalid"),
        ({"name": "x" * 100_000}, "/name", "max-length"),
        ({"name": "a\x00b"}, "/name", "null-characters-not-allowed"),
        ({"kind": None}, "/kind", "null"),
        ({"kind": "x" * 100_000}, "/kind", "unknown"),
        ({"website": "javascript:alert(1)"}, "/website", "invalid"),
        ({"founded_year": 20.5}, "/founded_year", "invalid"),
        ({"founded_year": True}, "/founded_year", "invalid"),
        ({"founded_year": 99999}, "/founded_year", "max-value"),
        ({"names": [{"name": "a"}, {"name": "b", "language": "xx"}]}, "/names/1/language", "invalid-choice"),
        ({"names": [{"language": "lo"}]}, "/names/0/name", "required"),
        ({"names": ["Hội"]}, "/names/0", "invalid"),
        ({"names": "Hội"}, "/names", "not-a-list"),
        ({"names": [{"name": "a"}] * 51}, "/names", "max-length"),
        ({"fields": ["PEACE", "NONE"]}, "/fields/1", "unknown"),
        ({"fields": ["PEACE"] * 501}, "/fields", "too-many"),
        ({"fields": [[["PEACE"]]]}, "/fields/0", "invalid"),
        ({"lead_unit": "PU-99"}, "/lead_unit", "unknown"),
        ({"status": {"a": 1}}, "/status", "invalid-choice"),
    ],
)
def test_what_breaks_a_rule_is_named_and_nothing_is_stored(api_of_an: Caller, wrong: dict[str, Any], pointer: str, code: str) -> None:
    answer = api_of_an.post("/partners/", NEW | wrong)
    assert answer.status_code == 422, answer.content
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert len(answer.content) < 1500
    assert not Partner.objects.exists()


def test_the_lead_is_not_changed_in_passing(api_of_an: Caller) -> None:
    identifier = api_of_an.post("/partners/", NEW).json()["id"]
    answer = api_of_an.patch(f"/partners/{identifier}/", {"lead_unit": "PU-22"})
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/lead_unit", "read-only")]


def test_another_unit_reads_the_directory_but_may_not_change_it(lao: Partner, nghe_an: Unit, api_of_chau: Caller) -> None:
    make_steward(lao, nghe_an)
    address = f"/partners/{lao.public_id}/"
    assert api_of_chau.get(address).json()["stewards"] == [{"unit": "PU-40", "role": "lead"}]
    for answer in (api_of_chau.patch(address, {"city": "Viêng Chăn"}), api_of_chau.archive(address)):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")
    lao.refresh_from_db()
    assert (lao.city, lao.archived_at) == ("", None)


def test_another_unit_may_not_be_made_the_lead(api_of_an: Caller) -> None:
    answer = api_of_an.post("/partners/", NEW | {"lead_unit": "PU-22"})
    assert answer.status_code == 403
    assert not Partner.objects.exists()


def test_the_centre_registers_for_a_unit(api_of_ha: Caller) -> None:
    assert api_of_ha.post("/partners/", NEW | {"lead_unit": "PU-22"}).json()["unit"] == "PU-22"


def test_a_viewer_reads_but_does_not_write(dung: User, lao: Partner) -> None:
    caller = caller_for(dung)
    assert caller.get(f"/partners/{lao.public_id}/").status_code == 200
    assert caller.post("/partners/", NEW).status_code == 403
    assert caller.patch(f"/partners/{lao.public_id}/", {"city": "x"}).status_code == 403


def test_an_account_without_a_role_sees_nothing(lao: Partner, an: User) -> None:
    caller = caller_for(an)
    an.memberships.all().delete()
    assert caller.get("/partners/").status_code == 403
    assert not an.may(Permission.PARTNER_VIEW)


def test_an_identifier_that_is_none_is_not_found(api_of_an: Caller) -> None:
    answer = api_of_an.get("/partners/019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "query",
    [
        {"q": "huu nghi"},
        {"kind": ["FRIENDSHIP_ASSOCIATION", "FOREIGN_NGO"]},
        {"country": "LA"},
        {"family": "research", "status": ["active", "dormant"]},
        {"field": "PEACE"},
        {"steward": "PU-40"},
        {"tier": "SPECIAL"},
        {"tier": "ASEAN", "tier_on": "2026-11-21"},
        {"silent_since": "2026-01-01"},
    ],
)
def test_a_filter_gives_the_rows_of_the_page(query: dict[str, str | list[str]], an: User, nghe_an: Unit) -> None:
    universities = [make_partner(f"Đại học {letter}", country="JP", kind="UNIVERSITY") for letter in "AĂÂB"]
    associations = [
        make_partner(f"Hội hữu nghị {country}", country=country, kind="FRIENDSHIP_ASSOCIATION") for country in ("LA", "KH", "RU")
    ]
    universities[0].fields.add(Field.objects.get(code="PEACE"))
    Partner.objects.filter(pk=universities[1].pk).update(status="dormant", last_contact_on=date(2026, 2, 1))
    make_steward(associations[0], nghe_an)
    page = PartnerFilter(QueryDict(urlencode(query, doseq=True)), queryset=Partner.objects.visible_to(an)).qs.order_by("sort_key", "id")
    rows = caller_for(an).get("/partners/", **query).json()["items"]
    assert [row["id"] for row in rows] == [str(partner.public_id) for partner in page]
    assert 0 < len(rows) < 7
