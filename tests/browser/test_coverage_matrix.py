"""The coverage matrix in a real browser: what a cell counts, by mouse, key and thumb; and the table in the clipboard."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.models import User
from tests.bed.browser import SignIn
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db(transaction=True)

CELL = '[data-cell="LA.total"]'
PANEL = "#cell-popover"


@pytest.fixture
def lao(an: User) -> None:
    partner = make_partner("Hội Hữu nghị Lào", country="LA")
    for age in (0, 40):
        make_exchange(partner, by=an, on=timezone.localdate() - timedelta(days=age), title=f"Gặp gỡ {age}")


def test_a_cell_names_its_exchanges_by_mouse_and_by_key(desk_page: Page, sign_in: SignIn, an: User, lao: None) -> None:
    page = desk_page
    sign_in(page, an)
    page.goto("/reports/coverage/?tier=NEIGHBOUR")
    panel = page.locator(PANEL)
    expect(panel).to_be_hidden()

    page.locator(CELL).hover()
    expect(panel).to_contain_text("Gặp gỡ 40")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    page.locator(CELL).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(panel.locator("a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(CELL)).to_be_focused()

    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/activities/\?country=LA"))
    expect(page.locator("table.listing tbody tr")).to_have_count(2)


def test_on_a_phone_a_tap_shows_and_the_page_does_not_move_sideways(phone_page: Page, sign_in: SignIn, an: User, lao: None) -> None:
    page = phone_page
    sign_in(page, an)
    page.goto("/reports/coverage/?tier=NEIGHBOUR")
    page.locator('[data-cell^="LA."]').first.tap()
    expect(page.locator(PANEL)).to_contain_text("Gặp gỡ")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator(f"{PANEL} [data-closes-cell]").tap()
    expect(page.locator(PANEL)).to_be_hidden()


def test_the_table_goes_to_the_clipboard_as_rows_parted_by_tabs(desk_page: Page, sign_in: SignIn, an: User, lao: None) -> None:
    page = desk_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, an)
    page.goto("/reports/coverage/?tier=NEIGHBOUR")
    page.locator("[data-copies-table]").click()
    expect(page.locator("#spoken")).not_to_be_empty()
    rows = [row.split("\t") for row in page.evaluate("navigator.clipboard.readText()").splitlines()]
    assert len({len(row) for row in rows}) == 1
    laos = next(row for row in rows if row[0] == "Lào")
    assert re.fullmatch(r"[◔◐◕●] 2/\d+", laos[-1])
