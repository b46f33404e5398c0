"""Storing contacts with countries and provinces: all at first, then what is logged, and every night a look for drift."""

import logging
from collections.abc import Collection, Sequence
from datetime import date

from django.db import connection, transaction

from activities.models import Exchange, Participation
from reports.metrics.country_contacts import COUNTRY_COLUMNS, PROVINCE_COLUMNS, are_stored, country_rows, fetch, province_rows
from reports.metrics.days import day_number
from reports.models import CountryContact, PolicyVersion, ProvinceContact

logger = logging.getLogger(__name__)
# So many exchanges are written in one statement.
CHUNK = 2_000
_TABLES = (
    (CountryContact._meta.db_table, COUNTRY_COLUMNS, country_rows),
    (ProvinceContact._meta.db_table, PROVINCE_COLUMNS, province_rows),
)


@transaction.atomic
def store_contacts() -> int:
    """Store all contacts where there are none; else store anew those that differ from the records. Return how many exchanges did.

    What is logged is followed as it is logged, so a difference is a mistake, and stands in the log.
    """
    _wait_for_other_writers()
    if not are_stored():
        for table, columns, rows in _TABLES:
            _insert(table, columns, rows())
        return 0
    drifted = _drifted()
    if drifted:
        logger.warning("contacts of %s exchanges differed from the records, and were stored anew: %s", len(drifted), drifted[:20])
        _store_again(drifted)
    return len(drifted)


@transaction.atomic
def refresh_contacts(partner_ids: Collection[int], since: date | None = None) -> int:
    """Store anew the contacts of the partners' exchanges from the day on, or of all; return how many exchanges.

    Does nothing before all contacts were stored, so that an empty table never becomes half a one.
    """
    if not are_stored():
        return 0
    _wait_for_other_writers()
    facts = Participation.objects.filter(day_no__gte=day_number(since)) if since else Participation.objects.all()
    ids = sorted(partner_ids)
    touched: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        touched |= set(facts.filter(partner__in=ids[start : start + CHUNK]).order_by().values_list("exchange", flat=True))
    # What a delegation counts, its parts do not.
    parts = Exchange.objects.filter(parent__isnull=False).order_by()
    for start in range(0, len(given := sorted(touched)), CHUNK):
        touched |= set(parts.filter(parent__in=given[start : start + CHUNK]).values_list("pk", flat=True))
    _store_again(sorted(touched))
    return len(touched)


def _store_again(exchange_ids: Sequence[int]) -> None:
    for start in range(0, len(exchange_ids), CHUNK):
        ids = ", ".join(str(int(pk)) for pk in exchange_ids[start : start + CHUNK])
        for table, columns, rows in _TABLES:
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {table} WHERE exchange_id IN ({ids})")  # noqa: S608  (our own tables, whole numbers)
            _insert(table, columns, rows(f"f.exchange_id IN ({ids})"))


def _insert(table: str, columns: Sequence[str], rows: str) -> None:
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM ({rows}) AS found")  # noqa: S608  (the same)


def _drifted() -> list[int]:
    """Exchanges whose stored rows are not those that the records give. Two statements."""
    found: set[int] = set()
    for table, columns, rows in _TABLES:
        names = ", ".join(columns)
        kept, given = f"SELECT {names} FROM {table}", f"SELECT {names} FROM ({rows()}) AS found"  # noqa: S608  (the same)
        missing = f"SELECT exchange_id FROM ({given} EXCEPT {kept}) AS missing"  # noqa: S608  (the same)
        left_over = f"SELECT exchange_id FROM ({kept} EXCEPT {given}) AS left_over"  # noqa: S608  (the same)
        with connection.cursor() as cursor:
            found |= {pk for (pk,) in fetch(cursor, f"{missing} UNION {left_over}")}
    return sorted(found)


def _wait_for_other_writers() -> None:
    """Let one process at a time store, so that an older reading never replaces a newer one."""
    PolicyVersion.objects.select_for_update(no_key=True).order_by("pk").first()
