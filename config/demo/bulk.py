"""Writing many exchanges at once: the rows that ``log_exchange`` would leave, in a few statements for all."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import Model
from simple_history.utils import bulk_create_with_history

from activities.actions.facts import fill_facts, refresh_last_contact
from activities.models import Exchange, ExchangeUnit, Participation
from activities.signals import activity_recorded
from config.demo.entries import Entry
from crm.models import User


def write_entries(entries: list[Entry]) -> None:
    """Write the entries: delegations before their parts, since a part's facts depend on them. Then tell the figures."""
    _write([entry for entry in entries if entry.part_of is None])
    _write([entry for entry in entries if entry.part_of is not None])
    partner_ids = {partner.pk for entry in entries for partner in entry.partners}
    refresh_last_contact(partner_ids)
    activity_recorded.send(sender=Exchange, partner_ids=partner_ids, since=min(entry.exchange.starts_on for entry in entries))


def _write(entries: list[Entry]) -> None:
    for entry in entries:
        exchange = entry.exchange
        exchange.parent = entry.part_of.exchange if entry.part_of else None
        exchange.created_by = exchange.updated_by = entry.author
        exchange.set_keys()
    insert((entry.exchange, entry.author) for entry in entries)
    _link(entries, "fields", "field")
    _link(entries, "provinces", "province")
    insert((ExchangeUnit(exchange=entry.exchange, unit=unit), entry.author) for entry in entries for unit in entry.co_units)
    insert((row, entry.author) for entry in entries for row in _participations(entry))
    for entry in entries:
        for rank, attendance in enumerate(entry.attendances, start=1):
            attendance.exchange, attendance.rank = entry.exchange, rank
        if entry.delegation:
            entry.delegation.exchange = entry.exchange
        if entry.follow_up:
            entry.follow_up.exchange = entry.exchange
            entry.follow_up.created_by = entry.follow_up.updated_by = entry.author
    insert((attendance, entry.author) for entry in entries for attendance in entry.attendances)
    insert((entry.delegation, entry.author) for entry in entries if entry.delegation)
    insert((entry.follow_up, entry.author) for entry in entries if entry.follow_up)


def _participations(entry: Entry) -> list[Participation]:
    rows = [Participation(exchange=entry.exchange, partner=partner, rank=rank) for rank, partner in enumerate(entry.partners, start=1)]
    fill_facts(rows, entry.exchange, field_mask=reduce(or_, (1 << field.bit for field in entry.fields), 0))
    return rows


def insert(rows: Iterable[tuple[Model, User]]) -> None:
    """Insert rows of one model with the first version of each, in the name of its author."""
    written = []
    for row, author in rows:
        row._history_user = author  # type: ignore[attr-defined]  # read by django-simple-history
        written.append(row)
    if written:
        bulk_create_with_history(written, type(written[0]))


def _link(entries: list[Entry], relation: str, column: str) -> None:
    """Insert the links to fields or provinces, and the same into the first version of each exchange."""
    through = getattr(Exchange, relation).through
    links = [through(exchange=entry.exchange, **{column: target}) for entry in entries for target in getattr(entry, relation)]
    through.objects.bulk_create(links)
    versions = dict(Exchange.history.filter(id__in=[entry.exchange.pk for entry in entries]).values_list("id", "history_id"))
    kept: Any = apps.get_model("activities", f"HistoricalExchange_{relation}")
    kept.objects.bulk_create(
        kept(history_id=versions[link.exchange_id], id=link.pk, exchange=link.exchange, **{column: getattr(link, column)}) for link in links
    )
