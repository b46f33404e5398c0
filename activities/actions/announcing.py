"""Telling last contacts and figures what was written: at once, or of a whole set together at its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Min

from activities.actions.facts import refresh_last_contact
from activities.models import Exchange
from activities.signals import activity_recorded


@dataclass
class _Touched:
    partner_ids: set[int] = field(default_factory=set)
    since: date | None = None


_gathered: ContextVar[_Touched | None] = ContextVar("gathered", default=None)


def announce(exchange: Exchange, *, partner_ids: set[int], since: date) -> None:
    """Let last contacts and figures of the partners follow what was written, from the day ``since`` on."""
    # Parts count or not as their delegation does, whatever their own days.
    first_part_on = exchange.parts.aggregate(day=Min("starts_on"))["day"] or since
    announce_many(partner_ids, since=min(since, first_part_on))


def announce_many(partner_ids: set[int], *, since: date) -> None:
    """The same for partners of many exchanges that have no parts, since the earliest of their days."""
    together = _gathered.get()
    if together is None:
        _tell(partner_ids, since)
    else:
        together.partner_ids |= partner_ids
        together.since = since if together.since is None else min(since, together.since)


@contextmanager
def announced_together() -> Iterator[None]:
    """Tell what is written inside once, at the end; of what fails nothing. To be opened inside the transaction."""
    if _gathered.get() is not None:
        yield
        return
    together = _Touched()
    token = _gathered.set(together)
    try:
        yield
    finally:
        _gathered.reset(token)
    if together.since is not None:
        _tell(together.partner_ids, together.since)


def _tell(partner_ids: set[int], since: date) -> None:
    refresh_last_contact(partner_ids)
    activity_recorded.send(sender=Exchange, partner_ids=partner_ids, since=since)
