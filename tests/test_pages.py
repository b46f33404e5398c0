"""What holds for every page: a strict content security policy, no inline style or script, names for all controls."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from crm.models import User
from tests.factories import make_exchange, make_partner, make_steward
from tests.reports.book import AS_OF

LABELLED = {"input", "select", "textarea"}
NEEDS_NO_LABEL = {"hidden", "submit", "button"}


class Page(HTMLParser):
    """Notes what a page must not have, and what it must."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[str] = []
        self.landmarks: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.faults.append(f"inline <{tag}>")
        self.faults += [f"{name} on <{tag}>" for name in given if name == "style" or name.startswith(("on", "hx-on"))]
        if any((value or "").strip().lower().startswith("javascript:") for value in given.values()):
            self.faults.append(f"javascript: on <{tag}>")
        for name in ("src", "href"):
            if tag in ("script", "link", "img") and (given.get(name) or "").startswith(("http:", "https:", "//")):
                self.faults.append(f"<{tag}> from another site")
        if identifier := given.get("id"):
            self.ids.append(identifier)
        if tag == "label":
            self.labels.add(given.get("for") or "")
        if tag in ("main", "nav", "header", "footer", "h1"):
            self.landmarks.append(tag)
        if tag in LABELLED and given.get("type") not in NEEDS_NO_LABEL and not given.get("aria-label"):
            self.controls.append(given.get("id") or f"<{tag} name={given.get('name')}>")


def check(text: str) -> Page:
    page = Page(text)
    assert page.faults == []
    assert sorted(page.ids) == sorted(set(page.ids)), "an id stands twice"
    assert [control for control in page.controls if control not in page.labels] == []
    assert page.landmarks.count("main") == 1
    assert page.landmarks.count("h1") == 1
    return page


@pytest.fixture
def addresses(an: User, nghe_an: Any) -> list[str]:
    """The pages of the desk and the reports, with something on them."""
    partner = make_partner("Hội <b>Hữu nghị</b> Lào - Việt Nam")
    make_steward(partner, nghe_an)
    make_exchange(partner, by=an, on=AS_OF, title="<script>alert(1)</script>")
    engagement = reverse("reports:partner-engagement", args=[partner.public_id])
    coverage = reverse("reports:coverage")
    days = [f"?as_of={AS_OF}", "?as_of=2999-01-01", "?as_of=%00", f"?as_of={AS_OF}&tier=SPECIAL"]
    countries = reverse("reports:coverage-countries") + f"?as_of={AS_OF}&status=never"
    return [reverse("desk"), reverse("account_change_password"), engagement, countries, *(coverage + day for day in days)]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_keeps_the_policy_and_names_its_controls(language: str, addresses: list[str], an: User, ha: User) -> None:
    for user in (an, ha):
        client = Client()
        client.force_login(user)
        client.cookies["django_language"] = language
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code in (200, 422), address
            check(answer.content.decode())
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "script-src 'self'" in policy
            assert "style-src 'self'" in policy


@pytest.mark.django_db
def test_names_with_markup_are_shown_as_text(addresses: list[str], an: User, client: Client) -> None:
    client.force_login(an)
    page = client.get(reverse("desk")).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


@pytest.mark.django_db
def test_the_sign_in_page_keeps_the_policy(client: Client) -> None:
    answer = client.get(reverse("account_login"))
    check(answer.content.decode())
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500"])
def test_an_error_page_needs_neither_request_nor_database(name: str) -> None:
    check(render_to_string(f"{name}.html"))


@pytest.mark.django_db
def test_a_damaged_request_gets_the_page_400(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["nhip-cau.example"]
    answer = client.get(reverse("account_login"), headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    check(answer.content.decode())


@pytest.mark.django_db
def test_a_missing_page_is_a_404_in_the_readers_language(an: User, client: Client) -> None:
    client.force_login(an)
    client.cookies["django_language"] = "en"
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "This is not here" in answer.content.decode()


@pytest.mark.django_db
def test_light_and_dark_are_kept_in_a_cookie_and_read_on_the_server(client: Client) -> None:
    assert 'data-theme="auto"' in client.get(reverse("account_login")).content.decode()
    answer = client.post(reverse("theme"), {"theme": "dark", "next": reverse("account_login")})
    assert answer.headers["Location"] == reverse("account_login")
    assert 'data-theme="dark"' in client.get(reverse("account_login")).content.decode()


@pytest.mark.django_db
def test_a_made_up_theme_or_a_foreign_address_changes_nothing(client: Client) -> None:
    answer = client.post(reverse("theme"), {"theme": '"><script>', "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"
    assert "theme" not in client.cookies
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get(reverse("account_login")).content.decode()


@pytest.mark.django_db
def test_the_language_switch_answers_in_the_chosen_language(client: Client) -> None:
    client.post(reverse("set_language"), {"language": "en", "next": reverse("account_login")})
    assert '<html lang="en"' in client.get(reverse("account_login")).content.decode()


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_with_an_explanation(settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = "config.views.csrf_failure"
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "an", "password": "x"})
    assert answer.status_code == 403
    check(answer.content.decode())


@pytest.mark.django_db
def test_the_product_says_that_no_classified_papers_belong_in_it(an: User, client: Client) -> None:
    client.cookies["django_language"] = "en"
    client.force_login(an)
    assert "No classified papers belong in this system." in client.get(reverse("desk")).content.decode()
