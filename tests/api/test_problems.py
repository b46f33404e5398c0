"""Errors are problem details (RFC 9457): one shape, codes for programs, words in the reader's language; never a 500."""

import base64
import json
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from rest_framework.exceptions import ParseError

from crm.actions.records import changed_meanwhile
from crm.api.parsers import _no_name_twice
from crm.models import User
from partners.api.partners import PartnerViewSet
from partners.models import Partner
from tests.api.caller import Caller, caller_for

NEW = {"name": "Hội mới", "kind": "FOREIGN_NGO", "country": "LA"}


def test_a_problem_says_what_where_and_what_to_do(api_of_an: Caller) -> None:
    answer = api_of_an.post("/partners/", NEW | {"country": "ZZ"})
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:nhip-cau:problem:validation-failed",
        "title": "What was sent breaks a rule",
        "status": 422,
        "detail": "Correct the places named in “errors”.",
        "instance": "/api/v1/partners/",
        "code": "validation-failed",
        "errors": [{"in": "body", "pointer": "/country", "code": "unknown", "detail": "“ZZ” is not known here."}],
    }


def test_words_follow_the_reader_and_codes_do_not(an: User) -> None:
    english, vietnamese = (caller_for(an, language=language).post("/partners/", {"kind": "FOREIGN_NGO"}) for language in ("en", "vi"))
    assert (english["Content-Language"], vietnamese["Content-Language"]) == ("en", "vi")
    codes = [[(error["pointer"], error["code"]) for error in answer.json()["errors"]] for answer in (english, vietnamese)]
    assert codes == [[("/name", "required")]] * 2
    assert english.json()["errors"][0]["detail"] != vietnamese.json()["errors"][0]["detail"]


