"""A receiver written with the public library takes what is sent; whatever it answers, nothing is lost and nobody waits for it."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks.webhooks import WebhookVerificationError

from crm.actions import webhook_sending
from crm.actions.offices import revoke_credential
from crm.actions.webhook_claims import AT_ONCE, CLAIMED_FOR, claim_due
from crm.actions.webhook_results import settle, thin_deliveries
from crm.actions.webhook_schedule import BACKOFF, FAILING_AT_MOST, wait_after
from crm.actions.webhook_sending import send_due
from crm.actions.webhooks import renew_endpoint_secret
from crm.choices import DeliveryState, EndpointState, EndpointStop, NotificationTopic
from crm.models import AuditEvent, Notification, OfficeClient, Unit, User, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from crm.outbound import Answer, Trouble
from tests.bed.receiver import Message, Receiver, babbles, hangs_up, receiving, says
from tests.webhooks import make_client, make_messages, make_webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of_office(nghe_an: Unit, binh: User) -> OfficeClient:
    return make_client(nghe_an, by=binh)


@pytest.fixture
def webhook(receiver: Receiver, client_of_office: OfficeClient, binh: User) -> tuple[WebhookEndpoint, str]:
    return make_webhook(receiver, client=client_of_office, by=binh)


@pytest.fixture
def endpoint(webhook: tuple[WebhookEndpoint, str]) -> WebhookEndpoint:
    return webhook[0]


def answered(delivery: WebhookDelivery, answer: Answer) -> WebhookDelivery:
    """Claim the message and settle it with this answer."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_try_at=timezone.now() - timedelta(seconds=1))
    [claimed] = claim_due(1)
    settle(claimed, answer)
    delivery.refresh_from_db()
    return delivery


def told(user: User) -> list[str]:
    lines = Notification.objects.filter(user=user, topic=NotificationTopic.CONNECTION)
    return list(lines.order_by("pk").values_list("key", flat=True))


# --- Signed so that a stranger's library takes it --------------------------------------------------------


def test_the_public_library_takes_the_message_and_refuses_altered_ones(receiver: Receiver, webhook: tuple[WebhookEndpoint, str]) -> None:
    endpoint, secret = webhook
    [delivery] = make_messages(endpoint)
    assert send_due() == 1
    [message] = receiver.messages
    assert message.verified(secret) == delivery.payload
    assert message.id == f"msg_{delivery.public_id}"
    assert message.headers["content-type"] == "application/json"
    stale = {**message.headers, "webhook-timestamp": str(int(message.headers["webhook-timestamp"]) + 1)}
    for altered in (
        Message(message.path, message.headers, message.body.replace(b'"0"', b'"1"')),
        Message(message.path, stale, message.body),
        Message(message.path, {**message.headers, "webhook-id": "msg_other"}, message.body),
    ):
        with pytest.raises(WebhookVerificationError):
            altered.verified(secret)
    with pytest.raises(WebhookVerificationError):
        message.verified("whsec_" + "A" * 43 + "=")


def test_while_a_secret_is_renewed_both_verify_and_a_day_later_only_the_new_one(
    receiver: Receiver, webhook: tuple[WebhookEndpoint, str], binh: User
) -> None:
    endpoint, old = webhook
    new = renew_endpoint_secret(endpoint, by=binh)
    make_messages(endpoint)
    send_due()
    assert receiver.messages[-1].verified(old) == receiver.messages[-1].verified(new)
    WebhookEndpoint.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    make_messages(endpoint)
    send_due()
    receiver.messages[-1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.messages[-1].verified(old)


def test_a_secret_that_leaked_ends_at_once(receiver: Receiver, webhook: tuple[WebhookEndpoint, str], binh: User) -> None:
    endpoint, old = webhook
    renew_endpoint_secret(endpoint, by=binh, at_once=True)
    make_messages(endpoint)
    send_due()
    with pytest.raises(WebhookVerificationError):
        receiver.messages[-1].verified(old)


def test_secrets_stand_nowhere_as_they_are(webhook: tuple[WebhookEndpoint, str], binh: User) -> None:
    endpoint, secret = webhook
    renewed = renew_endpoint_secret(endpoint, by=binh)
    row = json.dumps(WebhookEndpoint.objects.values("secret", "old_secret").get(), default=str)
    trail = json.dumps(list(AuditEvent.objects.values("details", "subject")), default=str)
    for words in (secret, renewed):
        assert words not in row + trail
        assert words.removeprefix("whsec_") not in row + trail


def test_a_secret_of_another_key_of_the_site_stops_the_webhook(endpoint: WebhookEndpoint, settings: Settings, binh: User) -> None:
    make_messages(endpoint)
    settings.SECRET_KEY = "another"
    assert send_due() == 0
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.state_reason) == (EndpointState.DISABLED, EndpointStop.SECRET)
    assert len(told(binh)) == 1


