"""The outbox: words that are to be sent, in the order they were said, until the server's answer is stored."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from nhip_cau_client.office import Outcome, Row
from nhip_cau_client.state import State

LAST_VERSION = "last_version"


@dataclass(frozen=True)
class Waiting:
    """A row of the outbox that is to be sent."""

    seq: int
    row: Row


class Outbox:
    """Words on their way to the server.

    A batch is written down under its key before it is sent. If its answer is lost with the line or with this process, the
    same rows go again under the same key, and the server answers as it did.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._database = state.database

    def put(self, noun: str, rows: Iterable[Row]) -> int:
        """Take words in, all or none; return how many. A row without a version gets the next one."""
        count = 0
        with self.state.together() as database:
            for count, row in enumerate(rows, 1):  # noqa: B007  (how many there were)
                version = self._next_version() if row.version is None else row.version
                same_as = None if row.same_as is ... else json.dumps(row.same_as)
                data = None if row.data is None else json.dumps(row.data, ensure_ascii=False)
                # A word that is not on its way yet is overtaken by this one, and so is one that was refused.
                database.execute("DELETE FROM outbox WHERE noun = ? AND external_id = ? AND batch IS NULL", [noun, row.external_id])
                columns = [noun, row.external_id, data, version, same_as]
                database.execute("INSERT INTO outbox (noun, external_id, data, version, same_as) VALUES (?, ?, ?, ?, ?)", columns)
        return count

    def take(self, noun: str, most: int) -> tuple[str, list[Waiting]]:
        """Return key and rows of the batch to send next: the one whose answer was lost, else the oldest words.

        A key of the office stands in a batch once: its next word waits for the answer to the one before.
        """
        with self.state.together() as database:
            begun = database.execute("SELECT batch FROM outbox WHERE batch IS NOT NULL AND noun = ? LIMIT 1", [noun]).fetchone()
            key = begun[0] if begun else str(uuid4())
            if not begun:
                oldest = "SELECT min(seq) FROM outbox WHERE noun = ? AND state = 'waiting' GROUP BY external_id ORDER BY 1 LIMIT ?"
                database.execute(f"UPDATE outbox SET batch = ? WHERE seq IN ({oldest})", [key, noun, most])  # noqa: S608  (fixed text)
            columns = "seq, external_id, data, version, same_as"
            rows = database.execute(f"SELECT {columns} FROM outbox WHERE batch = ? ORDER BY seq", [key]).fetchall()  # noqa: S608  (the same)
        return key, [Waiting(seq, _row(*values)) for seq, *values in rows]

    def settle(self, noun: str, sent: Iterable[Waiting], outcomes: Iterable[Outcome]) -> None:
        """Store what became of a batch: what is done leaves the outbox, what was refused stays with the reason."""
        with self.state.together() as database:
            for waiting, outcome in zip(sent, outcomes, strict=True):
                key = [noun, waiting.row.external_id]
                overtaken = database.execute("SELECT max(seq) > ? FROM outbox WHERE noun = ? AND external_id = ?", [waiting.seq, *key])
                if outcome.is_refused and not overtaken.fetchone()[0]:
                    answer = json.dumps(dict(outcome.answer), ensure_ascii=False)
                    database.execute("UPDATE outbox SET batch = NULL, state = 'refused', answer = ? WHERE seq = ?", [answer, waiting.seq])
                    continue
                database.execute("DELETE FROM outbox WHERE seq = ?", [waiting.seq])
                if not outcome.is_refused:
                    columns = [*key, outcome.id, outcome.revision, outcome.result]
                    database.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?)", columns)

    def let_go(self, key: str) -> None:
        """The batch was not taken as a whole: its rows wait again, and may be put together otherwise."""
        with self.state.together() as database:
            database.execute("UPDATE outbox SET batch = NULL WHERE batch = ?", [key])

    def try_refused_again(self) -> int:
        """Let what was refused wait again, once the reason is gone; return how many."""
        with self.state.together() as database:
            return database.execute("UPDATE outbox SET state = 'waiting', answer = NULL WHERE state = 'refused'").rowcount

    def count(self, state: str = "waiting") -> int:
        """How many words are ``waiting`` or were ``refused``."""
        found: tuple[int] = self._database.execute("SELECT count(*) FROM outbox WHERE state = ?", [state]).fetchone()
        return found[0]

    def refused(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return noun, key and answer of each word that was refused and waits for a person."""
        rows = self._database.execute("SELECT noun, external_id, answer FROM outbox WHERE state = 'refused' ORDER BY seq")
        return [(noun, external_id, json.loads(answer)) for noun, external_id, answer in rows]

    def proposed(self) -> list[tuple[str, str]]:
        """Return noun and key of each row part of which waits for the unit that leads the partner."""
        return self._database.execute("SELECT noun, external_id FROM keys WHERE result = 'proposed' ORDER BY 1, 2").fetchall()

    def _next_version(self) -> int:
        """A number that rises even where the clock is set back, and goes on rising where this file is lost."""
        version = max(int(self.state.mark(LAST_VERSION) or 0) + 1, time.time_ns() // 1000)
        self.state.set_mark(LAST_VERSION, str(version))
        return version


def _row(external_id: str, data: str | None, version: int, same_as: str | None) -> Row:
    return Row(
        external_id, None if data is None else json.loads(data), version=version, same_as=... if same_as is None else json.loads(same_as)
    )
