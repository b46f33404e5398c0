"""The weekly digest: what is new is marked, within the reader's scope, nothing restricted; mailed once, whatever the server does."""

from collections.abc import Iterator
from datetime import date, timedelta
from smtplib import SMTPException
from unittest import mock

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.mail import get_connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from activities.models import Commitment
from config.celery import app
from crm.choices import Confidentiality, JobState
from crm.models import Country, JobRun, Notification, User
from partners.models import Partner
from reports.actions.digests import make_digest, send_digests, subscribe, week_of
from reports.actions.snapshots import take_snapshots
from reports.jobs.digests import start_digests
from reports.models import DigestSubscription, PlanLine, RiskSnapshot, WeeklyDigest
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def subscription_of(user: User, **values: object) -> DigestSubscription:
    subscription = DigestSubscription(user=user)
    for name, value in values.items():
        setattr(subscription, name, value)
    subscription.save()
    return subscription


def make_promise(partner: Partner, by: User, text: str, today: date, **values: object) -> Commitment:
    promise = Commitment(
        partner=partner, owed_by="ours", text=text, promised_on=today - timedelta(days=60), due_on=today - timedelta(days=9),
        unit_id=by.scope.home_unit_ids[0],
    )  # fmt: skip
    for name, value in values.items():
        setattr(promise, name, value)
    promise.save()
    return promise


def texts(digest: WeeklyDigest, part: str) -> list[str]:
    return [row["text"] for row in digest.content["parts"][part]["rows"]]


def new_texts(digest: WeeklyDigest, part: str) -> list[str]:
    return [row["text"] for row in digest.content["parts"][part]["rows"] if row["is_new"]]


def test_what_came_since_last_week_is_marked_and_the_first_digest_calls_nothing_new(ha: User, today: date) -> None:
    partner, subscription = make_partner("Hội Lào Việt", country="LA"), subscription_of(ha)
    make_promise(partner, ha, "Gửi sách", today)
    with mock.patch.object(timezone, "localdate", return_value=today):
        first = make_digest(subscription, today - timedelta(days=7))
    assert texts(first, "promises") == ["Gửi sách"]
    assert new_texts(first, "promises") == []
    make_promise(partner, ha, "Mời đoàn", today)
    second = make_digest(subscription, today)
    assert texts(second, "promises") == ["Mời đoàn", "Gửi sách"]
    assert new_texts(second, "promises") == ["Mời đoàn"]
    assert make_digest(subscription, today) == second
    assert WeeklyDigest.objects.count() == 2
    assert Notification.objects.filter(user=ha, key__startswith="digest:").count() == 2


def test_it_tells_gaps_partners_at_risk_and_silent_units_each_with_its_page(ha: User, today: date) -> None:
    partner = make_partner("Hội Lào Việt", country="LA")
    PlanLine.objects.create(country=partner.country, required=4, cadence_days=30)
    make_exchange(partner, by=ha, on=today - timedelta(days=300))
    take_snapshots(today)
    assert RiskSnapshot.objects.filter(partner=partner, alarm="red").exists()
    digest = make_digest(subscription_of(ha), today)
    assert "overdue:LA" in digest.content["parts"]["gaps"]["keys"]
    assert texts(digest, "at_risk") == ["Hội Lào Việt"]
    parts = digest.content["parts"]
    assert parts["unreported"]["total"] > 10
    assert parts["gaps"]["url"] == reverse("reports:gap-list")


def test_a_unit_reads_of_its_own_partners_and_promises_and_nothing_restricted_is_told(ha: User, an: User, chau: User, today: date) -> None:
    partner = make_partner("Hội Lào Việt", country="LA")
    make_promise(partner, an, "Của Nghệ An", today)
    make_promise(partner, chau, "Của Quảng Ninh", today)
    make_promise(partner, an, "Kín", today, confidentiality=Confidentiality.RESTRICTED)
    assert texts(make_digest(subscription_of(an), today), "promises") == ["Của Nghệ An"]
    central = make_digest(subscription_of(ha), today)
    assert set(texts(central, "promises")) == {"Của Nghệ An", "Của Quảng Ninh"}
    assert central.content["parts"]["promises"]["total"] == 2


