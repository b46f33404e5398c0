"""Places in the feed, and the cursors that carry them between requests.

A cursor says which life of the feed it is of, up to where its reader has read, what the reader could see, and of which
nouns it was asked. It ends with a checksum, so that one that was altered or cut off is found out instead of skipping changes.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from crm.choices import FeedNoun
from crm.models import User

LARGEST = 2**63 - 1
ROW_VALUES = '("transaction", "id")'
# The oldest transaction that may still write entries, or the first that has not begun. Of those that run, only such are left
# out as a session of another database of the server holds; the own one is not among them and is added.
OLDEST_RUNNING = """(SELECT min(number) FROM (
    SELECT running::text::bigint AS number FROM pg_snapshot_xip(pg_current_snapshot()) AS running
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_locks AS held JOIN pg_stat_activity AS session ON session.pid = held.pid
        WHERE held.locktype = 'transactionid' AND held.transactionid = running::xid AND held.mode = 'ExclusiveLock' AND held.granted
        AND session.datname <> current_database()
    )
    UNION ALL SELECT pg_current_xact_id_if_assigned()::text::bigint
    UNION ALL SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint
) AS numbers)"""
# Entries that nothing can come before any more: on SQLite whatever can be read, since one writes at a time.
FINISHED = {"postgresql": f'"transaction" < {OLDEST_RUNNING}', "sqlite": '"transaction" = 0'}
_FORM = re.compile(r"(\d{1,10})\.(-?\d{1,19})\.(\d{1,19})\.([0-9a-f]{16})\.([a-z,-]*)", re.ASCII)
_CHECK_LENGTH = 8


class Position(NamedTuple):
    """After which entry to go on, in the order in which entries are read."""

    transaction: int
    id: int


BEGINNING = Position(-1, 0)


class InvalidCursorError(ValueError):
    """The text is no cursor of the feed, or was altered."""


class ResyncRequiredError(Exception):
    """The cursor is no longer good: the reader has to read everything once more, and go on with a new cursor."""


@dataclass(frozen=True)
class Cursor:
    """What a cursor says. ``nouns``: what it was asked of; ``sight``: a fingerprint of what its reader could see."""

    generation: int
    position: Position
    sight: str
    nouns: frozenset[str]

    def __str__(self) -> str:
        text = f"{self.generation}.{self.position.transaction}.{self.position.id}.{self.sight}.{','.join(sorted(self.nouns))}"
        return base64.urlsafe_b64encode(f"{text}.{_check(text)}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises InvalidCursorError."""
        try:
            decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (ValueError, binascii.Error) as error:
            raise InvalidCursorError(text[:80]) from error
        body, _dot, check = decoded.rpartition(".")
        match = _FORM.fullmatch(body)
        if match is None or check != _check(body):
            raise InvalidCursorError(text[:80])
        generation, transaction, number, sight, nouns = match.groups()
        position = Position(int(transaction), int(number))
        named = frozenset(nouns.split(",")) if nouns else frozenset()
        if max(position) > LARGEST or not named <= set(FeedNoun.values):
            raise InvalidCursorError(text[:80])
        return cls(int(generation), position, sight, named)


def sight_of(reader: User) -> str:
    """A fingerprint of what decides which records the account sees: with another one, records appear or vanish unchanged.

    Who sees every unit needs no list of units, and who reads all that is restricted no list of those that are led.
    """
    scope = reader.scope
    units = () if scope.central else tuple(sorted(scope.unit_ids))
    led = () if scope.secretariat else tuple(sorted(scope.lead_unit_ids))
    seen = (reader.pk, scope.central, scope.secretariat, bool(scope.permissions), units, led)
    return sha256(repr(seen).encode()).hexdigest()[:16]


def _check(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_CHECK_LENGTH]
