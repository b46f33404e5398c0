"""The sheet of shortcuts: what works on the page, and only that."""

import pytest
from playwright.sync_api import Page, expect

from crm.models import User
from tests.bed.browser import SignIn
from tests.factories import make_partner

pytestmark = pytest.mark.django_db(transaction=True)


def keys(page: Page) -> set[str]:
    return {key for key in page.locator("#shortcuts kbd:visible").all_inner_texts() if key}


def test_a_question_mark_shows_the_keys_of_the_page(desk_page: Page, sign_in: SignIn, an: User) -> None:
    make_partner()
    sign_in(desk_page, an)
    desk_page.goto("/partners/")
    desk_page.keyboard.press("?")
    expect(desk_page.get_by_role("dialog")).to_be_visible()
    assert {"/", "+", "?", "j", "k", "x", "e", "Esc"} <= keys(desk_page)
    desk_page.keyboard.press("Escape")
    expect(desk_page.get_by_role("dialog")).to_be_hidden()

    desk_page.goto("/partners/new/")
    desk_page.locator("[data-shows-keys]").click()
    assert {"Enter", "/"} <= keys(desk_page)
    assert "j" not in keys(desk_page)


def test_single_keys_that_are_switched_off_neither_work_nor_stand_there(desk_page: Page, sign_in: SignIn, an: User) -> None:
    an.single_key_shortcuts = False
    an.save()
    sign_in(desk_page, an)
    desk_page.goto("/partners/")
    desk_page.keyboard.press("?")
    expect(desk_page.get_by_role("dialog")).to_be_hidden()
    desk_page.locator("[data-shows-keys]").click()
    assert not {"/", "+", "?", "j"} & keys(desk_page)
    assert "Esc" in keys(desk_page)
    expect(desk_page.locator("[data-keys-off]")).to_be_visible()


def test_without_script_the_link_leads_to_the_chapter(an: User, sign_in: SignIn, desk_page: Page) -> None:
    sign_in(desk_page, an)
    desk_page.goto("/partners/")
    assert desk_page.locator("[data-shows-keys]").get_attribute("href") == "/help/shortcuts/"