def test_only_what_was_asked_for_is_told(ha: User, today: date) -> None:
    digest = make_digest(subscription_of(ha, gaps=False, at_risk=False, unreported=False), today)
    assert set(digest.content["parts"]) == {"promises"}


def test_a_dead_mail_server_loses_nothing_and_doubles_nothing(ha: User, khoa: User, today: date) -> None:
    for user in (ha, khoa):
        User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.org")
        make_digest(subscription_of(user, by_mail=True), today)
    dead = mock.Mock()
    dead.send_messages.side_effect = SMTPException("away")
    assert send_digests(week_of(today), mail=dead) == (0, 2)
    assert not WeeklyDigest.objects.filter(mailed_at__isnull=False).exists()
    assert send_digests(week_of(today), mail=get_connection()) == (2, 0)
    assert send_digests(week_of(today), mail=get_connection()) == (0, 0)
    assert len(mail.outbox) == 2
    assert reverse("reports:digest") in mail.outbox[0].body


def test_monday_makes_and_mails_and_a_later_hour_sends_only_what_was_left(
    ha: User, today: date, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    User.objects.filter(pk=ha.pk).update(email="ha@example.org")
    subscription_of(ha, by_mail=True)
    with (
        mock.patch("django.core.mail.EmailMultiAlternatives.send", side_effect=OSError("refused")),
        django_capture_on_commit_callbacks(execute=True),
    ):
        start_digests(today)
    run = JobRun.objects.get(name="reports.weekly_digest")
    assert run.state == JobState.FAILED
    assert len(mail.outbox) == 0
    for _again in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            start_digests(today)
    run.refresh_from_db()
    assert (run.state, run.result["mailed"]) == (JobState.DONE, 1)
    assert len(mail.outbox) == 1


def test_a_reader_chooses_what_is_told_reads_it_at_once_and_may_end_it(client: Client, an: User, today: date) -> None:
    client.force_login(an)
    assert 'class="empty"' in client.get(reverse("reports:digest")).content.decode()
    assert client.post(reverse("reports:digest-settings"), {"tier": ""}).status_code == 422
    assert client.post(reverse("reports:digest-settings"), {"gaps": "on", "promises": "on"}).status_code == 302
    subscription = DigestSubscription.objects.get()
    assert (subscription.user, subscription.at_risk, subscription.by_mail) == (an, False, False)
    assert client.get(reverse("reports:digest")).status_code == 200
    assert client.get(reverse("reports:digest-on-desk")).content.strip()
    for week, status in ((week_of(today).isoformat(), 200), ("2001-01-01", 404), ("nonsense", 404)):
        assert client.get(f"{reverse('reports:digest')}?week={week}").status_code == status
    client.post(reverse("reports:digest-end"))
    assert not DigestSubscription.objects.exists()
    assert WeeklyDigest.objects.filter(user=an).exists()


def test_nobody_subscribes_for_somebody_else_or_reads_anothers(client: Client, an: User, chau: User, today: date) -> None:
    with pytest.raises(PermissionDenied):
        subscribe(DigestSubscription(user=chau), by=an)
    make_digest(subscription_of(an), today)
    client.force_login(chau)
    assert client.get(f"{reverse('reports:digest')}?week={week_of(today).isoformat()}").status_code == 404


def test_the_page_takes_a_fixed_number_of_queries(client: Client, ha: User, today: date) -> None:
    make_promise(make_partner("Hội Lào Việt", country="LA"), ha, "Gửi sách", today)
    assert Country.objects.exists()
    make_digest(subscription_of(ha), today)
    client.force_login(ha)
    get_counted(client, reverse("reports:digest"), name="digest")
