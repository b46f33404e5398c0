"""What a province's own system holds in these tests, how it pushes it, and what must have become of it."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.bed.own_site import OwnSite

Item = dict[str, Any]
COUNTRIES = ("LA", "KH", "CN", "CU", "RU", "JP", "KR", "FR")
KINDS = ("WORKING_MEETING", "COURTESY_CALL", "TALKS", "LETTER_EXCHANGE", "DELEGATION_IN")
FIRST_VERSION = 100


def partner_items(count: int) -> list[Item]:
    """Rows of partners, each known to be a new one."""
    return [
        {
            "external_id": f"ĐT/{number}",
            "version": FIRST_VERSION,
            "same_as": None,
            "data": {"name": f"Hội Hữu nghị số {number}", "kind": "FRIENDSHIP_ASSOCIATION", "country": COUNTRIES[number % len(COUNTRIES)]},
        }
        for number in range(count)
    ]


def exchange_items(count: int, *, partners: int, seed: int = 5) -> list[Item]:
    """Rows of exchanges with those partners, held between 2024 and 2026; the same for the same seed."""
    chance = random.Random(seed)
    return [
        {
            "external_id": f"HĐ {number}",
            "version": FIRST_VERSION,
            "data": {
                "kind": chance.choice(KINDS),
                "starts_on": f"{chance.randint(2024, 2025)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
                "level": chance.choice(["leader", "deputy", "working"]),
                "place": f"Phòng {number}",
                "partners": [{"external_id": f"ĐT/{chance.randrange(partners)}"}],
            },
        }
        for number in range(count)
    ]


def later(item: Item, **data: Any) -> Item:
    """The same row after a change at the source."""
    return {**item, "version": item["version"] + 1, "data": {**item["data"], **data}}


def gone(item: Item) -> Item:
    """The same row after it was deleted at the source."""
    return {"external_id": item["external_id"], "version": item["version"] + 1, "delete": True}


class Pusher:
    """An office's program: sends batches, each under a key, and sends again until it has an answer."""

    def __init__(self, site: OwnSite, unit: str, *, before_retry: Callable[[], None] = lambda: None, tries: int = 60) -> None:
        self.site, self.unit, self.before_retry, self.tries = site, unit, before_retry, tries
        self._client: httpx.Client | None = None

    def push(self, noun: str, items: Sequence[Item], *, size: int = 200) -> list[Item]:
        """Send all in batches; return what became of each."""
        starts = range(0, len(items), size)
        return [result for start in starts for result in self.send_batch(noun, list(items[start : start + size]))]

    def send_batch(self, noun: str, items: list[Item], *, key: str = "") -> list[Item]:
        answer = self.send("POST", f"/sources/{self.unit}/{noun}/batch/", {"atomic": False, "items": items}, key=key or str(uuid4()))
        assert answer.status_code == 200, answer.text
        results: list[Item] = answer.json()["items"]
        return results

    def send(self, method: str, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        """Send until there is an answer that says what became of it: a lost line, a busy server and 5xx say nothing."""
        headers = {"Idempotency-Key": key} if key else {}
        said: object = None
        for _try in range(self.tries):
            try:
                answer = self.client.request(method, path, json=body, headers=headers)
                said = answer.text
                if answer.status_code < 500 and answer.json().get("code") not in ("key-in-use", "too-many-requests"):
                    return answer
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                said = error
                self.close()
            self.before_retry()
        raise AssertionError(f"No answer after {self.tries} tries: {said}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the next request takes a new line and a new token."""
        if self._client is not None:
            self._client.close()
        self._client = None

    @property
    def client(self) -> httpx.Client:
        self._client = self._client or self.site.client(self.unit)
        return self._client


def push_all(site: OwnSite, partners: Sequence[Item], exchanges: Sequence[Item], *, size: int, patience: float = 0) -> list[Item]:
    """Push a province's rows, partners first; wait so many seconds before what was not answered is sent again."""
    with Pusher(site, "PU-40", before_retry=lambda: time.sleep(patience)) as pusher:
        return [*pusher.push("partners", partners, size=size), *pusher.push("exchanges", exchanges, size=size)]


def exchanges_of(site: OwnSite) -> list[tuple[Any, ...]]:
    """Every exchange with its key, in a form that two databases share: no numbers, no moments."""
    return site.rows("""
        SELECT key.value, unit.code, kind.code, exchange.starts_on, exchange.level, exchange.place, exchange.status,
            exchange.archived_at IS NOT NULL, array_agg(partner.name ORDER BY partner.name), array_agg(part.counted ORDER BY partner.name)
        FROM activities_exchange exchange
        LEFT JOIN activities_externalexchangeid key ON key.exchange_id = exchange.id
        JOIN crm_unit unit ON unit.id = exchange.host_unit_id
        JOIN activities_exchangekind kind ON kind.id = exchange.kind_id
        LEFT JOIN activities_participation part ON part.exchange_id = exchange.id
        LEFT JOIN partners_partner partner ON partner.id = part.partner_id
        GROUP BY key.value, unit.code, kind.code, exchange.id ORDER BY 1, 2, 3, 4, 5, 6
    """)  # fmt: skip


def partners_of(site: OwnSite) -> list[tuple[Any, ...]]:
    """Every partner with its keys and its last contact."""
    return site.rows("""
        SELECT partner.name, partner.city, partner.archived_at IS NOT NULL, partner.last_contact_on, array_agg(key.value ORDER BY key.value)
        FROM partners_partner partner LEFT JOIN partners_externalid key ON key.partner_id = partner.id
        GROUP BY partner.id ORDER BY 1, 2
    """)


_FIGURES = """
import json
from dataclasses import astuple
from django.utils import timezone
from partners.models import Partner
from reports.metrics.days import policy_on
from reports.metrics.engagement import engagement
today = timezone.localdate()
names = dict(Partner.objects.values_list("pk", "name"))
found = {names[figures.partner_id]: repr(astuple(figures)[1:]) for figures in engagement(policy_on(today), today)}
print(json.dumps(found))
"""


def figures_of(site: OwnSite) -> dict[str, str]:
    """The figures of every partner today, by name, computed from what is stored."""
    said: dict[str, str] = json.loads(site.run_python(_FIGURES).splitlines()[-1])
    return said


def twice_shuffled(items: Sequence[Item], *, seed: int) -> Iterator[Item]:
    """Each item twice, all in one random order."""
    order = [*items, *items]
    random.Random(seed).shuffle(order)
    yield from order
