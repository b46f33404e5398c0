"""Reading the feed: what changed after a cursor, as far as the reader may know of it now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection

from crm.choices import FeedNoun
from crm.feed.nouns import SOURCES
from crm.feed.positions import BEGINNING, FINISHED, LARGEST, OLDEST_RUNNING, ROW_VALUES, Cursor, Position, ResyncRequiredError, sight_of
from crm.feed.sight import Change, Entry, changes_of
from crm.models import User

MOST_CHANGES = 1_000
# A record that is made leaves an entry for each of its tables, and is told once: so many entries are looked at per change.
ENTRIES_PER_CHANGE = 3

# Up to where everything is finished, and from where nothing has begun; asked once, since sessions end while it is asked.
_BOUNDS = {
    "postgresql": f"{OLDEST_RUNNING} AS unfinished, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS unbegun",
    "sqlite": "COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'crm_feedentry'), 0) AS last, 0 AS unused",
}
_FINISHED = {"postgresql": '"transaction" < (SELECT unfinished FROM bounds)', "sqlite": FINISHED["sqlite"]}
# One statement, so one moment: entries, how far they are complete, and whether the cursor is still good.
_PAGE = """
WITH bounds AS MATERIALIZED (SELECT {bounds})
SELECT state.generation, state.pruned_transaction, state.pruned_id, bounds.*, entry.*
FROM crm_feedstate AS state CROSS JOIN bounds LEFT JOIN (
    SELECT "transaction", "id", "at", "noun", "object_pk", "was_level", "was_unit", "was_user" FROM crm_feedentry
    WHERE {row_values} > (%s, %s) AND {finished} {nouns} ORDER BY "transaction", "id" LIMIT %s
) AS entry ON TRUE
ORDER BY entry."transaction", entry."id"
"""


@dataclass(frozen=True)
class ChangePage:
    """Changes in the order in which they were made, each record once; where to go on, and whether there is more now.

    There may be more behind a page without any changes: what happened is not for this reader.
    """

    items: list[Change]
    cursor: str
    has_more: bool


@dataclass(frozen=True)
class _State:
    """The feed at one moment. Up to ``complete`` nothing can be added any more."""

    generation: int
    pruned: Position
    complete: Position
    latest: Position


def read_changes(reader: User, cursor: str | None, limit: int, nouns: Iterable[str] | None = None) -> ChangePage:
    """Return at most ``limit`` changes after the cursor; without one, from the beginning of what is kept.

    ``nouns``: values of ``FeedNoun``; all that the account may view where not given. Raises InvalidCursorError,
    ResyncRequiredError, and PermissionDenied for a noun that the account may not view.
    """
    asked = _nouns(reader, nouns)
    given = Cursor.read(cursor) if cursor is not None else None
    position = given.position if given else BEGINNING
    state, entries = _read(position, asked, limit * ENTRIES_PER_CHANGE + 1)
    if given:
        _hold_good(given, state, reader, asked)
    taken, told = _first(entries[: limit * ENTRIES_PER_CHANGE], limit)
    has_more = len(taken) < len(entries)
    last = Position(taken[-1].transaction, taken[-1].id) if taken else position
    reached = last if has_more else max(last, state.complete)
    return ChangePage(changes_of(told, reader), str(Cursor(state.generation, reached, sight_of(reader), asked)), has_more)


def cursor_now(reader: User, nouns: Iterable[str] | None = None) -> str:
    """Return the cursor from which every change is told that is not yet seen by whoever reads the records after this call."""
    asked = _nouns(reader, nouns)
    state, _entries = _read(BEGINNING, asked, 0)
    return str(Cursor(state.generation, state.complete, sight_of(reader), asked))


def _nouns(reader: User, nouns: Iterable[str] | None) -> frozenset[str]:
    allowed = frozenset(noun for noun, source in SOURCES.items() if reader.may(source.permission))
    asked = allowed if nouns is None else frozenset(FeedNoun(noun).value for noun in nouns)
    if not asked <= allowed:
        raise PermissionDenied
    return asked


def _hold_good(cursor: Cursor, state: _State, reader: User, asked: frozenset[str]) -> None:
    """A cursor of another life, of what is gone or never was, of other rights, or of fewer nouns would pass over changes."""
    of_this_life = cursor.generation == state.generation and state.pruned <= cursor.position <= state.latest
    if not of_this_life or cursor.sight != sight_of(reader) or not asked <= cursor.nouns:
        raise ResyncRequiredError


def _read(position: Position, nouns: frozenset[str], limit: int) -> tuple[_State, list[Entry]]:
    vendor = connection.vendor
    named = sorted(nouns) if nouns != set(SOURCES) else None
    wanted = "" if named is None else f'AND "noun" IN ({", ".join(["%s"] * len(named)) or "NULL"})'
    statement = _PAGE.format(bounds=_BOUNDS[vendor], row_values=ROW_VALUES, finished=_FINISHED[vendor], nouns=wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*position, *(named or ()), limit])
        rows = cursor.fetchall()
    generation, pruned_transaction, pruned_id, first, second = rows[0][:5]
    complete, latest = (
        (Position(first - 1, LARGEST), Position(second - 1, LARGEST)) if vendor == "postgresql" else (Position(0, first),) * 2
    )
    state = _State(generation, Position(pruned_transaction, pruned_id), complete, latest)
    return state, [_entry(row[5:]) for row in rows if row[5] is not None]


def _entry(row: tuple[Any, ...]) -> Entry:
    transaction, number, at, *rest = row
    if at.tzinfo is None:  # SQLite keeps moments in UTC, without saying so.
        at = at.replace(tzinfo=UTC)
    return Entry(transaction, number, at, *rest)


def _first(entries: list[Entry], limit: int) -> tuple[list[Entry], dict[tuple[str, int], list[Entry]]]:
    """The first entries that tell of at most ``limit`` records, and the same by record, the latest changed last."""
    told: dict[tuple[str, int], list[Entry]] = {}
    for number, entry in enumerate(entries):
        key = (entry.noun, entry.object_pk)
        if key not in told and len(told) == limit:
            return entries[:number], told
        told[key] = [*told.pop(key, []), entry]
    return entries, told
