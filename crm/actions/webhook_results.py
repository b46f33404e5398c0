"""What becomes of a message once its receiver has answered, or has not."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.actions.webhook_schedule import FAILING_AT_MOST, LONGEST_REST, rest_of_others, wait_after
from crm.actions.webhook_stops import switch_off
from crm.actions.webhooks import TEST_KIND
from crm.choices import DeliveryState, EndpointStop
from crm.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from crm.outbound import Answer

GONE = 410
KEPT_DAYS = 90
REMOVED_AT_ONCE = 2_000


@transaction.atomic
def settle(delivery: WebhookDelivery, answer: Answer) -> bool:
    """Record the answer to a claimed message, and what follows from it; return whether the receiver took it."""
    error = ": ".join(filter(None, [answer.trouble, answer.detail]))
    WebhookAttempt.objects.create(delivery=delivery, status=answer.status, error=error[:300], milliseconds=answer.milliseconds)
    if answer.is_success:
        _taken(delivery)
    else:
        _not_taken(delivery, answer)
    return answer.is_success


def thin_deliveries() -> int:
    """Remove messages that ended long ago, with their tries; return how many."""
    old, removed = WebhookDelivery.objects.filter(finished_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)), 0
    while pks := list(old.order_by("pk").values_list("pk", flat=True)[:REMOVED_AT_ONCE]):
        removed += WebhookDelivery.objects.filter(pk__in=pks).delete()[1].get(WebhookDelivery._meta.label, 0)
    return removed


def _taken(delivery: WebhookDelivery) -> None:
    """Whoever still holds the claim: what was taken was taken. A receiver that was down gets what waited for it."""
    now = timezone.now()
    ended = {"state": DeliveryState.DELIVERED, "next_try_at": None, "claimed_until": None, "finished_at": now}
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**ended, attempts=delivery.attempts + 1)
    failing_since = WebhookEndpoint.objects.values_list("failing_since", flat=True).get(pk=delivery.endpoint_id)
    if failing_since is not None:
        WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(failing_since=None)
        others = _others(delivery, now)
        # After a short trouble what failed by itself keeps its own time, else one that cannot be taken would come with each other.
        (others if now - failing_since > LONGEST_REST else others.filter(attempts=0)).update(next_try_at=now)


def _not_taken(delivery: WebhookDelivery, answer: Answer) -> None:
    now, attempts = timezone.now(), delivery.attempts + 1
    is_test = delivery.kind == TEST_KIND
    pause = None if is_test or answer.status == GONE else wait_after(attempts, asked=answer.retry_after)
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, claimed_until=delivery.claimed_until)
    if pause is None:
        mine.update(state=DeliveryState.GIVEN_UP, next_try_at=None, claimed_until=None, finished_at=now, attempts=attempts)
    else:
        mine.update(next_try_at=now + pause, claimed_until=None, attempts=attempts)
    if answer.status == GONE:
        switch_off(delivery.endpoint, EndpointStop.GONE)
    elif not is_test:
        _failing(delivery, answer, now)


def _failing(delivery: WebhookDelivery, answer: Answer, now: datetime) -> None:
    """Note since when the receiver takes nothing, spare it for a while, and switch it off after three days."""
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id, failing_since__isnull=True).update(failing_since=now)
    since = WebhookEndpoint.objects.values_list("failing_since", flat=True).get(pk=delivery.endpoint_id) or now
    rest = now + rest_of_others(now - since, asked=answer.retry_after)
    _others(delivery, now).filter(next_try_at__lt=rest).update(next_try_at=rest)
    if now - since >= FAILING_AT_MOST:
        switch_off(delivery.endpoint, EndpointStop.FAILING)


def _others(delivery: WebhookDelivery, now: datetime) -> QuerySet[WebhookDelivery]:
    """The other messages that wait for the same receiver, except those under way."""
    waiting = WebhookDelivery.objects.filter(endpoint=delivery.endpoint_id, state=DeliveryState.WAITING).exclude(pk=delivery.pk)
    return waiting.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))
