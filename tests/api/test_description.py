"""The description (OpenAPI 3.1) is valid, complete, and its examples fit; every test of the API holds answers against it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern
from openapi_spec_validator import OpenAPIV31SpecValidator

from activities.models import AgreementKind, ExchangeKind
from config.api import api_urls
from crm.models import Field, User
from partners.models import PartnerKind
from tests.api.description import description, operations, problems_of

# The description itself, its page, and the addresses that are none.
UNDESCRIBED = {"schema", "docs", "root", "unknown"}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference to a component."""
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = description()["components"]["schemas"][name] if name else schema
    return found


def test_it_is_valid_openapi_3_1() -> None:
    whole = json.loads(json.dumps(description(), default=str))
    assert whole["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(whole).iter_errors()) == []


def test_making_it_raises_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    description.cache_clear()
    description()
    assert capsys.readouterr().err == ""


def test_every_address_and_method_is_described() -> None:
    described = {(path, method) for path, method, _operation in operations()}
    routed = set()
    for pattern in api_urls[0]:
        assert isinstance(pattern, URLPattern)
        if pattern.name in UNDESCRIBED:
            continue
        path = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        view: Any = pattern.callback
        methods = getattr(view, "actions", None) or [name for name in view.cls.http_method_names if hasattr(view.cls, name)]
        routed |= {(path, method) for method in methods if method not in ("head", "options")}
    assert described == routed


def test_operations_have_names_of_their_own_and_say_what_they_do() -> None:
    names = [operation["operationId"] for _path, _method, operation in operations()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
    assert all(operation["description"] for _path, _method, operation in operations())


def test_every_operation_names_its_errors_and_its_scope() -> None:
    for path, method, operation in operations():
        assert {"400", "401", "403", "406", "429", "500"} <= set(operation["responses"]), path
        assert ("404" in operation["responses"]) is ("{" in path), path
        assert operation["security"][0] == {"office": ["read" if method == "get" else "write"]}
        if "requestBody" in operation:
            assert {"409", "413", "415", "422"} <= set(operation["responses"]), path


def test_examples_fit() -> None:
    checked = 0
    for path, method, operation in operations():
        bodies = [*operation["responses"].values(), *([operation["requestBody"]] if "requestBody" in operation else [])]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            for name, example in media.get("examples", {}).items():
                assert problems_of(example["value"], media["schema"]) == [], f"{method} {path}: {name}"
                checked += 1
    assert checked > 100


def test_every_success_has_an_example() -> None:
    missing = [
        f"{method} {path}"
        for path, method, operation in operations()
        for status, body in operation["responses"].items()
        for media in body.get("content", {}).values()
        if status.startswith("2") and not media.get("examples")
    ]
    assert missing == []


def test_it_is_served_to_whoever_is_signed_in(an: User) -> None:
    client = Client()
    assert client.get("/api/v1/schema/").status_code == 401
    client.force_login(an, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert answer.json()["openapi"].startswith("3.1")


def test_the_page_keeps_the_strict_policy_and_loads_nothing_from_elsewhere(an: User) -> None:
    client = Client()
    assert client.get("/api/v1/docs/").status_code == 302
    client.force_login(an, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/api/v1/docs/")
    text = answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<style|<script>|style=|https?://", text)
    assert "swagger-ui-bundle.js" in text


def test_the_codes_that_programs_need_are_documented(reference_data: None) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api" / "codes.md").read_text(encoding="utf-8")
    codes = {code for model in (PartnerKind, ExchangeKind, AgreementKind, Field) for code in model.objects.values_list("code", flat=True)}
    assert sorted(code for code in codes if f"`{code}`" not in text) == []
