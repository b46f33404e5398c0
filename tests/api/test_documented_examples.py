"""Whoever copies an example out of docs/api gets the answer that stands beside it: run against the site as a server runs it."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings

from config.demo.accounts import CLIENT_ID, CLIENT_SECRET
from crm.models import OfficeClient
from tests.api.documented import FOLDER, check, examples_of, send

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = sorted(page for page in FOLDER.glob("*.md") if examples_of(page))


@pytest.fixture
def settings_of_office(served_site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> dict[str, str]:
    """What an office has to know, in the environment and by the names that the pages use."""
    # The site that is served knows the usual digests alone, not the quick one that tests keep secrets by.
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    client = OfficeClient.objects.get(client_id=CLIENT_ID)
    client.client_secret = CLIENT_SECRET
    client.save()
    told = {"URL": served_site, "UNIT": "PU-40", "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    for name, value in told.items():
        monkeypatch.setenv(f"NHIP_CAU_{name}", value)
    monkeypatch.chdir(tmp_path)
    return {**told, "HOST": served_site}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_are_answered_as_the_page_says(page: Path, settings_of_office: dict[str, str]) -> None:
    names = dict(settings_of_office)
    if "TOKEN" not in {example.name for example in examples_of(page)}:
        names["TOKEN"] = _token(names)
    spoken: dict[str, Any] = {"__name__": "example"}
    for example in examples_of(page):
        if example.language == "python":
            exec(compile(example.code, str(page), "exec"), spoken)  # noqa: S102  (the pages are our own)
            continue
        answer = send(example.code, names)
        check(answer, example.answer or "HTTP/1.1 200 OK")
        if example.name:
            names[example.name] = str(answer.json()[example.member])
    if "office" in spoken:
        with spoken["office"].connection:
            pass  # The program of an example ends with it, and so does its line.


def _token(names: dict[str, str]) -> str:
    command = 'curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials -d "scope=read write" "$HOST/oauth/token/"'
    return str(send(command, names).json()["access_token"])


def test_the_pages_that_promise_examples_have_them() -> None:
    assert {page.stem for page in PAGES} >= {"README", "writing", "reading", "sync-worked-example"}
    assert os.environ.get("NHIP_CAU_CLIENT_SECRET") is None
