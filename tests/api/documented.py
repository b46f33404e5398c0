"""The examples of docs/api: found in the pages, sent as they stand there, and held against the answers beside them."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import httpx
from django.utils import timezone

FOLDER = Path(__file__).parents[2] / "docs" / "api"
# ``<!-- run: NAME = member -->`` before a block; the answer's member is $NAME in later ones. An answer may follow.
_EXAMPLE = re.compile(
    r"<!-- run(?:: (?P<name>[A-Z]+) = (?P<member>\w+))? -->\n```(?P<language>sh|python)\n(?P<code>.*?)\n```"
    r"(?:\n```http\n(?P<answer>.*?)\n```)?",
    re.DOTALL,
)
_ANYTHING = "…"
# The pages name one day; the examples are run with the day of today, which no report has been issued for.
_DAY_OF_PAGES = "2026-11-02"


@dataclass(frozen=True)
class Example:
    """One block of a page. ``answer``: what the page says is answered, head and body."""

    language: str
    code: str
    answer: str
    name: str = ""
    member: str = ""


def examples_of(page: Path) -> list[Example]:
    text = page.read_text(encoding="utf-8").replace(_DAY_OF_PAGES, timezone.localdate().isoformat())
    found = _EXAMPLE.finditer(text)
    return [Example(one["language"], one["code"], one["answer"] or "", one["name"] or "", one["member"] or "") for one in found]


def send(command: str, names: dict[str, str]) -> httpx.Response:
    """Send what a line of curl says; it knows -X, -H, -d and -u, and the names as the shell would."""
    words = shlex.split(Template(_outside_quotes(command, names)).safe_substitute(names).replace("\\\n", " "))
    assert words[0] == "curl", command
    method, address, headers, data, auth = "", "", {}, [], None
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _colon, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            data.append(next(rest))
        elif word == "-u":
            user, _colon, secret = next(rest).partition(":")
            auth = (user, secret)
        else:
            address = word
    if data:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    method = method or ("POST" if data else "GET")
    return httpx.request(method, address, headers=headers, content="&".join(data).encode() or None, auth=auth, timeout=60)


def check(answer: httpx.Response, written: str) -> None:
    """Hold an answer against what the page says: its status, the headers named, and the shape of the body."""
    head, _blank, body = written.partition("\n\n")
    status, *lines = head.split("\n")
    assert answer.status_code == int(status.split()[1]), f"{status}: {answer.status_code} {answer.text}"
    for line in lines:
        name, _colon, value = line.partition(": ")
        assert name in answer.headers, f"{name}: {dict(answer.headers)}"
        assert _ANYTHING in value or answer.headers[name] == value, f"{name}: {answer.headers[name]}"
    if body:
        _check_shape(json.loads(body), answer.json(), "")


def _check_shape(written: Any, got: Any, place: str) -> None:
    if written == _ANYTHING:
        return
    if isinstance(written, dict):
        assert isinstance(got, dict), place
        assert set(written) == set(got), f"{place}: {sorted(set(written) ^ set(got))}"
        for name, value in written.items():
            _check_shape(value, got[name], f"{place}/{name}")
    elif isinstance(written, list):
        assert isinstance(got, list), place
        assert _ANYTHING in written or len(written) == len(got), f"{place}: {got}"
        for number, value in enumerate(written):
            _check_shape(value, got[number], f"{place}/{number}")
    elif place.rpartition("/")[2] in ("result", "code", "pointer", "external_id", "status", "deleted", "noun", "has_more", "in"):
        assert written == got, f"{place}: {got!r}"
    else:
        assert type(written) is type(got), f"{place}: {got!r}"


def _outside_quotes(command: str, names: dict[str, str]) -> str:
    """Put in the names that stand between two quoted parts, as in ``'…'$NAME'…'``."""
    return re.sub(r"'\$([A-Z]+)'", lambda found: names.get(found[1], found[0]), command)
