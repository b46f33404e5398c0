"""Exchanges over REST: the same record, rules and figures as on the page."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from activities.models import Exchange, FollowUp, Participation
from activities.signals import activity_recorded
from crm.models import Unit, User
from partners.models import Partner
from tests.api.caller import Caller, caller_for
from tests.factories import make_exchange, make_partner

DAY = date(2026, 11, 2)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What the one signal said."""
    said: list[dict[str, Any]] = []

    def hear(**kwargs: Any) -> None:
        said.append({name: kwargs[name] for name in ("partner_ids", "since")})

    activity_recorded.connect(hear)
    yield said
    activity_recorded.disconnect(hear)


def body(*partners: Partner, **values: Any) -> dict[str, Any]:
    return {"kind": "WORKING_MEETING", "starts_on": "2026-11-02", "partners": [str(partner.public_id) for partner in partners], **values}


def test_three_answers_are_enough(api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an.post("/exchanges/", body(lao))
    assert answer.status_code == 201, answer.content
    read = api_of_an.get(answer["Location"]).json()
    assert read == answer.json()
    assert (read["host_unit"], read["status"], read["level"], read["sides"]) == ("PU-40", "held", "working", "both")


def test_all_that_is_sent_is_read_back(api_of_an: Caller, lao: Partner) -> None:
    second = make_partner("Đại học Viêng Chăn", kind="UNIVERSITY")
    sent = body(
        second,
        lao,
        title="Trao đổi kế hoạch năm 2027",
        ends_on="2026-11-03",
        direction="in",
        level="deputy",
        sides="both",
        place="Vinh",
        country="VN",
        provinces=["nghe-an"],
        host_unit="PU-40",
        co_units=["PU-22"],
        fields=["PEACE", "CUL"],
        summary="Hai bên gặp nhau.",
        outcome="Thống nhất lịch đoàn ra.",
        confidentiality="network",
        people_count=8,
    )
    read = api_of_an.post("/exchanges/", sent).json()
    assert {name: read[name] for name in sent} == sent


def test_it_is_the_record_that_the_page_lists_and_the_figures_hear_of_it(
    api_of_an: Caller, an: User, lao: Partner, heard: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks():
        identifier = api_of_an.post("/exchanges/", body(lao)).json()["id"]
    exchange = Exchange.objects.visible_to(an).live().get(public_id=identifier)
    assert exchange.created_by == an
    assert heard == [{"partner_ids": {lao.pk}, "since": DAY}]
    assert Participation.objects.get(exchange=exchange).counted is True
    assert api_of_an.get(f"/partners/{lao.public_id}/").json()["last_contact_on"] == "2026-11-02"


def test_a_change_moves_the_figures_of_partners_before_and_after(
    api_of_an: Caller, an: User, lao: Partner, heard: list[dict[str, Any]]
) -> None:
    other = make_partner("Hội Campuchia", country="KH")
    exchange = make_exchange(lao, by=an, on=DAY)
    heard.clear()
    answer = api_of_an.patch(f"/exchanges/{exchange.public_id}/", {"partners": [str(other.public_id)], "level": "leader"})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["partners"], answer.json()["level"]) == ([str(other.public_id)], "leader")
    assert heard == [{"partner_ids": {lao.pk, other.pk}, "since": DAY}]
    assert answer["ETag"] == f'"rev-{answer.json()["revision"]}"'


def test_archiving_takes_it_out_of_lists_and_figures(api_of_an: Caller, an: User, lao: Partner) -> None:
    exchange = make_exchange(lao, by=an, on=DAY)
    assert api_of_an.archive(f"/exchanges/{exchange.public_id}/").json()["archived"] is True
    assert api_of_an.get("/exchanges/").json()["items"] == []
    assert Participation.objects.get(exchange=exchange).counted is False
    assert api_of_an.restore(f"/exchanges/{exchange.public_id}/").json()["archived"] is False


def test_a_follow_up_is_opened_with_it(api_of_an: Caller, lao: Partner) -> None:
    sent = body(lao, follow_up={"text": "Gửi thư cảm ơn", "due_on": "2026-12-05"})
    identifier = api_of_an.post("/exchanges/", sent).json()["id"]
    follow_up = FollowUp.objects.get(exchange__public_id=identifier)
    assert (follow_up.text, follow_up.due_on, follow_up.unit.code) == ("Gửi thư cảm ơn", date(2026, 12, 5), "PU-40")


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"partners": []}, "/partners", "empty"),
        ({"partners": ["019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55"]}, "/partners/0", "unknown"),
        ({"partners": [7]}, "/partners/0", "invalid"),
        ({"partners": "lao"}, "/partners", "not-a-list"),
        ({"ends_on": "2026-11-01"}, "/ends_on", "ends-before-start"),
        ({"starts_on": "2026-02-30"}, "/starts_on", "invalid"),
        ({"starts_on": "1945-09-01"}, "/starts_on", "too-early"),
        ({"starts_on": "2099-01-01"}, "/starts_on", "future-held"),
        ({"starts_on": None}, "/starts_on", "null"),
        ({"kind": "PARTY"}, "/kind", "unknown"),
        ({"level": "king"}, "/level", "invalid-choice"),
        ({"level": 2}, "/level", "invalid-choice"),
        ({"people_count": "8"}, "/people_count", "invalid"),
        ({"people_count": -1}, "/people_count", "min-value"),
        ({"people_count": 10**30}, "/people_count", "max-value"),
        ({"provinces": ["nghe-an", "atlantis"]}, "/provinces/1", "unknown"),
        ({"country": "ZZ"}, "/country", "unknown"),
        ({"title": "x" * 100_000}, "/title", "max-length"),
        ({"summary": "x" * 100_000}, "/summary", "max-length"),
        ({"title": "a\x00b"}, "/title", "null-characters-not-allowed"),
        ({"kind": "a\x00b"}, "/kind", "unknown"),
        ({"title": 5}, "/title", "invalid"),
        ({"follow_up": {"text": ""}}, "/follow_up/text", "blank"),
        ({"follow_up": {"text": "a", "who": "b"}}, "/follow_up/who", "unknown-field"),
        ({"tittle": "a"}, "/tittle", "unknown-field"),
        ({"id": "x"}, "/id", "read-only"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown-field"),
    ],
)
def test_what_breaks_a_rule_is_named_and_nothing_is_stored(
    api_of_an: Caller, lao: Partner, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    answer = api_of_an.post("/exchanges/", body(lao) | wrong)
    assert answer.status_code == 422, answer.content
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert not Exchange.objects.exists()


def test_each_sees_the_exchanges_of_the_own_level(an: User, binh: User, chau: User, dung: User, khoa: User, ha: User, lao: Partner) -> None:
    for level in ("network", "unit", "restricted"):
        make_exchange(lao, by=an, on=DAY, title=level, confidentiality=level)
    expected = {
        an: {"network", "unit", "restricted"},
        binh: {"network", "unit", "restricted"},
        dung: {"network", "unit"},
        chau: {"network"},
        khoa: {"network", "unit"},
        ha: {"network", "unit", "restricted"},
    }
    for user, seen in expected.items():
        caller = caller_for(user)
        answer = caller.get("/exchanges/", count="exact").json()
        assert {row["title"] for row in answer["items"]} == seen, user
        assert answer["count"] == len(seen), user
        opened = {
            exchange.title for exchange in Exchange.objects.all() if caller.get(f"/exchanges/{exchange.public_id}/").status_code == 200
        }
        assert opened == seen, user


def test_a_unit_that_held_it_together_reads_and_writes_it(api_of_chau: Caller, an: User, lao: Partner, quang_ninh: Unit) -> None:
    exchange = make_exchange(lao, by=an, on=DAY, co_units=[quang_ninh])
    assert api_of_chau.patch(f"/exchanges/{exchange.public_id}/", {"place": "Hạ Long"}).json()["place"] == "Hạ Long"


def test_another_unit_neither_finds_nor_changes_it(api_of_chau: Caller, an: User, lao: Partner) -> None:
    address = f"/exchanges/{make_exchange(lao, by=an, on=DAY).public_id}/"
    assert api_of_chau.get(address).status_code == 404
    assert api_of_chau.patch(address, {"place": "x"}).status_code == 404
    assert api_of_chau.archive(address).status_code == 404


def test_what_is_open_to_all_is_still_changed_by_its_units_alone(api_of_chau: Caller, an: User, lao: Partner) -> None:
    exchange = make_exchange(lao, by=an, on=DAY, confidentiality="network")
    assert api_of_chau.patch(f"/exchanges/{exchange.public_id}/", {"place": "x"}).status_code == 403


def test_a_hidden_delegation_is_as_unknown_as_none(api_of_chau: Caller, an: User, lao: Partner) -> None:
    hidden = make_exchange(lao, by=an, on=DAY, kind="DELEGATION_IN")
    answer = api_of_chau.post("/exchanges/", body(lao, parent=str(hidden.public_id)))
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/parent", "unknown")]


def test_nobody_logs_for_another_unit_or_as_a_viewer(api_of_chau: Caller, dung: User, lao: Partner) -> None:
    assert api_of_chau.post("/exchanges/", body(lao, host_unit="PU-40")).status_code == 403
    assert caller_for(dung).post("/exchanges/", body(lao)).status_code == 403
    assert not Exchange.objects.exists()


def test_the_list_is_paged_without_losing_or_repeating_a_row(api_of_an: Caller, an: User, lao: Partner) -> None:
    for age in range(7):
        make_exchange(lao, by=an, on=DAY - timedelta(days=age // 2), title=str(age))
    first = api_of_an.get("/exchanges/", limit=3).json()
    titles = [row["title"] for row in first["items"]]
    assert first["previous"] is None
    page = first
    while page["next"]:
        page = api_of_an.get(page["next"]).json()
        titles += [row["title"] for row in page["items"]]
    assert titles == ["1", "0", "3", "2", "5", "4", "6"]
    back = api_of_an.get(page["previous"]).json()
    assert [row["title"] for row in back["items"]] == ["2", "5", "4"]


def test_a_planned_exchange_may_lie_ahead(api_of_an: Caller, lao: Partner) -> None:
    ahead = (timezone.localdate() + timedelta(days=30)).isoformat()
    assert api_of_an.post("/exchanges/", body(lao, starts_on=ahead, status="planned")).status_code == 201


def test_an_end_before_the_start_is_named(api_of_an: Caller, lao: Partner) -> None:
    sent = {"kind": "WORKING_MEETING", "starts_on": "2026-11-02", "partners": [str(lao.public_id)]}
    address = f"/exchanges/{api_of_an.post('/exchanges/', sent | {'ends_on': '2026-11-03'}).json()['id']}/"
    for answer, pointer in (
        (api_of_an.post("/exchanges/", sent | {"ends_on": "2026-11-01"}), "/ends_on"),
        (api_of_an.patch(address, {"ends_on": "2026-11-01"}), "/ends_on"),
        (api_of_an.patch(address, {"starts_on": "2026-11-04"}), "/starts_on"),
    ):
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, "ends-before-start")]
    own = api_of_an.patch(address, {"parent": address.split("/")[2]})
    assert [error["pointer"] for error in own.json()["errors"]] == ["/parent"]
