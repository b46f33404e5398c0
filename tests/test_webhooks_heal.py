"""Workers that are killed, queues that are emptied, receivers that take their time: what changed arrives, under one identifier."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone

from config.celery import app
from crm.actions.webhook_claims import AT_ONCE
from crm.choices import DeliveryState
from crm.models import Unit, User, WebhookDelivery, WebhookEndpoint
from crm.tasks import tell_webhooks
from tests.bed.receiver import Handler, Receiver, says
from tests.bed.waiting import wait_until
from tests.bed.worker import WorkerProcess
from tests.factories import make_partner
from tests.webhooks import make_client, make_webhook

PARTNERS = 12


@pytest.fixture
def webhook(transactional_db: None, receiver: Receiver, nghe_an: Unit, binh: User) -> Iterator[tuple[WebhookEndpoint, str]]:
    yield make_webhook(receiver, client=make_client(nghe_an, by=binh), by=binh)
    app.control.purge()


def all_delivered() -> bool:
    return not WebhookDelivery.objects.exclude(state=DeliveryState.DELIVERED).exists()


def test_a_worker_killed_while_it_delivers_loses_nothing(
    receiver: Receiver, webhook: tuple[WebhookEndpoint, str], celery_worker_process: WorkerProcess
) -> None:
    endpoint, secret = webhook
    celery_worker_process.rest()
    holding = threading.Event()

    def holds_them(handler: Handler) -> None:
        holding.wait(60)
        says(204)(handler)

    receiver.answer = holds_them
    for number in range(PARTNERS):
        make_partner(f"Hội {number}")
    doomed = WorkerProcess.start()
    try:
        tell_webhooks.delay()
        wait_until(lambda: len(receiver.messages) == AT_ONCE, seconds=60)
        os.kill(doomed.process.pid, signal.SIGKILL)
        doomed.process.wait()
    finally:
        doomed.stop()
        holding.set()
    begun = {message.id for message in receiver.messages}
    assert WebhookDelivery.objects.filter(state=DeliveryState.WAITING).count() == PARTNERS

    receiver.answer = says(204)
    celery_worker_process.listen()
    # What the killed worker had claimed rests until its claims end, which is made to be now.
    WebhookDelivery.objects.filter(claimed_until__isnull=False).update(claimed_until=timezone.now())
    tell_webhooks.delay()
    wait_until(all_delivered, seconds=60)

    ids = [message.id for message in receiver.messages]
    assert set(ids) == {f"msg_{public_id}" for public_id in WebhookDelivery.objects.values_list("public_id", flat=True)}
    assert len(set(ids)) == endpoint.deliveries.count() == PARTNERS
    assert {ids.count(message_id) for message_id in begun} == {2}
    assert {ids.count(message_id) for message_id in set(ids) - begun} == {1}
    for message in receiver.messages:
        message.verified(secret)


def test_a_queue_that_was_emptied_loses_nothing(
    receiver: Receiver, webhook: tuple[WebhookEndpoint, str], celery_worker_process: WorkerProcess
) -> None:
    celery_worker_process.rest()
    make_partner("Trước khi mất hàng đợi")
    tell_webhooks.delay()
    app.control.purge()
    make_partner("Sau khi mất hàng đợi")
    celery_worker_process.listen()
    assert receiver.messages == []
    # The timetable asks again within seconds, as here.
    timetabled = app.conf.beat_schedule["tell-webhooks"]
    app.send_task(timetabled["task"], **timetabled["options"])
    wait_until(lambda: len(receiver.messages) == 2, seconds=60)
    wait_until(all_delivered)


def test_the_timetable_asks_every_few_seconds() -> None:
    assert app.conf.beat_schedule["tell-webhooks"]["schedule"] <= 10
