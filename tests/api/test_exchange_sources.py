"""Exchanges by the office's own key over REST: one by one and in batches."""

from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from activities.actions.exchanges import change_exchange
from activities.models import Exchange, ExternalExchangeId
from crm.choices import Confidentiality
from crm.models import OfficePush, Unit, User
from partners.models import ExternalId, Partner
from tests.api.caller import Caller
from tests.api.exchange_rows import KEYS, data, row
from tests.factories import make_exchange, make_partner


def put(api: Caller, key: str, body: Any, **options: Any) -> Any:
    return api._send("put", f"{KEYS}/{quote(key, safe='')}/", data=body, content_type="application/json", **options)


def delete(api: Caller, key: str, **query: Any) -> Any:
    return api._send("delete", f"{KEYS}/{quote(key, safe='')}/", query_params=query)


def batch(api: Caller, *items: Any, atomic: bool = False, **options: Any) -> Any:
    return api.post(f"{KEYS}/batch/", {"atomic": atomic, "items": list(items)}, **options)


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


@pytest.mark.parametrize("tag", ['"rev-1"', "*"])
def test_a_revision_named_of_an_exchange_that_is_not_there_is_a_412(tag: str, api_of_an: Caller, lao: Partner) -> None:
    answer = put(api_of_an, "A", {"version": 1, "data": data(lao)}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"], answer.json()["current"]) == (412, "changed-meanwhile", None)
    assert not Exchange.objects.exists()
    assert not ExternalExchangeId.objects.exists()


def test_a_row_of_a_batch_says_which_revision_it_has_seen(api_of_an: Caller, an: User, lao: Partner) -> None:
    batch(api_of_an, row("A", lao, place="Vinh"), row("B", lao))
    exchange = Exchange.objects.get(place="Vinh")
    exchange.place = "Huế"
    change_exchange(exchange, by=an)
    seen = row("A", lao, version=2, place="Cửa Lò")
    stale, new, gone = batch(
        api_of_an, seen | {"if_match": 1}, row("C", lao) | {"if_match": 1}, {"external_id": "B", "delete": True, "if_match": 7}
    ).json()["items"]
    assert (stale["status"], stale["code"], stale["differs"]) == (412, "changed-meanwhile", ["place"])
    assert stale["current"]["place"] == "Huế"
    assert (new["status"], new["current"]) == (412, None)
    assert (gone["status"], gone["differs"]) == (412, ["archived"])
    (meant,) = batch(api_of_an, seen | {"if_match": 2}).json()["items"]
    assert (meant["result"], meant["revision"]) == ("changed", 3)
    assert Exchange.objects.get(pk=exchange.pk).place == "Cửa Lò"


@pytest.mark.parametrize("said", ["yes", "true", 1, 0, None, [], {}])
def test_all_or_none_is_true_or_false_and_no_word_for_it(said: Any, api_of_an: Caller, lao: Partner) -> None:
    answer = api_of_an.post(f"{KEYS}/batch/", {"atomic": said, "items": [row("A", lao)]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/atomic")
    (refused,) = batch(api_of_an, {"external_id": "A", "delete": said}).json()["items"]
    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, "/delete")
    assert not Exchange.objects.exists()


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
