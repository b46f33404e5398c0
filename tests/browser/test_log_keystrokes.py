"""How many keys three typical entries take, and how long that is by the keystroke-level model: under 30 seconds each.

K = 0.28 s a key (an average typist, Card, Moran and Newell 1983); M = 1.35 s for each decision what comes next. Keys are
counted as the browser gets them; a letter with marks is one key of the model, however the input method composes it.
"""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.models import Exchange
from crm.models import User
from partners.models import Partner, PartnerName
from tests.bed.browser import SignIn
from tests.factories import make_partner

pytestmark = pytest.mark.django_db(transaction=True)
KEY, MENTAL, LIMIT = 0.28, 1.35, 30.0
# By entry: keys and decisions.
PINNED = {"one line": (80, 5), "by the palette": (36, 4), "from the partner's page": (41, 4)}


@pytest.fixture(params=["phone_page", "desk_page"])
def page(request: pytest.FixtureRequest) -> Page:
    page: Page = request.getfixturevalue(request.param)
    return page


@pytest.fixture
def partner(reference_data: None) -> Partner:
    partner = make_partner("Hội Hữu nghị Lào - Việt")
    PartnerName.objects.create(partner=partner, name="HLV", usage="acronym")
    partner.save()
    return partner


class Typist:
    """Presses keys and counts them, and counts the moments in which a person has to think."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.thoughts = page, 0, 0

    def think(self) -> "Typist":
        self.thoughts += 1
        return self

    def type(self, text: str) -> "Typist":
        self.page.keyboard.type(text)
        self.keys += len(text)
        return self

    def press(self, combination: str) -> "Typist":
        self.page.keyboard.press(combination)
        self.keys += combination.count("+") + 1 if combination != "+" else 1
        return self

    @property
    def seconds(self) -> float:
        return self.keys * KEY + self.thoughts * MENTAL

    def check(self, entry: str) -> None:
        print(f"{entry}: {self.keys} keys, {self.thoughts} decisions, {self.seconds:.1f} s")  # noqa: T201  (the figure is what the test is for)
        assert (self.keys, self.thoughts) == PINNED[entry]
        assert self.seconds < LIMIT


def logged(page: Page) -> Exchange:
    expect(page.locator("#toasts [data-logged]")).to_be_visible()
    return Exchange.objects.get()


def test_one_line(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto("/activities/drafts/")
    typist = Typist(page)

    typist.think().press("+")
    expect(page.locator("#log-line")).to_be_focused()
    typist.think().type("12/9 tiếp đoàn Hội HN Lào-Việt 8 người").think().type(" @Nghệ An #giáo dục").think().type(" -> gửi ds trước 30/9")
    typist.think().press("Enter")

    exchange = logged(page)
    assert (exchange.kind.code, exchange.people_count, exchange.provinces.count(), exchange.follow_ups.count()) == (
        "DELEGATION_IN",
        8,
        1,
        1,
    )
    typist.check("one line")


def test_by_the_palette(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto("/partners/")
    typist = Typist(page)

    typist.think().press("Control+k")
    expect(page.locator("#palette-input")).to_be_focused()
    typist.think().type("hôm qua họp HLV về học bổng 2027")
    expect(page.locator("#palette [data-write]")).to_have_attribute("aria-selected", "true")
    typist.think().press("Enter")
    expect(page.locator("#log-chip-partners .label")).to_have_text(partner.name)
    typist.think().press("Enter")

    assert logged(page).title == "Về học bổng 2027"
    typist.check("by the palette")


def test_from_the_partners_page(page: Page, sign_in: SignIn, an: User, partner: Partner) -> None:
    sign_in(page, an)
    page.goto(partner.get_absolute_url())
    typist = Typist(page)

    typist.think().press("+")
    expect(page.locator("#log-chip-partners .label")).to_have_text(partner.name)
    typist.think().type("họp 5 người").think().type(" -> gọi lại thứ sáu tuần sau")
    typist.think().press("Enter")

    exchange = logged(page)
    assert (exchange.starts_on, [row.partner for row in exchange.participations.all()]) == (timezone.localdate(), [partner])
    typist.check("from the partner's page")