# --- What receivers answer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "status", "error"),
    [
        (says(500), 500, ""),
        (says(404), 404, ""),
        (hangs_up, None, "broken-answer"),
        (babbles, None, "broken-answer"),
        (says(302, Location="http://127.0.0.1:1/"), 302, "redirect: http://127.0.0.1:1/"),
        (says(308, Location="http://169.254.169.254/latest/"), 308, "redirect: http://169.254.169.254/latest/"),
    ],
)
def test_whatever_is_not_2xx_is_tried_again_later(
    receiver: Receiver, endpoint: WebhookEndpoint, behaviour: Callable, status: int | None, error: str
) -> None:
    receiver.answer = behaviour
    [delivery] = make_messages(endpoint)
    assert send_due() == 0
    delivery.refresh_from_db()
    tried = delivery.tries.get()
    assert (tried.status, tried.error) == (status, error)
    assert (delivery.state, delivery.attempts, delivery.claimed_until) == (DeliveryState.WAITING, 1, None)
    assert delivery.next_try_at is not None
    assert timedelta(seconds=3) < delivery.next_try_at - timezone.now() < timedelta(seconds=7)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    receiver.answer = says(204)
    WebhookDelivery.objects.update(next_try_at=timezone.now())
    assert send_due() == 1
    assert len({message.id for message in receiver.messages}) == 1
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_an_address_that_has_come_to_lead_inwards_is_not_called(receiver: Receiver, endpoint: WebhookEndpoint, settings: Settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = []
    for url, error in ((receiver.url, "url-refused: not-https"), (f"https://{receiver.host}/", "address-refused: 127.0.0.1")):
        WebhookEndpoint.objects.update(url=url)
        [delivery] = make_messages(endpoint)
        send_due()
        assert delivery.tries.get().error == error
        WebhookDelivery.objects.all().delete()
    assert receiver.messages == []


def test_gone_for_good_switches_the_webhook_off_and_its_leads_are_told(receiver: Receiver, endpoint: WebhookEndpoint, binh: User) -> None:
    receiver.answer = says(410)
    first, _second = make_messages(endpoint, 2)
    claimed = claim_due(1)
    assert [row.pk for row in claimed] == [first.pk]
    settle(claimed[0], Answer(status=410))
    send_due()
    endpoint.refresh_from_db()
    first.refresh_from_db()
    assert (endpoint.state, endpoint.state_reason) == (EndpointState.DISABLED, EndpointStop.GONE)
    assert first.state == DeliveryState.GIVEN_UP
    assert receiver.messages == []
    assert len(told(binh)) == 1


def test_retry_after_is_honoured_within_an_hour(endpoint: WebhookEndpoint) -> None:
    for asked, least, most in ((120, 119, 121), (10**9, 3590, 3601), (1, 4, 7)):
        WebhookDelivery.objects.all().delete()
        [delivery, other] = make_messages(endpoint, 2)
        answered(delivery, Answer(status=503, retry_after=asked))
        other.refresh_from_db()
        for row in (delivery, other):
            assert row.next_try_at is not None
            assert least <= (row.next_try_at - timezone.now()).total_seconds() <= most


def test_tries_go_on_for_three_days_and_then_end() -> None:
    waits_for = [wait_after(attempts, asked=None) for attempts in range(1, len(BACKOFF) + 2)]
    assert waits_for[-1] is None
    total = sum((pause for pause in waits_for if pause), timedelta())
    assert timedelta(days=3) <= total <= timedelta(days=3.7)
    assert len({wait_after(3, asked=None) for _each in range(20)}) > 1


def test_a_message_is_given_up_after_its_last_try(endpoint: WebhookEndpoint) -> None:
    [delivery] = make_messages(endpoint, attempts=len(BACKOFF))
    answered(delivery, Answer(status=500))
    assert (delivery.state, delivery.next_try_at) == (DeliveryState.GIVEN_UP, None)
    assert delivery.finished_at is not None


def test_a_receiver_that_takes_nothing_for_three_days_is_switched_off_and_its_leads_are_told(
    endpoint: WebhookEndpoint, binh: User, an: User
) -> None:
    WebhookEndpoint.objects.update(failing_since=timezone.now() - FAILING_AT_MOST + timedelta(hours=1))
    [delivery] = make_messages(endpoint)
    answered(delivery, Answer(trouble=Trouble.TIMEOUT))
    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.ACTIVE
    WebhookEndpoint.objects.update(failing_since=timezone.now() - FAILING_AT_MOST)
    answered(delivery, Answer(trouble=Trouble.TIMEOUT))
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.state_reason) == (EndpointState.DISABLED, EndpointStop.FAILING)
    assert len(told(binh)) == 1
    assert told(an) == []
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.WAITING


