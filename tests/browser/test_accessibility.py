"""WCAG 2.2 AA on every page, as far as a program can see it: both languages, both themes, phone and desk.

Every page is loaded once per language. In the loaded page axe judges all rules at both widths, once in light and once in
dark; the two themes differ in colours alone, so that in the other theme only the rules about colour run again.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.bed.browser import DESK, PHONE
from tests.bed.pages import client_of, pages, sections

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo_data")]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ALL_RULES = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, "resultTypes": ["violations"]}
FAULTS = """axe.run(%s).then(({violations}) => violations.flatMap(({id, nodes}) => nodes.slice(0, 3).map((node) => {
    const why = node.any.concat(node.all, node.none).map((check) => check.message).join("; ");
    return `${id}: ${node.target.join(" ")} (${why.slice(0, 200)})`;
})))"""
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Reader:
    """Reads pages, notes what is wrong with them, and what the browser complains of: broken scripts, refusals of the policy."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self._where = ""
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))

    def open(self, address: str) -> None:
        self._where = address
        self.page.set_viewport_size(DESK)
        self.page.goto(address)

    def judge(self, name: str) -> None:
        """Judge the page as it stands, at both widths and in both themes."""
        self.page.locator(".htmx-request").first.wait_for(state="detached")
        self.page.evaluate(Axe().axe_script)
        for width, theme, other in ((DESK, "light", "dark"), (PHONE, "dark", "light")):
            self.page.set_viewport_size(width)
            self._ask_axe(name, width["width"], theme, ALL_RULES)
            self._ask_axe(name, width["width"], other, COLOURS)
            if self.page.evaluate(SIDEWAYS):
                self._note("scrolls sideways")

    def _ask_axe(self, name: str, width: int, theme: str, options: dict[str, Any]) -> None:
        self._where = f"{name}, {width} px, {theme}"
        self.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        for fault in self.page.evaluate(FAULTS % json.dumps(options)):
            self._note(fault)

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self._where}: {fault}")


@pytest.fixture
def reader(browser: Browser, browser_context_args: dict[str, Any], live_server: LiveServer) -> Iterator[Reader]:
    context = browser.new_context(**browser_context_args, base_url=live_server.url)
    reader = Reader(context.new_page())
    yield reader
    context.close()
    assert not reader.faults, "\n".join(reader.faults)


def give_cookies(reader: Reader, client: Client, live_server: LiveServer) -> None:
    names = [name for name in (settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME) if name in client.cookies]
    reader.page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url} for name in names])


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("section", sections())
def test_every_page_is_accessible(section: str, language: str, reader: Reader, live_server: LiveServer) -> None:
    client = client_of(language=language)
    give_cookies(reader, client, live_server)
    for name, address in pages(client, section).items():
        reader.open(address)
        reader.judge(name)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_a_stranger_or_somebody_lost_sees_is_accessible(language: str, reader: Reader, live_server: LiveServer) -> None:
    stranger = Client()
    stranger.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    give_cookies(reader, stranger, live_server)
    reader.open(reverse("account_login"))
    reader.judge("sign-in")
