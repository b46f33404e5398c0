"""Limits per network address hold against callers who invent one, and see through our own proxy."""

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory
from django.urls import reverse

from crm.addresses import client_address
from crm.choices import AuditVerb
from crm.models import AuditEvent, User
from tests.factories import make_user

INVENTED = "203.0.113.7"


@pytest.fixture
def user(db: None) -> User:
    return make_user("an")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, INVENTED, "192.0.2.1"),
        (1, f"{INVENTED}, 198.51.100.4", "198.51.100.4"),
        (2, f"{INVENTED}, 198.51.100.4, 198.51.100.9", "198.51.100.4"),
        (2, "198.51.100.9", "192.0.2.1"),
        (1, "no address", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_only_what_our_proxies_added_is_believed(proxies: int, forwarded: str, expected: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == expected


def test_a_socket_without_an_address_has_none() -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None


def test_inventing_addresses_does_not_get_round_the_limit_on_asking_tokens(db: None, settings: Any) -> None:
    settings.API_TOKENS_PER_MINUTE = 3
    caches["throttles" if "throttles" in settings.CACHES else "default"].clear()
    body = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    answers = [Client().post("/oauth/token/", body, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}") for number in range(8)]
    assert 429 in {answer.status_code for answer in answers}


def test_the_trace_of_signing_in_names_no_invented_address(user: User) -> None:
    Client().post(reverse("account_login"), {"login": "an", "password": "wrong"}, HTTP_X_FORWARDED_FOR=INVENTED, REMOTE_ADDR="192.0.2.1")
    assert AuditEvent.objects.get(verb=AuditVerb.SIGN_IN_FAILED).address == "192.0.2.1"
