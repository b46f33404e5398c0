"""Logging many new exchanges with a few statements for all of them.

The rules are those of ``log_exchange``, said once in ``exchange_rules`` and ``facts``; what differs is only how rows are
sent: some fifteen statements for all exchanges instead of some twenty for each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction

from activities.actions.announcing import announce_many
from activities.actions.exchange_rules import check_columns, check_rights_of_new, check_rules, hold_delegations
from activities.actions.facts import FACT_COLUMNS, fill_facts, partners_counted_in
from activities.models import Exchange, ExchangeUnit, Participation
from crm.actions.versions import record_first_links, record_first_versions
from crm.bulk_rows import insert_rows
from crm.models import Field, Province, Unit, User
from partners.models import Partner


@dataclass(frozen=True, slots=True)
class NewExchange:
    """An exchange to be logged, with the rows that belong to it, all of them read in this transaction."""

    exchange: Exchange
    partners: Sequence[Partner]
    fields: Sequence[Field] = ()
    provinces: Sequence[Province] = ()
    co_units: Sequence[Unit] = ()


Refusal = ValidationError | PermissionDenied


def check_new(entries: Sequence[NewExchange], *, by: User) -> list[Refusal | None]:
    """Return for each what is wrong with it, as ``log_exchange`` would raise it, or None. At most one query.

    The host unit is the author's own where none is given.
    """
    delegations = hold_delegations({entry.exchange.parent_id for entry in entries if entry.exchange.parent_id}, by=by)
    return [_refusal(entry, by=by, delegations=delegations) for entry in entries]


def _refusal(entry: NewExchange, *, by: User, delegations: set[int]) -> Refusal | None:
    exchange = entry.exchange
    if not exchange.host_unit_id and by.scope.home_unit_ids:
        exchange.host_unit_id = by.scope.home_unit_ids[0]
    try:
        check_rights_of_new(exchange, by=by, delegations=delegations)
        check_rules(exchange, entry.partners)
        check_columns(exchange)
    except (ValidationError, PermissionDenied) as error:
        return error
    return None


@transaction.atomic
def log_checked(entries: Sequence[NewExchange], *, by: User, reason: str = "") -> None:
    """Log exchanges of which ``check_new`` found nothing wrong in this transaction. Each gets its key and its versions.

    What ``log_exchange`` does beside (people present, a follow-up, a promise, a delegation) is not done here.
    """
    if not entries:
        return
    _insert_exchanges([entry.exchange for entry in entries], by=by, reason=reason)
    _insert_links(entries)
    _insert_co_units(entries, by=by, reason=reason)
    touched = _insert_participations(entries, by=by, reason=reason)
    announce_many(touched, since=min(entry.exchange.starts_on for entry in entries))


# Revision, archiving and the times of making have their defaults.
_EXCHANGE_COLUMNS = (
    "public_id", "created_by_id", "updated_by_id", "kind_id", "title", "starts_on", "ends_on", "direction", "level", "sides", "status",
    "place", "country_id", "host_unit_id", "people_count", "summary", "outcome", "policy_document_id", "confidentiality", "parent_id",
    "event_id", "is_demo", "search_key",
)  # fmt: skip
_FACTS = tuple(Participation._meta.get_field(name).attname for name in FACT_COLUMNS)  # type: ignore[union-attr]  # plain columns


def _insert_exchanges(exchanges: list[Exchange], *, by: User, reason: str) -> None:
    for exchange in exchanges:
        exchange.created_by = exchange.updated_by = by
        exchange.set_keys()
    rows = [[getattr(exchange, name) for name in _EXCHANGE_COLUMNS] for exchange in exchanges]
    for exchange, pk in zip(exchanges, _insert(Exchange, _EXCHANGE_COLUMNS, rows, by=by, reason=reason), strict=True):
        exchange.pk, exchange._state.adding = pk, False


def _insert_links(entries: Sequence[NewExchange]) -> None:
    pks = [entry.exchange.pk for entry in entries]
    fields = [(entry.exchange.pk, field.pk) for entry in entries for field in _once(entry.fields)]
    provinces = [(entry.exchange.pk, province.pk) for entry in entries for province in _once(entry.provinces)]
    insert_rows(Exchange.fields.through, ("exchange_id", "field_id"), fields)
    insert_rows(Exchange.provinces.through, ("exchange_id", "province_id"), provinces)
    if fields or provinces:
        record_first_links(Exchange, pks)


def _insert_co_units(entries: Sequence[NewExchange], *, by: User, reason: str) -> None:
    rows = [
        (entry.exchange.pk, pk) for entry in entries for pk in sorted({unit.pk for unit in entry.co_units} - {entry.exchange.host_unit_id})
    ]
    _insert(ExchangeUnit, ("exchange_id", "unit_id"), rows, by=by, reason=reason)


def _insert_participations(entries: Sequence[NewExchange], *, by: User, reason: str) -> set[int]:
    """Insert the partners' parts with their facts; return the partners."""
    counted = partners_counted_in(entry.exchange.parent_id for entry in entries if entry.exchange.parent_id)
    rows: list[Participation] = []
    for entry in entries:
        own = [
            Participation(exchange_id=entry.exchange.pk, partner_id=partner.pk, rank=rank)
            for rank, partner in enumerate(_once(entry.partners), start=1)
        ]
        mask = sum({1 << field.bit for field in entry.fields})
        fill_facts(own, entry.exchange, field_mask=mask, with_parent=frozenset(counted.get(entry.exchange.parent_id or 0, ())))
        rows += own
    names = ("exchange_id", "partner_id", "rank", *_FACTS)
    _insert(Participation, names, [[getattr(row, name) for name in names] for row in rows], by=by, reason=reason)
    return {row.partner_id for row in rows}


def _once(rows: Iterable[Any]) -> list[Any]:
    return list({row.pk: row for row in rows}.values())


def _insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, by: User, reason: str) -> list[int]:
    """Insert rows of one model together with their first versions; return their keys."""
    pks = insert_rows(model, names, rows)
    record_first_versions(model, pks, by=by, reason=reason)
    return pks
