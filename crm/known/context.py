"""The way into the records as known on a day, and out of it again."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from crm.known.rules import ALSO_CHANGED, WORKED_OUT
from crm.known.tables import KnownTables, end_of, run

_known_on: ContextVar[date | None] = ContextVar("known_on", default=None)
# For sorting and joining through the views, which have no indexes of their own for the rows kept apart.
_WORK_MEMORY = "64MB"
_WRITING = frozenset(
    {
        *(sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_ALTER_TABLE),
        *(sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW, sqlite3.SQLITE_CREATE_TRIGGER),
        *(sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX, sqlite3.SQLITE_DROP_VIEW, sqlite3.SQLITE_DROP_TRIGGER),
    }
)


def known_on() -> date | None:
    """The day as known on which queries read right now; None where they read what is stored."""
    return _known_on.get()


@contextmanager
def as_known_on(day: date) -> Iterator[None]:
    """Let every query inside, made by the ORM or written by hand, read the records as they stood at the end of the day.

    Temporary views of the same names lie over the tables that were written to since, so that no query needs to know.
    Nothing can be written inside, and stored figures are not read: they tell of what was known on other days. What is
    restricted by now stays so; accounts and their rights are those of today.

    All of it is one transaction that is taken back at the end, also after an error: no view outlives it. Inside another
    transaction it is a part of that. Raises ValueError for a day still to come, RuntimeError inside itself.
    """
    if _known_on.get() is not None:
        raise RuntimeError("as_known_on cannot be used inside itself: leave the first day before asking for another.")
    if day > timezone.localdate():
        raise ValueError(f"{day} is still to come: nothing is known on it.")
    with _reading_transaction():
        tables = KnownTables(end_of(day))
        tables.collect()
        for rule in ALSO_CHANGED:
            rule(tables)
        tables.show()
        for rule in WORKED_OUT:
            rule(tables)
        token = _known_on.set(day)
        try:
            with _nothing_written(), _keys_group_nothing():
                yield
        finally:
            _known_on.reset(token)


@contextmanager
def _reading_transaction() -> Iterator[None]:
    """One reading of the database from beginning to end, that keeps no writer waiting and leaves nothing behind."""
    is_outermost, is_sqlite = not connection.in_atomic_block, connection.vendor == "sqlite"
    mode = getattr(connection, "transaction_mode", None)
    if is_sqlite:
        # Temporary tables are this connection's own: no need to hold the one lock for writing.
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # of the SQLite connection
    try:
        with transaction.atomic():
            if is_outermost and not is_sqlite:
                run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if not is_sqlite:
                run("SELECT set_config('work_mem', %s, true)", [_WORK_MEMORY])
            try:
                yield
            finally:
                transaction.set_rollback(True)
    finally:
        if is_sqlite:
            connection.transaction_mode = mode  # type: ignore[attr-defined]  # the same


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Let the database itself refuse every write but to temporary tables."""
    if connection.vendor == "postgresql":
        run("SET TRANSACTION READ ONLY")
        yield
        return
    driver = connection.connection
    driver.set_authorizer(_refuse_writing)
    try:
        yield
    finally:
        driver.set_authorizer(None)


def _refuse_writing(action: int, _first: str | None, _second: str | None, database: str | None, _trigger: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _WRITING and database == "main" else sqlite3.SQLITE_OK


@contextmanager
def _keys_group_nothing() -> Iterator[None]:
    """A view has no primary key from which its other columns follow, so queries that group by rows name all columns."""
    features = connection.features
    before = features.allows_group_by_selected_pks
    features.allows_group_by_selected_pks = False
    try:
        yield
    finally:
        features.allows_group_by_selected_pks = before
