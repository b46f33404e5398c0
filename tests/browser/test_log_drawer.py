"""The drawer and the palette in a browser: what is typed is read, kept through a lost line, and taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.models import Exchange, ExchangeDraft
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner
from tests.bed.browser import SignIn
from tests.bed.waiting import wait_until
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db(transaction=True)
LINE = "hôm qua tiếp đoàn Hội HN Lào-Việt 8 người @Nghệ An -> gửi danh sách thứ sáu"


@pytest.fixture(params=["phone_page", "desk_page"])
def page(request: pytest.FixtureRequest) -> Page:
    page: Page = request.getfixturevalue(request.param)
    return page


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


def open_drawer(page: Page, address: str = "/activities/drafts/") -> None:
    page.goto(address)
    page.keyboard.press("+")
    expect(page.get_by_role("dialog")).to_be_visible()


def chip(page: Page, name: str) -> str:
    return page.locator(f"#log-chip-{name} .label").inner_text()


def test_a_line_becomes_chips_and_an_exchange_that_can_be_taken_back(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    open_drawer(page)
    expect(page.locator("#log-line")).to_be_focused()

    page.keyboard.type(LINE)
    expect(page.locator("#log-chip-partners .label")).to_have_text(partner.name)
    assert chip(page, "provinces") == "Nghệ An"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    page.keyboard.press("Enter")
    toast = page.locator("#toasts .toast")
    expect(toast.locator(".effect")).to_contain_text(partner.name)
    assert Exchange.objects.live().count() == 1

    toast.locator("form button").click()
    expect(page.locator("#toasts [data-again]")).to_be_visible()
    assert Exchange.objects.live().count() == 0


def test_a_chip_opens_its_control_and_what_is_corrected_stays(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type("hôm qua họp Hội HN Lào-Việt 8 người")
    expect(page.locator("#log-chip-people_count .label")).to_contain_text("8")

    page.locator("#log-chip-kind").click()
    page.keyboard.press("3")
    expect(page.locator("#log-chip-kind.said")).to_be_visible()
    chosen = chip(page, "kind")
    page.locator("#log-line").press("End")
    page.keyboard.type(" về học bổng")
    expect(page.locator("#log-chip-title .label")).to_have_text("Về học bổng")
    assert chip(page, "kind") == chosen

    page.keyboard.press("Control+Enter")
    wait_until(Exchange.objects.exists)
    assert Exchange.objects.get().kind.label == chosen


def test_what_is_missing_is_asked_and_the_line_is_a_draft(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type("hôm qua họp với ai đó")
    page.keyboard.press("Enter")

    expect(page.locator("#log-chip-partners.missing")).to_be_focused()
    wait_until(ExchangeDraft.objects.exists)

    page.keyboard.press("Enter")
    page.keyboard.type("lao viet")
    expect(page.get_by_role("option", name=partner.name)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#log-chip-partners.said")).to_be_visible()
    page.keyboard.press("Control+Enter")
    wait_until(Exchange.objects.exists)
    assert ExchangeDraft.objects.get().exchange == Exchange.objects.get()


def test_a_line_typed_while_the_line_is_down_is_kept_and_sent_later(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.context.set_offline(True)
    page.keyboard.type(LINE)
    page.keyboard.press("Enter")

    expect(page.locator("#toasts .waiting")).to_contain_text(LINE)
    assert not Exchange.objects.exists()

    page.context.set_offline(False)
    expect(page.locator("#toasts [data-logged]")).to_be_visible()
    assert Exchange.objects.count() == 1
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('nhipcau.log'))") == []


def test_what_waits_is_sent_when_a_page_is_opened_again(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.route("**/activities/quick/", lambda route: route.abort())
    page.keyboard.type(LINE)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts .waiting")).to_be_visible()
    page.unroute("**/activities/quick/")

    page.goto("/partners/")
    expect(page.locator("#toasts [data-logged]")).to_be_visible()
    assert Exchange.objects.count() == 1


def test_an_answer_that_got_lost_makes_no_second_exchange(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    """The server has saved, the line drops before the browser hears of it."""
    sign_in(page, an)
    open_drawer(page)
    page.route("**/activities/quick/", lambda route: (route.fetch(), route.abort()))
    page.keyboard.type(LINE)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts .waiting")).to_be_visible()
    assert Exchange.objects.count() == 1
    page.unroute("**/activities/quick/")

    page.reload()
    expect(page.locator("#toasts [data-logged]")).to_be_visible()
    assert Exchange.objects.count() == 1


def test_escape_keeps_what_was_typed_and_another_account_does_not_see_it(
    page: Page, sign_in: SignIn, an: User, chau: User, partner: Partner
) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type("một dòng dở dang")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    open_drawer(page, "/partners/")
    expect(page.locator("#log-line")).to_have_value("một dòng dở dang")

    sign_in(page, chau)
    open_drawer(page, "/partners/")
    expect(page.locator("#log-line")).to_have_value("")


def test_signing_out_leaves_nothing_in_the_browser_and_loses_nothing(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type(LINE)
    page.keyboard.press("Escape")

    page.locator("details.menu summary").last.click()
    page.locator("form[action$='/accounts/logout/'] button").click()
    page.wait_for_url("**/accounts/login/**")

    assert page.evaluate("localStorage.length") == 0
    assert ExchangeDraft.objects.waiting().get().text == LINE
    assert not Exchange.objects.exists()


def test_the_same_exchange_of_another_unit_is_offered(page: Page, sign_in: SignIn, an: User, khoa: User, partner: Partner) -> None:
    theirs = make_exchange(partner, by=khoa, on=timezone.localdate(), confidentiality=Confidentiality.NETWORK)
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type("họp với Hội HN Lào-Việt")

    page.locator("[data-join]").click()
    expect(page.locator("#toasts [data-joined]")).to_be_visible()

    assert theirs.co_units.count() == 1
    assert Exchange.objects.count() == 1


def test_what_was_to_be_saved_is_saved_once_it_is_a_different_one(
    page: Page, sign_in: SignIn, an: User, khoa: User, partner: Partner
) -> None:
    for days in (0, 1):
        make_exchange(partner, by=khoa, on=timezone.localdate() - timedelta(days=days), confidentiality=Confidentiality.NETWORK)
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type("họp với Hội HN Lào-Việt")
    page.keyboard.press("Enter")
    wait_until(ExchangeDraft.objects.exists)

    expect(page.locator(".log-said")).to_be_empty()
    page.locator("[data-different]").first.click()
    expect(page.locator("[data-different]")).to_have_count(1)
    assert Exchange.objects.count() == 2
    page.locator("[data-different]").click()

    expect(page.locator("#toasts [data-logged]")).to_be_visible()
    assert Exchange.objects.count() == 3


def test_a_different_one_saves_nothing_that_nobody_saved(page: Page, sign_in: SignIn, an: User, khoa: User, partner: Partner) -> None:
    make_exchange(partner, by=khoa, on=timezone.localdate(), confidentiality=Confidentiality.NETWORK)
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type("họp với Hội HN Lào-Việt")

    page.locator("[data-different]").click()
    expect(page.locator("[data-different]")).to_have_count(0)

    assert Exchange.objects.count() == 1


def test_what_cannot_be_sent_at_sign_out_waits_for_its_own_account(
    page: Page, sign_in: SignIn, an: User, chau: User, partner: Partner
) -> None:
    sign_in(page, an)
    open_drawer(page)
    page.keyboard.type(LINE)
    page.keyboard.press("Escape")
    page.route("**/activities/quick/", lambda route: route.abort())
    page.locator("details.menu summary").last.click()
    page.locator("form[action$='/accounts/logout/'] button").click()
    page.wait_for_url("**/accounts/login/**")
    page.unroute("**/activities/quick/")

    sign_in(page, chau)
    open_drawer(page)
    expect(page.locator("#log-line")).to_have_value("")
    assert LINE not in page.content()
    assert not ExchangeDraft.objects.exists()

    sign_in(page, an)
    open_drawer(page)
    expect(page.locator("#log-line")).to_have_value(LINE)


def test_the_palette_finds_a_page_and_takes_a_line_over(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto("/activities/drafts/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-input")).to_be_focused()

    page.keyboard.type("lao viet")
    expect(page.locator("#palette [data-found][role=option]").first).to_contain_text(partner.name)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{partner.get_absolute_url()}")

    page.keyboard.press("Control+k")
    page.keyboard.type(LINE)
    page.locator("#palette [data-write]").click()
    expect(page.locator("#log-line")).to_have_value(LINE)
    expect(page.locator("#log-chip-partners .label")).to_have_text(partner.name)


def test_single_keys_are_silent_for_who_turned_them_off(page: Page, sign_in: SignIn, an: User) -> None:
    an.single_key_shortcuts = False
    an.save()
    sign_in(page, an)
    page.goto("/activities/drafts/")

    page.keyboard.press("+")

    expect(page.get_by_role("dialog")).to_be_hidden()


def test_without_scripts_the_plus_button_leads_to_the_long_form(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto(partner.get_absolute_url())

    assert page.locator("a.button.log").get_attribute("href") == f"/activities/log/?partner={partner.public_id}"
