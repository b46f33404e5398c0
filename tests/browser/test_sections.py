"""The sections at every width between a tablet held upright and a wide desk: none behind the edge or under the button."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from crm.models import User
from tests.bed.browser import SignIn

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = (768, 864, 865, 1000, 1200, 1201, 1280)
HIDDEN = "list => list.scrollWidth - list.clientWidth"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_section_is_in_sight(language: str, desk_page: Page, sign_in: SignIn, live_server: LiveServer, ha: User) -> None:
    page = desk_page
    sign_in(page, ha)
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}])
    page.goto("/")
    sections = page.locator(".sections ul")
    expect(sections.locator("li")).to_have_count(8)
    assert page.locator("html").get_attribute("lang") == language
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 600})
        assert sections.evaluate(HIDDEN) == 0, f"{width} px"
        expect(page.get_by_role("link", name="Ghi hoạt động" if language == "vi" else "Log an exchange").first).to_be_visible()
