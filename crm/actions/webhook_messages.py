"""What changed, as messages to those who want to be told: each webhook reads the change feed from its own place.

The messages and the new place are written in one transaction, and only if nobody moved the place meanwhile: so none is
lost and none is doubled, however many workers read and wherever one of them is killed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from crm.choices import DeliveryState, EndpointState
from crm.feed import Change, InvalidCursorError, ResyncRequiredError, cursor_now, read_changes
from crm.feed.nouns import SOURCES
from crm.feed.positions import FINISHED, Cursor
from crm.models import FeedEntry, FeedState, User, WebhookDelivery, WebhookEndpoint

CHANGES_AT_ONCE = 500
# A receiver that is behind gets no more for now. The feed keeps the rest, and a record that changes often is then told once.
WAITING_AT_MOST = 1_000
RESYNC_KIND = "sync.required"


def tell_all() -> int:
    """Make the messages of whatever changed since for every active webhook; return how many."""
    active = WebhookEndpoint.objects.filter(state=EndpointState.ACTIVE).select_related("client__acts_as").order_by("pk")
    return sum(tell(endpoint) for endpoint in _behind(active))


def tell(endpoint: WebhookEndpoint) -> int:
    """Make the messages of one webhook, up to now or until enough wait; return how many."""
    made, waiting = 0, endpoint.deliveries.filter(state=DeliveryState.WAITING).count()
    while waiting + made < WAITING_AT_MOST:
        deliveries, cursor, has_more = _next_messages(endpoint)
        if not _store(endpoint, deliveries, cursor):
            return made
        made += len(deliveries)
        if not has_more:
            break
    return made


def nouns_told(endpoint: WebhookEndpoint, reader: User) -> list[str] | None:
    """The kinds of records of which it is told, as far as its credential may view them; None for all of these."""
    return [noun for noun in endpoint.nouns if reader.may(SOURCES[noun].permission)] if endpoint.nouns else None


def _behind(endpoints: Iterable[WebhookEndpoint]) -> list[WebhookEndpoint]:
    """Those after whose place something stands in the feed, or whose place is of another life of it. Two queries for all."""
    last = FeedEntry.objects.extra(where=[FINISHED[connection.vendor]]).order_by("-transaction", "-id").first()  # noqa: S610  (a constant)
    generation = FeedState.objects.values_list("generation", flat=True).get(pk=1)
    return [endpoint for endpoint in endpoints if _is_behind(endpoint, generation, last)]


def _is_behind(endpoint: WebhookEndpoint, generation: int, last: FeedEntry | None) -> bool:
    try:
        place = Cursor.read(endpoint.cursor)
    except InvalidCursorError:
        return True
    return place.generation != generation or (last is not None and place.position < (last.transaction, last.id))


def _next_messages(endpoint: WebhookEndpoint) -> tuple[list[WebhookDelivery], str, bool]:
    reader = endpoint.client.acts_as
    nouns = nouns_told(endpoint, reader)
    try:
        page = read_changes(reader, endpoint.cursor, CHANGES_AT_ONCE, nouns)
    except (ResyncRequiredError, InvalidCursorError):
        # What it missed cannot be told one by one any more; the receiver is to read everything anew.
        return [_message(endpoint, RESYNC_KIND, timezone.now(), {})], cursor_now(reader, nouns), True
    return [_message_of(endpoint, change) for change in page.items], page.cursor, page.has_more


def _store(endpoint: WebhookEndpoint, deliveries: list[WebhookDelivery], cursor: str) -> bool:
    """Keep the messages and the new place, or neither; return whether the place was still the one that was read from."""
    if cursor == endpoint.cursor:
        return False
    unmoved = WebhookEndpoint.objects.filter(pk=endpoint.pk, cursor=endpoint.cursor, state=EndpointState.ACTIVE)
    with transaction.atomic():
        if not unmoved.update(cursor=cursor):
            return False
        WebhookDelivery.objects.bulk_create(deliveries)
    endpoint.cursor = cursor
    return True


def _message_of(endpoint: WebhookEndpoint, change: Change) -> WebhookDelivery:
    data: dict[str, Any] = {"noun": str(change.noun), "id": str(change.id)}
    if change.deleted is None:
        return _message(endpoint, f"{change.noun}.changed", change.at, {**data, "revision": change.revision})
    merged_into = str(change.merged_into) if change.merged_into else None
    return _message(endpoint, f"{change.noun}.removed", change.at, {**data, "reason": str(change.deleted), "merged_into": merged_into})


def _message(endpoint: WebhookEndpoint, kind: str, at: datetime, data: dict[str, Any]) -> WebhookDelivery:
    payload = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return WebhookDelivery(endpoint=endpoint, kind=kind, payload=payload, next_try_at=timezone.now())
