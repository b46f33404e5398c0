"""How long the feed is kept, and what begins a new life of it."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from crm.feed.positions import BEGINNING, FINISHED, ROW_VALUES
from crm.models import FeedEntry, FeedState

KEPT = timedelta(days=90)
LARGEST_GENERATION = 2**31 - 1


def new_generation() -> int:
    """A number that no earlier life of the feed had, nor one that was restored from the same backup."""
    return 1 + secrets.randbelow(LARGEST_GENERATION)


@transaction.atomic
def prune_feed() -> int:
    """Let go of entries older than 90 days, and note up to where; return how many. Cursors below lead to a new first sync."""
    state = FeedState.objects.select_for_update().get(pk=1)
    cutoff = timezone.now() - KEPT
    last = FeedEntry.objects.filter(at__lt=cutoff).extra(where=[FINISHED[connection.vendor]]).order_by("-transaction", "-id").first()  # noqa: S610  (a constant)
    if last is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM crm_feedentry WHERE {ROW_VALUES} <= (%s, %s)", [last.transaction, last.id])  # noqa: S608  (constants)
        removed = int(cursor.rowcount)
    state.pruned_transaction, state.pruned_id = last.transaction, last.id
    state.save(update_fields=["pruned_transaction", "pruned_id"])
    return removed


@transaction.atomic
def renew_feed() -> int:
    """Begin a new life of the feed, without entries; return its number. Every cursor of before leads to a new first sync.

    To be done after a backup was restored: numbers of transactions and entries come again for other changes.
    """
    FeedEntry.objects.all()._raw_delete(FeedEntry.objects.db)
    generation = new_generation()
    start = {"generation": generation, "pruned_transaction": BEGINNING[0], "pruned_id": BEGINNING[1]}
    FeedState.objects.update_or_create(pk=1, defaults=start)
    return generation


def renew_if_restored(connection: Any) -> bool:
    """Renew where entries name transactions that this server has not begun yet: they were written on another one."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(transaction) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM crm_feedentry")
        restored = bool(cursor.fetchone()[0])
    if restored:
        renew_feed()
    return restored