def test_where_nobody_leads_the_administrators_are_told(endpoint: WebhookEndpoint, binh: User, son: User) -> None:
    binh.memberships.all().delete()
    [delivery] = make_messages(endpoint)
    answered(delivery, Answer(status=410))
    assert len(told(son)) == 1


def test_a_credential_that_ended_stops_its_webhooks_with_a_reason(
    receiver: Receiver, endpoint: WebhookEndpoint, client_of_office: OfficeClient, binh: User
) -> None:
    make_messages(endpoint)
    revoke_credential(client_of_office, by=binh)
    assert send_due() == 0
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.state_reason, receiver.messages) == (EndpointState.DISABLED, EndpointStop.CREDENTIAL, [])
    assert len(told(binh)) == 1


def test_an_expired_credential_does_so_too(endpoint: WebhookEndpoint) -> None:
    OfficeClient.objects.update(expires_on=timezone.localdate())
    make_messages(endpoint)
    send_due()
    endpoint.refresh_from_db()
    assert endpoint.state_reason == EndpointStop.CREDENTIAL


# --- One receiver does not hold up another ---------------------------------------------------------------


def test_a_slow_receiver_does_not_hold_up_the_others(receiver: Receiver, client_of_office: OfficeClient, binh: User) -> None:
    all_taken, answered_after_them = threading.Event(), []

    def waits_for_the_others(handler: Any) -> None:
        answered_after_them.append(all_taken.wait(9))
        says(204)(handler)

    def counts(handler: Any) -> None:
        says(204)(handler)
        if len(receiver.messages) == 12:
            all_taken.set()

    receiver.answer = counts
    with receiving() as slow:
        slow.answer = waits_for_the_others
        slow_endpoint, _secret = make_webhook(slow, client=client_of_office, by=binh, name="Chậm")
        make_messages(slow_endpoint, AT_ONCE)
        quick_endpoint, _secret = make_webhook(receiver, client=client_of_office, by=binh, name="Nhanh")
        make_messages(quick_endpoint, 12)
        assert send_due() == AT_ONCE + 12
    assert answered_after_them == [True] * AT_ONCE


