"""Nobody writes over what he has not read: ETag, If-Match (RFC 9110), and what differs where it is too late."""

from datetime import date
from typing import Any

import pytest

from crm.models import Unit, User
from partners.actions.partners import save_partner
from partners.choices import StewardRole
from partners.models import Partner, Stewardship
from tests.activities.agreeing import make_agreement
from tests.api.caller import Caller
from tests.factories import make_exchange, make_partner

NEW = {"name": "Hội mới", "kind": "FOREIGN_NGO", "country": "LA"}


@pytest.fixture
def address(api_of_an: Caller) -> str:
    return f"/partners/{api_of_an.post('/partners/', NEW).json()['id']}/"


def test_a_change_without_if_match_is_refused(api_of_an: Caller, address: str) -> None:
    for answer in (api_of_an.patch(address, {"city": "Vinh"}, if_match=None), api_of_an.archive(address, if_match=None)):
        assert (answer.status_code, answer.json()["code"]) == (428, "if-match-required")
    assert api_of_an.get(address).json()["revision"] == 1


def test_a_change_of_the_revision_that_was_read_gives_the_next_one(api_of_an: Caller, address: str) -> None:
    read = api_of_an.get(address)
    answer = api_of_an.patch(address, {"city": "Vinh"}, if_match=read["ETag"])
    assert (answer.status_code, answer["ETag"]) == (200, '"rev-2"')
    archived = api_of_an.archive(address, if_match=answer["ETag"])
    assert (archived.status_code, archived["ETag"]) == (200, '"rev-3"')
    assert api_of_an.restore(address, if_match='"rev-1", "rev-3"').status_code == 200


def test_a_stale_change_is_answered_with_what_stands_and_what_differs(api_of_an: Caller, address: str) -> None:
    api_of_an.patch(address, {"city": "Vinh", "fields": ["PEACE"]})
    api_of_an.patch(address, {"names": [{"name": "New association", "language": "en"}]})
    answer = api_of_an.patch(address, {"city": "Hà Nội"}, if_match='"rev-1"')
    assert (answer.status_code, answer.json()["code"]) == (412, "changed-meanwhile")
    assert answer["ETag"] == '"rev-3"'
    assert answer.json()["differs"] == ["city", "fields", "names"]
    assert answer.json()["current"] == api_of_an.get(address).json()
    assert api_of_an.patch(address, {"city": "Hà Nội"}, if_match='"rev-2"').json()["differs"] == ["names"]
    assert Partner.objects.get().city == "Vinh"


def test_what_was_changed_and_changed_back_does_not_differ(api_of_an: Caller, address: str) -> None:
    for city in ("Vinh", ""):
        api_of_an.patch(address, {"city": city})
    assert api_of_an.patch(address, {"city": "Hà Nội"}, if_match='"rev-1"').json()["differs"] == []


def test_archiving_a_stale_revision_is_refused_and_says_so(api_of_an: Caller, address: str) -> None:
    api_of_an.archive(address)
    answer = api_of_an.restore(address, if_match='"rev-1"')
    assert (answer.status_code, answer.json()["differs"]) == (412, ["archived"])


def test_what_hangs_on_an_exchange_differs_under_its_own_name(api_of_an: Caller, an: User) -> None:
    exchange = make_exchange(make_partner(), by=an, on=date(2026, 10, 1))
    address = f"/exchanges/{exchange.public_id}/"
    others = [str(make_partner(name).public_id) for name in ("Hội A", "Hội B")]
    assert api_of_an.patch(address, {"partners": others, "place": "Vinh", "provinces": ["nghe-an"]}).status_code == 200
    answer = api_of_an.patch(address, {"place": "Huế"}, if_match='"rev-1"')
    assert answer.json()["differs"] == ["partners", "place", "provinces"]


