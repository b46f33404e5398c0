"""What an office does by the API: write by its own keys, one by one, in batches or by file, and read what changed."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from nhip_cau_client.connection import Connection
from nhip_cau_client.problems import NotReachedError

MOST_IN_BATCH = 500
MOST_BYTES = 4 * 1024 * 1024
MOST_CHANGES = 500
NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class Row:
    """One word about one row of the office's system: what it is now, or that it was deleted.

    ``version`` rises with each change; the server passes over a word that is older than what it has. ``same_as``: the
    identifier of the record that is meant, or None for certainly a new one; left out (``...``) the server looks itself.
    ``if_match``: the revision that the office has seen and means to write over; where another stands, the row is refused.
    """

    external_id: str
    data: Mapping[str, Any] | None
    version: int | None = None
    changed_at: str | None = None
    same_as: Any = ...
    if_match: int | None = None

    def body(self) -> dict[str, Any]:
        """The row as a PUT says it."""
        body: dict[str, Any] = {"data": self.data} if self.data is not None else {}
        body |= {name: value for name in ("version", "changed_at") if (value := getattr(self, name)) is not None}
        return body if self.same_as is ... else body | {"same_as": self.same_as}

    def item(self) -> dict[str, Any]:
        """The row as a batch or a file says it."""
        beside: dict[str, Any] = {"delete": True} if self.data is None else {}
        beside |= {} if self.if_match is None else {"if_match": self.if_match}
        return {"external_id": self.external_id, **self.body(), **beside}


@dataclass(frozen=True)
class Outcome:
    """What became of a row. ``result``: created, changed, unchanged, older, linked, proposed, withdrawn; "" where refused."""

    external_id: str
    status: int
    result: str
    id: str | None = None
    revision: int | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        return self.status >= 400

    @classmethod
    def read(cls, external_id: str, status: int, body: Mapping[str, Any]) -> "Outcome":
        return cls(external_id, status, str(body.get("result") or ""), body.get("id"), body.get("revision"), body)


@dataclass(frozen=True)
class Changes:
    """One page of the change feed; ``cursor`` is kept once everything in ``items`` has been worked through."""

    items: list[dict[str, Any]]
    cursor: str
    has_more: bool


def key_path(unit: str, noun: str, external_id: str) -> str:
    """Return the address of a row by the office's own key, which may hold any character."""
    escaped = quote(external_id, safe="")
    if not escaped.strip("."):
        escaped = escaped.replace(".", "%2E")  # "." and ".." would be steps of the address.
    return f"sources/{quote(unit, safe='')}/{noun}/{escaped}/"


class Office:
    """The site as one unit sees it. Nouns are ``partners`` and ``exchanges`` for writing by key, all of them for reading."""

    def __init__(self, connection: Connection, unit: str) -> None:
        self.connection = connection
        self.unit = unit

    def put(self, noun: str, row: Row, *, dry_run: bool = False, if_match: str | None = None) -> Outcome:
        """Say what a row is now: made where it is new, changed where it differs. May be said again at any time.

        ``if_match``: ``*`` to write over whatever stands; else the row says which revision it has seen.

        Raises:
            ProblemError: refused; ``code`` and ``places`` say why.
        """
        if if_match is None and row.if_match is not None:
            if_match = f'"rev-{row.if_match}"'
        headers = {} if if_match is None else {"If-Match": if_match}
        answer = self.connection.send("PUT", key_path(self.unit, noun, row.external_id), row.body(), headers=headers, params=_dry(dry_run))
        return Outcome.read(row.external_id, answer.status_code, answer.json())

    def get(self, noun: str, external_id: str) -> dict[str, Any]:
        """Return what the server knows of the key. Raises ProblemError (``not-found``) where it knows nothing."""
        body: dict[str, Any] = self.connection.send("GET", key_path(self.unit, noun, external_id)).json()
        return body

    def withdraw(self, noun: str, external_id: str, *, version: int | None = None) -> Outcome:
        """Say that the office's row was deleted. What others use stays; a late word to make it finds it dead."""
        params = {} if version is None else {"version": version}
        answer = self.connection.send("DELETE", key_path(self.unit, noun, external_id), params=params)
        return Outcome.read(external_id, answer.status_code, answer.json() if answer.content else {})

    def put_many(
        self, noun: str, rows: Iterable[Row], *, atomic: bool = False, dry_run: bool = False, key: str | None = None
    ) -> list[Outcome]:
        """Say many rows, in as few requests as the server takes, in their order. ``key`` only where they fit one request.

        Raises:
            ProblemError: a whole request was refused, as with ``atomic`` where one row is.
        """
        outcomes: list[Outcome] = []
        for part in parts_of(rows):
            headers = {} if key is None else {"Idempotency-Key": key}
            body = {"atomic": atomic, "items": [row.item() for row in part]}
            path = f"sources/{self.unit}/{noun}/batch/"
            answer = self.connection.send("POST", path, body, headers=headers, params=_dry(dry_run)).json()
            outcomes += [Outcome.read(str(item["external_id"]), item["status"], item) for item in answer["items"]]
        return outcomes

    def put_file(self, noun: str, rows: Iterable[Row], *, dry_run: bool = False, key: str | None = None) -> str:
        """Hand in many rows as one file, to be written, or tried out, in the background; return the address of the job."""
        lines = "".join(json.dumps(row.item(), ensure_ascii=False) + "\n" for row in rows)
        headers = {"Content-Type": NDJSON} | ({} if key is None else {"Idempotency-Key": key})
        path = f"sources/{self.unit}/{noun}/jobs/"
        answer = self.connection.send("POST", path, content=lines.encode(), headers=headers, params=_dry(dry_run))
        return answer.headers["Location"]

    def wait_for(self, job: str, *, seconds: float = 3600, sleep: Callable[[float], None] = time.sleep) -> dict[str, Any]:
        """Return the job once it has ended. Raises NotReachedError where it has not within that time."""
        deadline = time.monotonic() + seconds
        while True:
            body: dict[str, Any] = self.connection.follow(job).json()
            if body["state"] not in ("queued", "running"):
                return body
            if time.monotonic() > deadline:
                raise NotReachedError(f"{job}: {body['state']} after {seconds:.0f} s")
            sleep(1)

    def rows(self, noun: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """Read a list to its end, page by page."""
        answer = self.connection.send("GET", f"{noun}/", params={"limit": 200, **filters}).json()
        while True:
            yield from answer["items"]
            if answer["next"] is None:
                return
            answer = self.connection.follow(answer["next"]).json()

    def changes(self, since: str, *, limit: int = MOST_CHANGES, nouns: Iterable[str] = ()) -> Changes:
        """Read one page of the change feed; ``since="now"`` gives the cursor to begin with.

        Raises:
            ProblemError: ``resync-required`` (410) where everything is to be read once more.
        """
        params: dict[str, Any] = {"since": since, "limit": limit} | ({"noun": list(nouns)} if nouns else {})
        body = self.connection.send("GET", "changes/", params=params).json()
        return Changes(body["items"], body["cursor"], body["has_more"])


def parts_of(rows: Iterable[Row], *, most: int = MOST_IN_BATCH, most_bytes: int = MOST_BYTES) -> Iterator[list[Row]]:
    """Split rows so that each part fits one request, keeping their order."""
    part: list[Row] = []
    size = 0
    for row in rows:
        length = len(json.dumps(row.item(), ensure_ascii=False).encode())
        if part and (len(part) == most or size + length > most_bytes):
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dry_run": "true"} if dry_run else {}
