"""The line of a district office: every page light, nothing that holds it up, and work gets done at 3G speed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, CDPSession, Page, expect

from activities.models import Exchange
from tests.bed.browser import DESK, PHONE
from tests.bed.pages import client_of, pages, sections
from tests.factories import make_partner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo_data")]

FIRST_VIEW_BYTES = 150_000
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 // 8, "uploadThroughput": 400_000 // 8}
HOLDING_UP = "script[src]:not([defer], [async], [type=module])"


class Line:
    """What comes over the line to a browser that has nothing in its cache, answers' heads included."""

    def __init__(self, page: Page) -> None:
        self.received = 0
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.on("Network.loadingFinished", self._count)
        self.session.send("Network.enable")
        self.session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def slow_down(self) -> None:
        self.session.send("Network.emulateNetworkConditions", SLOW_3G)

    def _count(self, event: dict[str, Any]) -> None:
        self.received += event["encodedDataLength"]


@pytest.fixture
def reader(browser: Browser, browser_context_args: dict[str, Any], served_site: str) -> Iterator[Page]:
    """A page on the site as a server runs it, signed in as the secretariat."""
    context = browser.new_context(**{**browser_context_args, "viewport": DESK}, base_url=served_site)
    session = client_of().cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": served_site}])
    yield context.new_page()
    context.close()


def test_static_files_come_compressed_and_are_kept_for_ever(reader: Page) -> None:
    answers = []
    reader.on("response", lambda answer: answers.append(answer) if "/static/" in answer.url else None)
    reader.goto("/")
    kinds = {answer.url.rpartition(".")[2]: answer.headers for answer in answers}
    for kind in ("css", "js"):
        assert kinds[kind]["content-encoding"] == "gzip"
        assert "immutable" in kinds[kind]["cache-control"]


@pytest.mark.parametrize("section", sections())
def test_the_first_view_of_every_page_is_light_and_held_up_by_no_script(section: str, reader: Page) -> None:
    line = Line(reader)
    weights, held_up = {}, []
    for name, address in pages(client_of(), section).items():
        line.received = 0
        reader.goto(address)
        reader.locator(".htmx-request").first.wait_for(state="detached")
        weights[name] = line.received
        held_up += [name] * reader.locator(HOLDING_UP).count()
    assert {name: weight for name, weight in weights.items() if not 5_000 < weight < FIRST_VIEW_BYTES} == {}
    assert held_up == []


def test_an_exchange_is_logged_over_a_slow_line(reader: Page) -> None:
    """400 kbit/s and 400 ms there and back, nothing in the cache, on a phone. What is asked is that it works, not how fast."""
    partner = make_partner("Hội Bạn đường dài")
    before = Exchange.objects.count()
    reader.set_viewport_size(PHONE)
    Line(reader).slow_down()
    reader.goto("/")
    reader.locator(".button.log").click()
    reader.locator("#log-line").fill("hôm nay làm việc với Hội Bạn đường dài 4 người")
    expect(reader.locator("#log-chip-partners .label")).to_have_text(partner.name, timeout=20_000)
    reader.locator(".log-form button.primary").click()
    expect(reader.locator("#toasts [data-logged]")).to_be_visible(timeout=20_000)
    assert Exchange.objects.count() == before + 1
    assert Exchange.objects.latest("pk").participations.get().partner == partner
