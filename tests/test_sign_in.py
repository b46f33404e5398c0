"""Signing in: with the right password, with wrong ones, too often, and without an account."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from crm.choices import AuditVerb
from crm.models import AuditEvent, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def an() -> User:
    return make_user("an", email="an@example.org", language="vi")


def attempt(client: Client, name: str = "an", password: str = PASSWORD, **more: str) -> tuple[int, str]:
    answer = client.post(reverse("account_login"), {"login": name, "password": password, **more})
    return answer.status_code, answer.headers.get("Location", "") or answer.content.decode()


def test_the_right_password_opens_the_desk(an: User, client: Client) -> None:
    assert attempt(client) == (302, reverse("desk"))
    assert AuditEvent.objects.filter(verb=AuditVerb.SIGNED_IN, actor_id=an.pk).exists()


def test_the_e_mail_address_does_as_the_name(an: User, client: Client) -> None:
    assert attempt(client, name="an@example.org")[0] == 302


def test_who_came_for_a_page_is_sent_on_to_it(an: User, client: Client) -> None:
    coverage = reverse("reports:coverage")
    turned_away = client.get(coverage)
    assert turned_away.headers["Location"] == f"{reverse('account_login')}?next={coverage}"
    assert attempt(client, next=coverage) == (302, coverage)


def test_nobody_is_sent_on_to_another_site(an: User, client: Client) -> None:
    assert attempt(client, next="https://elsewhere.example/") == (302, reverse("desk"))


def test_a_wrong_password_is_refused_with_a_message_tied_to_the_form(an: User, client: Client) -> None:
    status, page = attempt(client, password="wrong")
    assert status == 200
    assert 'class="notice error error-summary" role="alert"' in page
    assert AuditEvent.objects.filter(verb=AuditVerb.SIGN_IN_FAILED).exists()


def test_the_sixth_wrong_attempt_is_stopped_even_with_the_right_password(an: User, client: Client) -> None:
    for _number in range(5):
        attempt(client, password="wrong")
    client.cookies["django_language"] = "en"
    status, page = attempt(client)
    assert status == 200
    assert "Too many failed attempts to sign in" in page
    assert "_auth_user_id" not in client.session


def test_a_flood_from_one_address_gets_the_page_429_in_the_readers_language(an: User, client: Client) -> None:
    client.cookies["django_language"] = "en"
    for _number in range(30):
        client.get(reverse("account_login"))
        attempt(client, password="wrong")
    answer = client.post(reverse("account_login"), {"login": "an", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()


def test_a_closed_account_does_not_open(client: Client) -> None:
    make_user("former", is_active=False)
    client.cookies["django_language"] = "en"
    status, page = attempt(client, name="former")
    assert (status, "This account is closed" in page) == (403, True)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email", "socialaccount_signup"])
def test_nobody_signs_up_or_resets_by_himself(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_signing_out_needs_a_post_and_ends_the_session(an: User, client: Client) -> None:
    client.force_login(an)
    assert client.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).headers["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session


def test_the_password_changes_only_with_the_old_one(an: User, client: Client) -> None:
    client.force_login(an)
    sent = {"oldpassword": "wrong", "password1": "mot-cau-moi-2027", "password2": "mot-cau-moi-2027"}
    assert client.post(reverse("account_change_password"), sent).status_code == 200
    client.post(reverse("account_change_password"), {**sent, "oldpassword": PASSWORD})
    an.refresh_from_db()
    assert an.check_password("mot-cau-moi-2027")