def test_a_receiver_that_is_down_is_asked_with_one_message_at_a_time(receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    receiver.answer = says(503)
    make_messages(endpoint, 30)
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(minutes=4))
    send_due()
    assert len(receiver.messages) == 1
    spared = WebhookDelivery.objects.filter(attempts=0, next_try_at__gt=timezone.now() + timedelta(seconds=100))
    assert spared.count() == 29


def test_a_receiver_that_is_back_gets_all_that_waited(receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    later = timezone.now() + timedelta(hours=8)
    make_messages(endpoint, 10, next_try_at=later, attempts=6)
    make_messages(endpoint)
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=1))
    assert send_due() == 11


def test_one_message_that_cannot_be_taken_does_not_come_with_each_other(receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    def refuses_one(handler: Any) -> None:
        says(500 if b'"id":"0"' in receiver.messages[-1].body else 204)(handler)

    receiver.answer = refuses_one
    make_messages(endpoint, 8)
    send_due()
    WebhookDelivery.objects.filter(attempts=0, state=DeliveryState.WAITING).update(next_try_at=timezone.now())
    send_due()
    assert WebhookAttempt.objects.filter(status=500).count() == 1
    assert WebhookDelivery.objects.filter(state=DeliveryState.DELIVERED).count() == 7


# --- Claims ----------------------------------------------------------------------------------------------


def test_what_one_worker_has_claimed_no_other_takes(endpoint: WebhookEndpoint) -> None:
    make_messages(endpoint, AT_ONCE + 2)
    first, second = claim_due(AT_ONCE - 1), claim_due(50)
    assert len(first) == AT_ONCE - 1
    assert len(second) == 1
    assert not {row.pk for row in first} & {row.pk for row in second}
    assert claim_due(50) == []


def test_a_claim_whose_worker_was_lost_ends_by_itself(receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    make_messages(endpoint)
    [lost] = claim_due(1)
    assert send_due() == 0
    WebhookDelivery.objects.update(claimed_until=timezone.now())
    assert send_due() == 1
    assert receiver.messages[0].id == f"msg_{lost.public_id}"
    assert lost.claimed_until is not None
    assert lost.claimed_until - timezone.now() > CLAIMED_FOR / 2


def test_a_worker_that_comes_late_does_not_undo_what_another_achieved(endpoint: WebhookEndpoint) -> None:
    make_messages(endpoint)
    [late] = claim_due(1)
    WebhookDelivery.objects.update(claimed_until=timezone.now())
    [other] = claim_due(1)
    settle(other, Answer(status=204))
    settle(late, Answer(trouble=Trouble.TIMEOUT))
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries.count()) == (DeliveryState.DELIVERED, 2)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_each_message_once(receiver: Receiver, endpoint: WebhookEndpoint) -> None:
    from django.db import connection

    def work() -> int:
        try:
            return send_due()
        finally:
            connection.close()

    make_messages(endpoint, 60)
    with ThreadPoolExecutor(3) as workers:
        taken = [future.result() for future in [workers.submit(work) for _each in range(3)]]
    assert sum(taken) == 60
    ids = [message.id for message in receiver.messages]
    assert len(ids) == len(set(ids)) == 60


def test_what_nobody_thought_of_is_a_failed_try(endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: Any, **kwargs: Any) -> Answer:
        raise RuntimeError("nobody thought of it")

    make_messages(endpoint)
    assert webhook_sending.send_due(post=breaks) == 0
    assert WebhookAttempt.objects.get().error == "broken-answer"


def test_messages_that_ended_ninety_days_ago_go_with_their_tries(endpoint: WebhookEndpoint) -> None:
    old, young, waiting = make_messages(endpoint, 3)
    for delivery in (old, young):
        answered(delivery, Answer(status=204))
    long_ago = timezone.now() - timedelta(days=91)
    WebhookDelivery.objects.filter(pk=old.pk).update(finished_at=long_ago)
    WebhookDelivery.objects.filter(pk=waiting.pk).update(created_at=long_ago)
    assert thin_deliveries() == 1
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}
    assert WebhookAttempt.objects.count() == 1
