"""Lists by keyboard and on a phone: ticking rows, choosing columns, waiting for an export."""

import re

import pytest
from playwright.sync_api import Page, expect

from crm.models import User
from partners.models import Partner, PartnerKind
from tests.bed.browser import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def partners(an: User) -> list[Partner]:
    kind = PartnerKind.objects.order_by("order")[0]
    return [Partner.objects.create(name=f"Hội số {number}", kind=kind, unit_id=an.scope.home_unit_ids[0]) for number in range(4)]


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_rows_are_ticked_by_keys_and_the_button_counts_them(desk_page: Page, sign_in: SignIn, an: User, partners: list[Partner]) -> None:
    page = desk_page
    sign_in(page, an)
    page.goto("/partners/")
    bar = page.locator("#picked")
    expect(bar).to_be_hidden()

    for key in "jxjjxk":
        page.keyboard.press(key)

    expect(page.locator("tbody input[name=row]:checked")).to_have_count(2)
    expect(bar.locator("button.primary")).to_contain_text("2")
    page.keyboard.press("e")
    page.wait_for_url(re.compile(r"/changes/edit/\?"))
    expect(page.locator("h1")).to_contain_text("2")


def test_single_keys_are_off_for_those_who_want_none(desk_page: Page, sign_in: SignIn, an: User, partners: list[Partner]) -> None:
    User.objects.filter(pk=an.pk).update(single_key_shortcuts=False)
    sign_in(desk_page, an)
    desk_page.goto("/partners/")

    for key in "jx":
        desk_page.keyboard.press(key)

    expect(desk_page.locator("tbody input[name=row]:checked")).to_have_count(0)


def test_columns_are_chosen_and_stand_in_a_short_address(either_page: Page, sign_in: SignIn, an: User, partners: list[Partner]) -> None:
    page = either_page
    sign_in(page, an)
    page.goto("/partners/")
    page.locator(".list-tools summary").first.click()
    page.locator("input[name=columns][value=status]").check()
    assert no_sideways_scrolling(page)

    page.locator(".column-panel button.primary").click()

    page.wait_for_url(re.compile(r"/partners/\?columns=name%2C\S*status&order=name$"))
    assert page.locator("thead th").count() == 7
    assert no_sideways_scrolling(page)


def test_the_menu_says_that_the_file_is_being_made_until_it_comes(
    desk_page: Page, sign_in: SignIn, an: User, partners: list[Partner]
) -> None:
    page = desk_page
    sign_in(page, an)
    page.goto("/partners/")
    page.locator("details:has([data-exports]) > summary").click()

    with page.expect_download() as download:
        page.locator("[data-exports] a").first.click()

    assert download.value.suggested_filename.endswith("-4.xlsx")
    expect(page.locator("[data-exports] [role=status]")).to_have_count(0)
