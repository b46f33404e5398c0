"""Debian's Chromium against the live server, at the two widths the pages are made for."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize
from pytest_django.live_server_helper import LiveServer

PHONE: ViewportSize = {"width": 360, "height": 780}
DESK: ViewportSize = {"width": 1280, "height": 900}
FIXTURES_WITH_BROWSER = {"page", "context", "browser", "phone_page", "desk_page", "either_page"}

SignIn = Callable[[Page, Any], None]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that opens a page, so that ``-m "not browser"`` leaves none behind."""
    for item in items:
        if FIXTURES_WITH_BROWSER & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium that ``./dev test`` found, able to run as root and to reach nothing but this machine."""
    chromium = os.environ.get("TEST_CHROMIUM")
    if not chromium:
        pytest.fail("TEST_CHROMIUM does not name a Chromium. Run the tests through ./dev test, or add -m 'not browser'.")
    # Playwright's event loop lives in this thread until the end, and Django would refuse every query beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Read the pages as most staff do: in Vietnamese, at Hanoi time."""
    return {**browser_context_args, "locale": "vi-VN", "timezone_id": "Asia/Ho_Chi_Minh", "viewport": DESK}


@pytest.fixture
def phone_page(browser: Browser, browser_context_args: dict[str, Any], live_server: LiveServer) -> Iterator[Page]:
    """A page 360 px wide on the live server. Anything the browser complains of fails the test."""
    yield from _watched_page(browser, {**browser_context_args, "viewport": PHONE, "has_touch": True}, live_server)


@pytest.fixture
def desk_page(browser: Browser, browser_context_args: dict[str, Any], live_server: LiveServer) -> Iterator[Page]:
    """A page 1280 px wide on the live server. Anything the browser complains of fails the test."""
    yield from _watched_page(browser, {**browser_context_args, "viewport": DESK}, live_server)


@pytest.fixture(params=["phone_page", "desk_page"])
def either_page(request: pytest.FixtureRequest) -> Page:
    """A page 360 px wide, and once more one 1280 px wide."""
    page: Page = request.getfixturevalue(request.param)
    return page


@pytest.fixture
def sign_in(live_server: LiveServer) -> SignIn:
    """Sign an account in on a page, by its cookie; the sign-in form has a test of its own."""

    def with_cookie(page: Page, user: Any) -> None:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    return with_cookie


def _watched_page(browser: Browser, context_arguments: dict[str, Any], live_server: LiveServer) -> Iterator[Page]:
    """Open a page, and fail at the end when a script broke or the content security policy stopped something.

    Answers of 4xx, which a test may well want, also stand in the console; they are not counted.
    """
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    context: BrowserContext = browser.new_context(**context_arguments, base_url=live_server.url)
    page = context.new_page()
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints, "The browser complained:\n" + "\n".join(complaints)
