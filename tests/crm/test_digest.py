"""The e-mail digest: once, in the reader's language, and nothing is lost while the mail server is away."""

from datetime import date
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client

from activities.tasks import mail_digests
from crm.actions.notifications import notify
from crm.choices import DigestRhythm, NotificationTopic
from crm.models import Notification, User
from crm.notifications import send_digests

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 28)


class DeadServer(BaseEmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, messages: Any) -> int:
        raise SMTPException("nobody there")


@pytest.fixture
def reader(an: User) -> User:
    User.objects.filter(pk=an.pk).update(email="an@example.org", digest=DigestRhythm.DAILY)
    return User.objects.get(pk=an.pk)


def tell(user: User, key: str = "a", text: str = "Gửi <b>danh sách</b>") -> None:
    notify([user], topic=NotificationTopic.FOLLOW_UP, key=key, text=text, link="/activities/follow-ups/1/")


def run(day: date) -> int:
    return send_digests(day, mail=mail.get_connection())


def test_what_is_unread_goes_out_once_as_text_and_html(reader: User, settings: Any) -> None:
    settings.SITE_URL = "https://nhip-cau.example"
    tell(reader)

    assert run(TUESDAY) == 0
    run(TUESDAY)

    message: Any = mail.outbox[0]
    assert len(mail.outbox) == 1
    assert "<an@example.org>" in message.to[0]
    assert "Gửi <b>danh sách</b>" in message.body
    assert "https://nhip-cau.example/activities/follow-ups/1/" in message.body
    (html,) = message.alternatives
    assert "Gửi &lt;b&gt;danh sách&lt;/b&gt;" in html[0]
    assert Notification.objects.get().mailed_at is not None


def test_what_was_read_on_the_page_is_not_mailed(reader: User, client: Client) -> None:
    tell(reader)
    client.force_login(reader)
    client.post("/notifications/mark/", {"all": "1"})

    run(TUESDAY)

    assert mail.outbox == []


@pytest.mark.parametrize(
    ("digest", "day", "expected"),
    [
        (DigestRhythm.NEVER, MONDAY, 0),
        (DigestRhythm.DAILY, TUESDAY, 1),
        (DigestRhythm.DAILY, SATURDAY, 0),
        (DigestRhythm.WEEKLY, TUESDAY, 0),
        (DigestRhythm.WEEKLY, MONDAY, 1),
    ],
)
def test_it_comes_as_often_as_was_chosen(digest: str, day: date, expected: int, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(digest=digest)
    tell(reader)

    run(day)

    assert len(mail.outbox) == expected


def test_a_dead_mail_server_loses_nothing(reader: User) -> None:
    tell(reader)

    assert send_digests(TUESDAY, mail=DeadServer()) == 1
    assert Notification.objects.get().mailed_at is None
    run(TUESDAY)

    assert len(mail.outbox) == 1


class RunsAgainMeanwhile(BaseEmailBackend):
    """A mail server so slow that the next run begins before it has answered."""

    def send_messages(self, messages: Any) -> int:
        run(TUESDAY)
        return mail.get_connection().send_messages(messages) or 0


def test_a_run_that_begins_while_another_one_sends_sends_nothing_again(reader: User) -> None:
    tell(reader)

    send_digests(TUESDAY, mail=RunsAgainMeanwhile())

    assert len(mail.outbox) == 1


def test_the_task_asks_to_be_run_again_for_the_same_day(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(reader)
    asked: dict[str, Any] = {}

    def note_and_raise(**options: Any) -> SMTPException:
        asked.update(options)
        return SMTPException("again")

    monkeypatch.setattr("activities.tasks.get_connection", DeadServer)
    monkeypatch.setattr(mail_digests, "retry", note_and_raise)

    with pytest.raises(SMTPException):
        mail_digests.run(on=TUESDAY.isoformat())

    assert asked["kwargs"] == {"on": "2026-11-24"}


def test_a_name_with_line_breaks_forges_no_header(reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(full_name="An\r\nBcc: all@example.org")
    tell(reader)

    run(TUESDAY)

    assert "\n" not in mail.outbox[0].to[0]
    assert mail.outbox[0].recipients() == [mail.outbox[0].to[0]]


def test_a_closed_account_gets_nothing(reader: User) -> None:
    tell(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)

    run(TUESDAY)

    assert mail.outbox == []


def test_an_english_reader_reads_english(reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(language="en")
    tell(reader)

    run(TUESDAY)

    assert "Good morning" in mail.outbox[0].body
