"""Changing one's own password."""

import pytest
from django.test import Client

from crm.models import User
from tests.factories import PASSWORD

ADDRESS = "/accounts/password/"
NEW = "mua-ha-song-lam-41"


@pytest.fixture
def client_of_an(an: User, client: Client) -> Client:
    client.force_login(an)
    return client


def sent(client: Client, *, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> str:
    answer = client.post(ADDRESS, {"oldpassword": old, "password1": new, "password2": again}, follow=True)
    return answer.content.decode()


def test_the_new_password_holds_and_is_told(client_of_an: Client, an: User) -> None:
    page = sent(client_of_an)
    an.refresh_from_db()
    assert an.check_password(NEW)
    assert "Đã đổi mật khẩu." in page


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"old": "khong-phai-the"}, "Đây không phải mật khẩu hiện tại của bạn."),
        ({"again": "mua-dong-song-hong-7"}, "Hai lần nhập mật khẩu mới không giống nhau."),
        ({"new": "12345", "again": "12345"}, "10"),
    ],
)
def test_a_mistake_is_told_in_vietnamese_and_changes_nothing(client_of_an: Client, an: User, entered: dict[str, str], said: str) -> None:
    page = sent(client_of_an, **entered)
    an.refresh_from_db()
    assert an.check_password(PASSWORD)
    assert said in page


def test_the_form_speaks_vietnamese(client_of_an: Client) -> None:
    page = client_of_an.get(ADDRESS).content.decode()
    assert "Mật khẩu hiện tại" in page
    assert "Current" not in page