def test_vietnamese_is_what_is_spoken_where_nothing_is_asked(an: User) -> None:
    assert Client().get("/api/v1/partners/")["Content-Language"] == "vi"


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "JSON"),
        (b"{", "line 1, column 2"),
        (b'{"name": "x",}', "JSON"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": 1' + b"0" * 5000 + b"}", "too long"),
        (b'{"name": "\xff"}', "UTF-8: byte 10"),
        ('{"name": "Hội"}'.encode("utf-16"), "UTF-8"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"\\ud800": "a"}', "surrogate"),
        (b"[" * 100_000 + b"]" * 100_000, "nested"),
        (b'{"name":' * 40 + b"1" + b"}" * 40, "nested"),
    ],
)
def test_what_is_no_json_is_a_400_that_names_the_place(api_of_an: Caller, body: bytes, part: str) -> None:
    if not body:
        body = b" "
    answer = api_of_an.send_raw("/partners/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")
    assert part in answer.json()["detail"]


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true"])
def test_a_body_that_is_no_object_is_refused(api_of_an: Caller, body: str) -> None:
    answer = api_of_an.send_raw("/partners/", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == ""


def test_a_body_beyond_the_limit_is_refused(api_of_an: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = api_of_an.post("/partners/", NEW | {"city": "x" * 1000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "rubbish"])
def test_another_format_is_refused(api_of_an: Caller, content_type: str) -> None:
    answer = api_of_an.send_raw("/partners/", json.dumps(NEW), content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


def test_a_format_that_is_not_offered_is_refused(api_of_an: Caller) -> None:
    answer = api_of_an._send("get", "/partners/", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")


def test_a_method_that_is_not_known_is_refused(api_of_an: Caller, lao: Partner) -> None:
    for method in ("delete", "put"):
        answer = getattr(api_of_an.client, method)(
            f"/api/v1/partners/{lao.public_id}/", headers={"Authorization": f"Bearer {api_of_an.token}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert "PATCH" in answer["Allow"]


@pytest.mark.parametrize("path", ["", "nothing/", "partners/7/", "partners/x/archive/", "nothing/at/all", "tiers/a%00b/", "nothing/a%0Ab/"])
def test_an_address_that_is_none_is_a_problem_too(api_of_an: Caller, path: str) -> None:
    headers = {"Authorization": f"Bearer {api_of_an.token}"}
    for method in ("get", "post"):
        answer = getattr(api_of_an.client, method)(f"/api/v1/{path}", headers=headers)
        assert answer.status_code in (404, 405)
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ({"contry": "LA"}, "contry", "unknown-parameter"),
        ({"country": ""}, "country", "blank"),
        ({"q": ""}, "q", "blank"),
        ({"silent_since": ""}, "silent_since", "blank"),
        ({"page": "2"}, "page", "unknown-parameter"),
        ({"country": "ZZ"}, "country", "invalid-choice"),
        ({"country": "a\x00b"}, "country", "invalid-choice"),
        ({"status": "asleep"}, "status", "invalid-choice"),
        ({"archived": "banana"}, "archived", "invalid"),
        ({"silent_since": "2026-02-30"}, "silent_since", "invalid"),
        ({"silent_since": ["2026-02-01", "2026-02-02"]}, "silent_since", "repeated"),
        ({"q": "x" * 100_000}, "q", "max-length"),
        ({"q": "a\x00b"}, "q", "null-characters-not-allowed"),
        ({"limit": "0"}, "limit", "invalid"),
        ({"limit": "201"}, "limit", "invalid"),
        ({"limit": "²"}, "limit", "invalid"),
        ({"limit": "many"}, "limit", "invalid"),
        ({"count": "yes"}, "count", "invalid"),
        ({"cursor": "rubbish"}, "cursor", "invalid-cursor"),
        ({"cursor": "\x00"}, "cursor", "invalid-cursor"),
    ],
)
def test_a_wrong_parameter_is_named(api_of_an: Caller, query: dict[str, Any], name: str, code: str) -> None:
    answer = api_of_an.get("/partners/", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
    error = answer.json()["errors"][0]
    assert (error["in"], error["pointer"], error["code"]) == ("query", f"/{name}", code)


@pytest.mark.parametrize("name", ["limit", "count", "cursor"])
def test_a_parameter_of_the_page_is_given_once(api_of_an: Caller, name: str) -> None:
    error = api_of_an.get("/partners/", **{name: ["1", "1"]}).json()["errors"][0]
    assert (error["pointer"], error["code"]) == (f"/{name}", "repeated")


@pytest.mark.parametrize("day", ["02/03/2026", "2026-3-2", "20260302", "2026-W10-1", "2 March 2026"])
@pytest.mark.parametrize(("path", "name"), [("/exchanges/", "since"), ("/coverage/", "as_of"), ("/tiers/", "as_of")])
def test_a_day_is_written_in_one_way_whatever_the_language(an: User, path: str, name: str, day: str) -> None:
    for language in ("en", "vi"):
        answer = caller_for(an, language=language).get(path, **{name: day})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{name}")


_POSITIONS: list[Any] = [7, 1.5, True, None, [], {}, "", "x", "7", " 7", "1_0", 10**30, -(10**30)]
_POSITIONS += ["2026-02-31", "20261102", "a\x00b", "\ud800"]


@pytest.mark.parametrize(
    ("path", "order", "right"),
    [
        ("/partners/", ["sort_key", "id"], ["a", 1]),
        ("/people/", ["sort_key", "id"], ["a", 1]),
        ("/exchanges/", ["-starts_on", "-id"], ["2026-11-02", 1]),
        ("/follow-ups/", ["id"], [1]),
        ("/countries/", ["sort_key", "id"], ["a", 1]),
        ("/tiers/", ["rank", "id"], [1, 1]),
    ],
)
def test_a_forged_cursor_is_refused(api_of_an: Caller, path: str, order: list[str], right: list[Any]) -> None:
    """A cursor of the right order whose values are not of their columns must not reach the database."""

    def ask(position: list[Any]) -> Any:
        document = json.dumps(["n", order, position])
        return api_of_an.get(path, cursor=base64.urlsafe_b64encode(document.encode()).decode().rstrip("="))

    assert ask(right).status_code == 200
    for place, held in enumerate(right):
        for forged in _POSITIONS:
            if type(forged) is type(held) and forged not in ("a\x00b", "\ud800") and (held == "a" or forged == 7):
                continue
            answer = ask([*right[:place], forged, *right[place + 1 :]])
            assert answer.status_code == 400, (path, place, forged)
            assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/cursor", "invalid-cursor")]


def test_single_records_take_no_parameters(api_of_an: Caller) -> None:
    identifier = api_of_an.post("/partners/", NEW).json()["id"]
    for answer in (
        api_of_an.get(f"/partners/{identifier}/", fields="name"),
        api_of_an.patch(f"/partners/{identifier}/?force=1", {}),
        api_of_an.post("/partners/?force=1", NEW),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")


def test_archiving_takes_neither_parameters_nor_fields(api_of_an: Caller) -> None:
    address = f"/partners/{api_of_an.post('/partners/', NEW).json()['id']}/"
    assert api_of_an.post(f"{address}archive/?force=1").json()["code"] == "invalid-parameter"
    assert api_of_an.archive(address, {"force": True}).json()["errors"][0]["pointer"] == "/force"
    for body, content_type, code in (("{", "application/json", "malformed-body"), ("x", "text/plain", "unsupported-media-type")):
        answer = api_of_an.send_raw(f"{address}archive/", body, content_type, headers={"If-Match": "*"})
        assert answer.json()["code"] == code
    assert api_of_an.archive(address, {}).json()["archived"] is True


def test_a_body_that_is_missing_is_no_empty_object(api_of_an: Caller) -> None:
    identifier = api_of_an.post("/partners/", NEW).json()["id"]
    for answer in (api_of_an.send_raw("/partners/", ""), api_of_an.patch(f"/partners/{identifier}/", "")):
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")


@pytest.mark.parametrize(
    ("name", "code"), [("\u200b", "blank"), ("\u0301", "blank"), ("\u2060 \u200d", "blank"), ("Hội\x07", "control-characters-not-allowed")]
)
def test_a_name_of_which_nothing_shows_is_refused(api_of_an: Caller, name: str, code: str) -> None:
    errors = api_of_an.post("/partners/", NEW | {"name": name}).json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [("/name", code)]


def test_a_row_that_another_stored_at_the_same_moment_is_a_conflict(api_of_an: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def collide(*args: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(PartnerViewSet, "store", collide)
    assert api_of_an.post("/partners/", NEW).json()["code"] == "conflict"


def test_a_record_that_another_changed_meanwhile_is_a_conflict(api_of_an: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def come_second(*args: Any) -> None:
        raise changed_meanwhile(None)

    address = f"/partners/{api_of_an.post('/partners/', NEW).json()['id']}/"
    monkeypatch.setattr(PartnerViewSet, "store", come_second)
    answer = api_of_an.patch(address, {"city": "Vinh"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_failure_of_ours_is_recorded_and_told_without_its_inside(
    api_of_an: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("the inside of it")

    monkeypatch.setattr(PartnerViewSet, "store", fail)
    api_of_an.client.raise_request_exception = False
    answer = api_of_an.post("/partners/", NEW)
    assert (answer.status_code, answer.json()["code"]) == (500, "server-error")
    assert "inside" not in answer.content.decode()
    assert "the inside of it" in caplog.text


def test_a_database_that_is_away_for_a_moment_is_said_to_be_so(api_of_an: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_the_line(*args: Any) -> None:
        raise OperationalError("terminating connection due to administrator command")

    monkeypatch.setattr(PartnerViewSet, "store", lose_the_line)
    api_of_an.client.raise_request_exception = False
    answer = api_of_an.post("/partners/", NEW)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "2")
    assert "administrator" not in answer.content.decode()


def test_no_parameter_chooses_a_format(api_of_an: Caller) -> None:
    answer = api_of_an.get("/partners/?format=xml")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown-parameter")


def test_the_address_is_read_as_utf_8_whatever_the_charset_of_the_body(api_of_an: Caller) -> None:
    answer = api_of_an._send("post", "/partners/?dry_run=true", data=b"{}", content_type="application/json; charset=utf-16")
    assert (answer.json()["code"], answer["Dry-Run"]) == ("malformed-body", "true")


class CountedName(str):
    """A name that counts how often it is compared or looked up."""

    __slots__ = ()
    asked = 0

    def __eq__(self, other: object) -> bool:
        CountedName.asked += 1
        return str.__eq__(self, str(other))

    def __hash__(self) -> int:
        CountedName.asked += 1
        return str.__hash__(self)


def test_the_doubled_name_among_many_is_found_in_one_pass() -> None:
    names = [(CountedName(f"n{number}"), 1) for number in range(1_000)]
    with pytest.raises(ParseError, match="n0"):
        _no_name_twice([*names, names[0]])
    assert CountedName.asked < 10 * len(names)


def test_a_body_of_many_names_says_which_one_is_doubled(api_of_an: Caller) -> None:
    names = ",".join(f'"n{number}":1' for number in range(200_000))
    answer = api_of_an.send_raw("/sources/PU-40/exchanges/batch/", f'{{{names},"z":1,"z":2}}')
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")
    assert "z" in answer.json()["detail"]
