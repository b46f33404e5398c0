"""Which language a reader gets."""

import pytest
from django.test import Client

from crm.models import User
from tests.factories import make_user


@pytest.fixture
def reader(db: None) -> User:
    return make_user("reader", language="en")


def test_a_stranger_reads_vietnamese_whatever_the_browser_says(db: None) -> None:
    answer = Client().get("/accounts/login/", headers={"accept-language": "en"})
    assert answer.headers["Content-Language"] == "vi"


def test_the_switch_goes_before_the_account(reader: User) -> None:
    client = Client()
    client.force_login(reader)
    assert client.get("/").headers["Content-Language"] == "en"
    client.cookies["django_language"] = "vi"
    assert client.get("/").headers["Content-Language"] == "vi"


def test_the_api_follows_accept_language(db: None) -> None:
    assert Client().get("/api/v1/partners/", headers={"accept-language": "en"}).headers["Content-Language"] == "en"
    assert Client().get("/api/v1/partners/").headers["Content-Language"] == "vi"
