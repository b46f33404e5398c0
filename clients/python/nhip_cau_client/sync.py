"""Both sides equal: what waits is sent, what changed is read. May be stopped at any moment and begun again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from nhip_cau_client.mirror import Gone, Mirror
from nhip_cau_client.office import MOST_IN_BATCH, Office, parts_of
from nhip_cau_client.outbox import Outbox, Waiting
from nhip_cau_client.problems import ProblemError
from nhip_cau_client.state import State

# What an office writes, in the order that references need: exchanges name partners.
WRITTEN = ("partners", "exchanges")
MOST_SINGLE_READS = 2_000
# What the feed calls a record, and the address of its list.
LISTS = {
    "partner": "partners",
    "person": "people",
    "exchange": "exchanges",
    "follow-up": "follow-ups",
    "agreement": "agreements",
    "commitment": "commitments",
}


@dataclass
class Report:
    """What a sync did: rows sent by their result, records read, records gone."""

    sent: dict[str, int] = field(default_factory=dict)
    read: int = 0
    gone: int = 0
    resynced: bool = False


class Sync:
    """One office, its state file, and the records that it wants a copy of (names as in ``LISTS``)."""

    def __init__(self, office: Office, state: State, *, nouns: Iterable[str] = ("partner", "exchange")) -> None:
        self.office = office
        self.nouns = tuple(nouns)
        self.outbox = Outbox(state)
        self.mirror = Mirror(state)

    def run(self) -> Report:
        """Push, then pull, so that the copy has what was just sent."""
        report = Report()
        self.push(report)
        self.pull(report)
        return report

    def push(self, report: Report) -> None:
        """Send what waits in the outbox. What is refused stays there with the reason and does not hold up the rest."""
        for noun in WRITTEN:
            most = MOST_IN_BATCH
            while True:
                key, waiting = self.outbox.take(noun, most)
                if not waiting:
                    break
                most = self._push_batch(noun, key, waiting, report)

    def pull(self, report: Report) -> None:
        """Bring the copy up to date: by the change feed, or from the beginning where there is no good cursor."""
        if self.mirror.cursor is None or self.mirror.is_reading_everything:
            self._read_everything(report)
        try:
            self._follow_changes(report)
        except ProblemError as problem:
            if problem.code != "resync-required":
                raise
            report.resynced = True
            self.mirror.begin(self.office.changes("now").cursor)
            self._read_everything(report)
            self._follow_changes(report)

    def _push_batch(self, noun: str, key: str, waiting: list[Waiting], report: Report) -> int:
        """Send one batch; return how many rows the next may have."""
        rows = [one.row for one in waiting]
        if len(next(parts_of(rows))) < len(rows):
            self.outbox.let_go(key)
            return len(next(parts_of(rows)))
        try:
            outcomes = self.office.put_many(noun, rows, key=key)
        except ProblemError as problem:
            self.outbox.let_go(key)
            if problem.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(rows) > 1:
                return len(rows) // 2
            raise
        self.outbox.settle(noun, waiting, outcomes)
        for outcome in outcomes:
            result = "refused" if outcome.is_refused else outcome.result
            report.sent[result] = report.sent.get(result, 0) + 1
        return MOST_IN_BATCH

    def _read_everything(self, report: Report) -> None:
        if not self.mirror.is_reading_everything:
            self.mirror.begin(self.office.changes("now").cursor)
        for noun in self.nouns:
            page = self.mirror.page(noun)
            while page != "":
                send = self.office.connection.send
                answer = send("GET", f"{LISTS[noun]}/", params={"limit": 200}) if page is None else self.office.connection.follow(page)
                body = answer.json()
                self.mirror.take_page(noun, body["items"], following=body["next"])
                report.read += len(body["items"])
                page = body["next"] or ""
        self.mirror.end()

    def _follow_changes(self, report: Report) -> None:
        has_more, singly = True, 0
        while has_more:
            if singly > MOST_SINGLE_READS:
                # As after a push of many rows: the lists give two hundred records a request.
                self.mirror.begin(self.office.changes("now").cursor)
                self._read_everything(report)
                singly = 0
            page = self.office.changes(self.mirror.cursor or "", nouns=self.nouns)
            records: list[tuple[str, dict[str, Any]]] = []
            gone: list[Gone] = []
            for change in page.items:
                self._take(change, records.append, gone.append)
            self.mirror.take_changes(records, gone, cursor=page.cursor)
            singly += len(records)
            report.read += len(records)
            report.gone += len(gone)
            has_more = page.has_more

    def _take(self, change: dict[str, Any], keep: Callable[[tuple[str, dict[str, Any]]], None], lose: Callable[[Gone], None]) -> None:
        noun, identifier = change["noun"], change["id"]
        if change.get("deleted"):
            lose(Gone(noun, identifier, change["deleted"], change.get("merged_into")))
        else:
            # Read also where the revision is known: other names or posts may be what changed.
            try:
                record = self.office.connection.send("GET", f"{LISTS[noun]}/{identifier}/").json()
            except ProblemError as problem:
                # It left between the two requests, and the feed says so further on.
                if problem.status != httpx.codes.NOT_FOUND:
                    raise
                lose(Gone(noun, identifier, "not-visible"))
            else:
                if "merged_into" in record and "revision" not in record:
                    lose(Gone(noun, identifier, "merged", record["merged_into"]))
                else:
                    keep((noun, record))
