"""The office's copy of what it may see: records by their identifier, and those that are gone with the reason."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nhip_cau_client.state import State

CURSOR, NEXT_CURSOR, ROUND = "cursor", "next_cursor", "round"


@dataclass(frozen=True)
class Gone:
    """A record that is no longer to be used: archived, merged into another, or out of the office's sight."""

    noun: str
    id: str
    reason: str
    merged_into: str | None = None


class Mirror:
    """The copy. ``cursor`` is up to where it knows; all that it stores comes with the cursor or page it belongs to."""

    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def cursor(self) -> str | None:
        return self.state.mark(CURSOR)

    def get(self, noun: str, identifier: str) -> dict[str, Any] | None:
        """Return a record, following merges; None where there is none or it is gone."""
        select = "SELECT body, merged_into, gone FROM mirror WHERE noun = ? AND id = ?"
        row = self.state.database.execute(select, [noun, identifier]).fetchone()
        if row is None:
            return None
        body, merged_into, gone = row
        if gone:
            return self.get(noun, merged_into) if merged_into else None
        stored: dict[str, Any] = json.loads(body)
        return stored

    def records(self, noun: str) -> list[dict[str, Any]]:
        select = "SELECT body FROM mirror WHERE noun = ? AND gone IS NULL ORDER BY id"
        return [json.loads(body) for (body,) in self.state.database.execute(select, [noun])]

    def take_changes(self, noun_records: Iterable[tuple[str, Mapping[str, Any]]], gone: Iterable[Gone], *, cursor: str) -> None:
        """Store a page of the feed with the cursor behind it."""
        with self.state.together():
            self._store(noun_records)
            for one in gone:
                values = [one.noun, one.id, one.reason, one.merged_into, self._round()]
                self.state.database.execute(
                    "INSERT OR REPLACE INTO mirror (noun, id, gone, merged_into, round) VALUES (?, ?, ?, ?, ?)", values
                )
            self.state.set_mark(CURSOR, cursor)

    # --- Reading everything, page by page ---------------------------------------------------------------

    def begin(self, cursor: str) -> None:
        """Begin to read everything, once more or for the first time; ``cursor`` was asked for before the first page."""
        with self.state.together():
            self.state.set_mark(NEXT_CURSOR, cursor)
            self.state.set_mark(ROUND, str(self._round() + 1))
            self.state.database.execute("DELETE FROM marks WHERE name LIKE 'page:%'")

    @property
    def is_reading_everything(self) -> bool:
        return self.state.mark(NEXT_CURSOR) is not None

    def page(self, noun: str) -> str | None:
        """The page a list has been read up to: an address, "" at its end, None before its beginning."""
        return self.state.mark(f"page:{noun}")

    def take_page(self, noun: str, records: Iterable[Mapping[str, Any]], *, following: str | None) -> None:
        with self.state.together():
            self._store((noun, record) for record in records)
            self.state.set_mark(f"page:{noun}", following or "")

    def end(self) -> None:
        """Everything has been read: what was not among it is gone, and changes are followed from the first cursor on."""
        with self.state.together() as database:
            missing = "UPDATE mirror SET gone = 'not-listed', body = NULL WHERE round < ? AND gone IS NULL"
            database.execute(missing, [self._round()])
            self.state.set_mark(CURSOR, self.state.mark(NEXT_CURSOR))
            self.state.set_mark(NEXT_CURSOR, None)
            database.execute("DELETE FROM marks WHERE name LIKE 'page:%'")

    def _round(self) -> int:
        return int(self.state.mark(ROUND) or 0)

    def _store(self, noun_records: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        number = self._round()
        rows = [(noun, one["id"], one["revision"], json.dumps(one, ensure_ascii=False), number) for noun, one in noun_records]
        self.state.database.executemany("INSERT OR REPLACE INTO mirror (noun, id, revision, body, round) VALUES (?, ?, ?, ?, ?)", rows)
