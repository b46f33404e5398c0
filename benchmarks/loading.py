"""Filling the tables of the benchmark: COPY on PostgreSQL, executemany on SQLite."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.db import connection, transaction

from benchmarks.population import (
    ATTENDANCE_COLUMNS,
    EXCHANGE_COLUMNS,
    EXCHANGE_TABLE,
    PARTICIPATION_COLUMNS,
    PARTNER_COLUMNS,
    PERSON_COLUMNS,
    Population,
)

CHUNK = 50_000


def load(population: Population) -> None:
    """Write the whole population, and let the database take its statistics."""
    with transaction.atomic():
        _trust_foreign_keys()
        _write("partners_partner", PARTNER_COLUMNS, population.partners())
        _write("partners_person", PERSON_COLUMNS, population.people())
        exchanges = population.exchanges()
        while chunk := list(islice(exchanges, CHUNK)):
            _write(EXCHANGE_TABLE, EXCHANGE_COLUMNS, (row for row, _parts, _present in chunk))
            _write("activities_participation", PARTICIPATION_COLUMNS, chain.from_iterable(parts for _row, parts, _present in chunk))
            _write("activities_attendance", ATTENDANCE_COLUMNS, chain.from_iterable(present for _row, _parts, present in chunk))
        _move_sequences()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _write(table: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join("?" * len(columns))
        cursor.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", _for_sqlite(columns, rows))


def _for_sqlite(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """SQLite keeps a UUID as 32 hexadecimal digits."""
    place = columns.index("public_id") if "public_id" in columns else None
    for row in rows:
        yield row if place is None else (*row[:place], row[place].replace("-", ""), *row[place + 1 :])


def _trust_foreign_keys() -> None:
    """The rows are made to fit; checking tens of millions of keys one by one would take longer than all else."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")


def _move_sequences() -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in ("partners_partner", "partners_person", EXCHANGE_TABLE):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
