"""What must survive a power cut: words waiting to be sent, the copy of the site, and how far the feed was read.

One SQLite file per office. What belongs together is stored in one transaction, so that a process that is killed at any
moment goes on where it was.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, noun TEXT NOT NULL, external_id TEXT NOT NULL, data TEXT, version INTEGER NOT NULL,
    same_as TEXT, batch TEXT, state TEXT NOT NULL DEFAULT 'waiting', answer TEXT
);
CREATE INDEX IF NOT EXISTS outbox_by_key ON outbox (noun, external_id, seq);
CREATE INDEX IF NOT EXISTS outbox_by_batch ON outbox (batch) WHERE batch IS NOT NULL;
CREATE TABLE IF NOT EXISTS keys (
    noun TEXT NOT NULL, external_id TEXT NOT NULL, id TEXT, revision INTEGER, result TEXT, PRIMARY KEY (noun, external_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mirror (
    noun TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER, body TEXT, gone TEXT, merged_into TEXT, round INTEGER NOT NULL,
    PRIMARY KEY (noun, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
WAIT_SECONDS = 60


class State:
    """The file. A second process that opens it waits for the first, and then goes on with what that has left."""

    def __init__(self, path: Path | str) -> None:
        self.database = sqlite3.connect(path, isolation_level=None, timeout=WAIT_SECONDS)
        self.database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_TABLES}")

    def close(self) -> None:
        self.database.close()

    @contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Store all that is written inside, or nothing."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield self.database
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def mark(self, name: str) -> str | None:
        """Return a remembered word: a cursor, a number, the page a reading has come to."""
        row: tuple[str] | None = self.database.execute("SELECT value FROM marks WHERE name = ?", [name]).fetchone()
        return row[0] if row else None

    def set_mark(self, name: str, value: str | None) -> None:
        if value is None:
            self.database.execute("DELETE FROM marks WHERE name = ?", [name])
        else:
            self.database.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", [name, value])
