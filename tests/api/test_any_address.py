"""What holds at every address: what is not known is refused, limits are told, HEAD and OPTIONS answer, bodies are bounded."""

import re
from typing import Any

import pytest
from django.test import Client
from redis.exceptions import RedisError

from crm.api.throttles import CredentialThrottle
from partners.models import Partner
from tests.api.caller import Caller
from tests.api.description import operations

NEW = {"name": "Hội mới", "kind": "FOREIGN_NGO", "country": "LA"}
NOBODY = "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55"


def address_of(path: str) -> str:
    """An address of the path, of a record that is not there."""
    named = {"unit": "PU-40", "external_id": "A-1", "alpha2": "LA", "code": "NEIGHBOUR"}
    return re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], NOBODY), path)


def send(client: Any, method: str, address: str, token: str, **headers: str) -> Any:
    send_by = getattr(client, method)
    options: dict[str, Any] = {} if method in ("get", "head", "options") else {"data": "{}", "content_type": "application/json"}
    return send_by(address, headers={"Authorization": f"Bearer {token}", "Accept-Language": "en", "If-Match": "*", **headers}, **options)


@pytest.mark.parametrize(("path", "method"), [(path, method) for path, method, _operation in operations()])
def test_an_unknown_parameter_is_refused(api_of_an: Caller, path: str, method: str) -> None:
    answer = send(Client(), method, f"{address_of(path)}?nothing_like_it=1", api_of_an.token)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter"), answer.content
    assert answer.json()["errors"] == [
        {"in": "query", "pointer": "/nothing_like_it", "code": "unknown-parameter", "detail": "This address has no such parameter."}
    ]


@pytest.mark.parametrize("path", sorted({path for path, _method, _operation in operations()}))
def test_options_says_what_may_be_done(api_of_an: Caller, path: str) -> None:
    answer = send(Client(), "options", address_of(path), api_of_an.token)
    assert (answer.status_code, answer.content) == (204, b"")
    described = {method.upper() for each, method, _operation in operations() if each == path}
    assert described <= set(answer["Allow"].split(", "))


@pytest.mark.parametrize("path", sorted({path for path, method, _operation in operations() if method == "get"}))
def test_head_answers_as_get_without_the_body(api_of_an: Caller, path: str) -> None:
    get, head = (send(Client(), method, address_of(path), api_of_an.token) for method in ("get", "head"))
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers.get("Content-Length") == get.headers.get("Content-Length")


@pytest.mark.parametrize("method", ["delete", "put", "trace"])
def test_a_method_that_is_not_known_is_405_with_those_that_are(api_of_an: Caller, method: str) -> None:
    answer = send(Client(), method, "/api/v1/partners/?x=1", api_of_an.token)
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("identifier", ["1", "x", NOBODY, NOBODY[:-1], NOBODY.upper(), f"{NOBODY}0", "%00", "..%2F", "%FF", "a b", "{}"])
def test_an_identifier_that_is_none_is_404(api_of_an: Caller, identifier: str) -> None:
    for method in ("get", "patch"):
        answer = send(Client(), method, f"/api/v1/partners/{identifier}/", api_of_an.token)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_count_is_exact_and_only_where_it_is_asked_for(api_of_an: Caller) -> None:
    for _ in range(3):
        api_of_an.post("/partners/", NEW)
    answer = api_of_an.get("/partners/", count="exact", limit=1, country="LA")
    assert (answer.json()["count"], len(answer.json()["items"])) == (3, 1)
    assert "count" not in api_of_an.get("/partners/").json()
    assert api_of_an.get("/partners/", count="about").status_code == 400


def test_every_answer_tells_the_limit_and_what_is_left(api_of_an: Caller, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 100
    answers = [
        api_of_an.get("/tiers/"),
        api_of_an.get("/tiers/", nothing="1"),
        api_of_an.post("/partners/", {}),
        Client().get("/api/v1/tiers/"),
        send(Client(), "get", "/api/v1/nothing/", api_of_an.token),
        send(Client(), "get", "/api/v1/tiers/", api_of_an.token, Accept="image/png"),
        send(Client(), "get", "/api/v1/tiers/", "unknown"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 422, 401, 404, 406, 401]
    for answer in answers:
        assert answer["RateLimit-Policy"] == '"minute";q=100;w=60'
        assert re.fullmatch(r'"minute";r=\d{1,2};t=\d{1,2}', answer["RateLimit"])


def test_requests_that_are_refused_count_as_well(api_of_an: Caller, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    statuses = [send(Client(), "get", "/api/v1/tiers/", "unknown").status_code for _ in range(10)]
    assert set(statuses) == {401, 429}
    answer = send(Client(), "get", "/api/v1/nothing/", "unknown")
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert answer["RateLimit"].startswith('"minute";r=0;')
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_cache_that_is_away_stops_nobody(api_of_an: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> int:
        raise RedisError("connection refused")

    monkeypatch.setattr(CredentialThrottle, "_count", fail)
    assert api_of_an.get("/tiers/").status_code == 200


class NeverRead:
    """A body that is much too long to be received."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("The body was read.")

    readline = read


def test_a_body_that_says_it_is_too_long_is_refused_unread(api_of_an: Caller) -> None:
    stated: dict[str, Any] = {"CONTENT_LENGTH": str(10**12), "wsgi.input": NeverRead(), "CONTENT_TYPE": "application/json"}
    extras: tuple[dict[str, Any], ...] = ({}, {"HTTP_IDEMPOTENCY_KEY": "k"})
    for extra in extras:
        answer = Client().generic("POST", "/api/v1/partners/", HTTP_AUTHORIZATION=f"Bearer {api_of_an.token}", **stated, **extra)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_body_in_chunks_is_told_to_state_its_length(api_of_an: Caller) -> None:
    headers: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "HTTP_AUTHORIZATION": f"Bearer {api_of_an.token}"}
    answer = Client().generic("POST", "/api/v1/partners/", content_type="application/json", **headers)
    assert (answer.status_code, answer.json()["code"]) == (411, "length-required")


def test_of_several_reasons_the_first_in_order_is_answered(api_of_an: Caller) -> None:
    """docs/decisions/0024 names the order."""
    stale, bad_key = {"If-Match": '"rev-9"'}, {"Idempotency-Key": "a b"}
    address = f"/partners/{api_of_an.post('/partners/', NEW).json()['id']}/"
    steps = [
        (f"{address}archive/?x=1", {"x": 1}, {**stale, **bad_key}, "invalid-parameter"),
        (f"{address}archive/", {"x": 1}, {**stale, **bad_key}, "invalid-header"),
        (f"/partners/{NOBODY}/archive/", {"x": 1}, stale, "not-found"),
        (f"{address}archive/", {"x": 1}, {}, "if-match-required"),
        (f"{address}archive/", {"x": 1}, stale, "changed-meanwhile"),
        (f"{address}archive/", {"x": 1}, {"If-Match": "*"}, "validation-failed"),
    ]
    for path, body, headers, code in steps:
        assert api_of_an.post(path, body, headers=headers).json()["code"] == code
    assert not Partner.objects.get().is_archived
