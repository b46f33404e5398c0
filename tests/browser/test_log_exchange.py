"""Logging an exchange with the keyboard alone, on a phone and at a desk."""

import pytest
from playwright.sync_api import Page, expect

from activities.models import Exchange
from crm.models import User
from partners.models import Partner
from tests.bed.browser import SignIn
from tests.factories import make_partner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["phone_page", "desk_page"])
def page(request: pytest.FixtureRequest) -> Page:
    page: Page = request.getfixturevalue(request.param)
    return page


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt Phu Chăm-pa")


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_three_answers_by_keyboard_and_it_stands_on_the_partners_timeline(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto("/activities/log/")
    assert no_sideways_scrolling(page)

    page.get_by_role("combobox").first.focus()
    page.keyboard.type("huu nghi lao")
    expect(page.get_by_role("option", name=partner.name)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".combobox-chosen .label").first).to_have_text(partner.name)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")

    page.wait_for_url("**/activities/*-*/")
    exchange = Exchange.objects.get()
    assert [row.partner for row in exchange.participations.all()] == [partner]
    assert no_sideways_scrolling(page)

    page.goto(partner.get_absolute_url())
    line = page.locator("ol.timeline").get_by_role("link", name=exchange.kind.label)
    expect(line).to_be_visible()
    assert no_sideways_scrolling(page)


def test_the_long_form_opens_without_scrolling_sideways(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto(f"/activities/log/?partner={partner.public_id}")

    page.locator("details.more-fields > summary").press("Enter")

    expect(page.get_by_role("textbox").last).to_be_visible()
    assert no_sideways_scrolling(page)
