"""Which messages are sent next, and by whom: each is claimed in its row before it goes out, so that no two workers send one at once.

A claim ends by itself: what a killed worker held is taken by another, under the same identifier.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from crm.choices import DeliveryState, EndpointState
from crm.models import WebhookDelivery

# Longer than any delivery takes (``crm.outbound``), with room for a machine that is busy.
CLAIMED_FOR = timedelta(seconds=60)
# A receiver that takes nothing is asked with one message at a time, so that it cannot hold up the others.
AT_ONCE, AT_ONCE_WHILE_FAILING = 4, 1


@dataclass(frozen=True)
class _Due:
    """A webhook with messages that are due, and how many more of them may be under way."""

    endpoint_pk: int
    free: int


def claim_due(room: int) -> list[WebhookDelivery]:
    """Claim up to so many messages that are due, from as many receivers as can be; they are this worker's for CLAIMED_FOR."""
    now = timezone.now()
    waiting = _unclaimed(now)
    claimed: list[WebhookDelivery] = []
    for due in _receivers(waiting, now) if room > 0 else ():
        for pk in _oldest(waiting, due)[: room - len(claimed)]:
            if _take(pk, now):
                claimed.append(WebhookDelivery.objects.select_related("endpoint__unit").get(pk=pk))
        if len(claimed) == room:
            break
    return claimed


def _take(pk: int, now: datetime) -> bool:
    """Claim one, unless another worker was quicker.

    Only columns of the row itself are asked for: PostgreSQL looks at those again once it has waited for the other worker, but
    not at what a join or a subquery found before.
    """
    unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    row = WebhookDelivery.objects.filter(unclaimed, pk=pk, state=DeliveryState.WAITING, next_try_at__lte=now)
    return bool(row.update(claimed_until=now + CLAIMED_FOR))


def _unclaimed(now: datetime) -> QuerySet[WebhookDelivery]:
    return _due(now).filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))


def _due(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(state=DeliveryState.WAITING, next_try_at__lte=now, endpoint__state=EndpointState.ACTIVE)


def _receivers(waiting: QuerySet[WebhookDelivery], now: datetime) -> Iterable[_Due]:
    """Those with something due and room for it, those with the least under way first."""
    under_way = dict(_due(now).filter(claimed_until__gt=now).order_by().values_list("endpoint").annotate(n=Count("pk")))
    rows = waiting.order_by().values_list("endpoint", "endpoint__failing_since").annotate(oldest=Min("next_try_at"))
    found = []
    for endpoint_pk, failing_since, oldest in rows:
        busy = under_way.get(endpoint_pk, 0)
        free = (AT_ONCE if failing_since is None else AT_ONCE_WHILE_FAILING) - busy
        if free > 0:
            found.append((busy, oldest, _Due(endpoint_pk, free)))
    return [due for _busy, _oldest, due in sorted(found, key=lambda row: row[:2])]


def _oldest(waiting: QuerySet[WebhookDelivery], due: _Due) -> list[int]:
    return list(waiting.filter(endpoint=due.endpoint_pk).order_by("next_try_at", "pk").values_list("pk", flat=True)[: due.free])