def test_parties_of_an_agreement_differ(api_of_an: Caller, an: User) -> None:
    agreement = make_agreement(make_partner(), by=an)
    address = f"/agreements/{agreement.public_id}/"
    before = api_of_an.get(address)
    parties = [{name: value for name, value in party.items() if value} for party in before.json()["parties"]]
    assert api_of_an.patch(address, {"parties": [*parties, {"side": "theirs", "name": "Bên thứ ba"}]}).status_code == 200
    assert api_of_an.patch(address, {"title": "X"}, if_match=before["ETag"]).json()["differs"] == ["parties"]


@pytest.mark.parametrize("tag", ['"rev-99"', '"rev-2147483650"', '"17"', '"of-another-system"'])
def test_a_tag_that_was_never_ours_is_stale_and_nothing_can_be_compared(api_of_an: Caller, address: str, tag: str) -> None:
    answer = api_of_an.patch(address, {"city": "Vinh"}, if_match=tag)
    assert (answer.status_code, answer.json()["differs"]) == (412, None)


def test_a_weak_tag_never_matches_for_writing(api_of_an: Caller, address: str) -> None:
    assert api_of_an.patch(address, {"city": "Vinh"}, if_match='W/"rev-1"').status_code == 412


@pytest.mark.parametrize("tag", ["", "rev-1", "1", '"rev-1', 'rev-1"', '*, "rev-1"', '"rev-1" "rev-2"', 'w/"rev-1"', '"rév"', '"a b"'])
def test_a_tag_that_is_none_is_refused(api_of_an: Caller, address: str, tag: str) -> None:
    answer = api_of_an.patch(address, {"city": "Vinh"}, if_match=tag)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-header")
    assert answer.json()["errors"][0]["pointer"] == "/If-Match"


def test_whatever_stands_is_changed_by_an_asterisk(api_of_an: Caller, address: str) -> None:
    assert api_of_an.patch(address, {"city": "Vinh"}, if_match="*").status_code == 200


def test_whether_it_may_be_changed_comes_before_the_revision_and_the_revision_before_the_body(
    api_of_an: Caller, api_of_chau: Caller, address: str
) -> None:
    assert api_of_chau.patch(address, {"city": "Vinh"}, if_match=None).status_code == 403
    assert api_of_an.patch(address, "{", if_match='"rev-9"').status_code == 412
    assert api_of_an.patch("/partners/019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55/", {}, if_match=None).status_code == 404


def test_whoever_is_overtaken_while_he_writes_is_told_the_same(
    api_of_an: Caller, address: str, an: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another stores between the moment at which the revision was compared and the one at which it is written."""

    def overtake(view: Any, record: Partner, given: dict[str, Any]) -> None:
        other = Partner.objects.get(pk=record.pk)
        other.city = "Vinh"
        save_partner(other, by=an)
        monkeypatch.undo()
        view.store(record, given)

    monkeypatch.setattr("partners.api.partners.PartnerViewSet.store", overtake)
    answer = api_of_an.patch(address, {"city": "Hà Nội"}, if_match='"rev-1"')
    assert (answer.status_code, answer["ETag"], answer.json()["differs"]) == (412, '"rev-2"', ["city"])
    assert answer.json()["current"]["city"] == "Vinh"


@pytest.mark.parametrize("tag", ['"rev-1"', "*"])
def test_nobody_keeps_what_moved_without_a_new_revision(api_of_an: Caller, address: str, quang_ninh: Unit, tag: str) -> None:
    """Who stewards a partner is no word of the partner itself: its revision stays, its representation does not."""
    before = api_of_an.get(address).json()["stewards"]
    Stewardship.objects.create(partner=Partner.objects.get(), unit=quang_ninh, role=StewardRole.SUPPORT)
    answer = api_of_an.get(address, headers={"If-None-Match": tag})
    assert (answer.status_code, answer["ETag"]) == (200, '"rev-1"')
    assert answer.json()["stewards"] == [*before, {"unit": quang_ninh.code, "role": "support"}]
