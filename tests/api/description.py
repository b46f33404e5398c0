"""The description of the API, and whether an answer is one that it describes."""

import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

# Headers that stand on every answer whose description names them.
_ALWAYS_SENT = ("RateLimit", "RateLimit-Policy", "ETag", "Location", "WWW-Authenticate", "Retry-After")


@cache
def description() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # the library has no types
    return schema


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every (path, method, operation) that is described."""
    return [(path, method, operation) for path, methods in description()["paths"].items() for method, operation in methods.items()]


def operation_for(method: str, address: str) -> dict[str, Any]:
    path = address.removeprefix("http://testserver").partition("?")[0]
    # The path with the fewest parameters goes before the others: /tiers/ before /{code}/.
    for template, methods in sorted(description()["paths"].items(), key=lambda entry: entry[0].count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method in methods:
            found: dict[str, Any] = methods[method]
            return found
    raise AssertionError(f"{method} {path} is not described.")


def problems_of(value: Any, schema: dict[str, Any]) -> list[str]:
    """What is wrong with the value by the schema; formats such as dates count."""
    whole = {**schema, "components": description()["components"]}
    validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def _tells_of_no_record(answer: Any) -> bool:
    """Whether the answer is about a key that has no record, which therefore has no revision either."""
    body = answer.json() if answer.content else {}
    return isinstance(body, dict) and (body.get("id", "") is None or body.get("current", "") is None)


def check_answer(method: str, address: str, answer: Any) -> None:
    """Fail unless the status, the media type and the body are as described."""
    responses = operation_for(method, address)["responses"]
    assert str(answer.status_code) in responses, f"{method} {address}: {answer.status_code} is not described: {answer.content[:500]!r}"
    described = responses[str(answer.status_code)]
    assert {"RateLimit", "RateLimit-Policy"} <= set(described["headers"])
    if "Dry-Run" not in answer.headers:
        expected = {name for name in _ALWAYS_SENT if name in described["headers"]}
        assert expected - ({"ETag"} if _tells_of_no_record(answer) else set()) <= set(answer.headers)
    if "content" not in described:
        assert answer.content == b""
        return
    content = described["content"]
    media_type = answer["Content-Type"].partition(";")[0]
    assert media_type in content, f"{media_type} is not described."
    assert problems_of(answer.json(), content[media_type]["schema"]) == []
