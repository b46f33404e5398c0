"""Pushing rows over HTTP: by key alone, in batches of 100 and 500, with 1 and 8 clients, against a plain DRF create.

The web server is gunicorn as a site runs it, on the database of the benchmark; clients and server share the machine.
Ours finds the key, orders the word, checks rights and rules, writes versions, facts, last contacts and the feed, and asks
for figures; the plain one validates fields and writes the row with its version.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

import httpx
from django.db import connection

from benchmarks.measure import Timing, heading, line, ms
from benchmarks.population import _NAMES, _WORDS
from config.bootstrap.processes import end_with_parent
from config.bootstrap.providers.ports import free_port
from config.bootstrap.run import web_command
from crm.choices import Role
from crm.models import Membership, OfficeClient, Unit, User
from partners.models import Partner

UNIT = "PU-40"
CLIENTS = (1, 8)
SECRET = "chi-de-do-toc-do"  # noqa: S105  (of a server that lives as long as the benchmark)
# Rows of a run that went before are known by now: to say them again is another, cheaper thing.
_numbers = count(time.time_ns() // 1_000_000)
_lock = threading.Lock()

Body = Callable[[int], dict[str, Any]]


@dataclass
class Way:
    """One way to send rows: ``rows`` in each request, ``requests`` of them."""

    name: str
    rows: int
    requests: int
    send: Callable[[httpx.Client, list[int]], httpx.Response]
    timing: Timing = field(default_factory=lambda: Timing("requests"))
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.rows * self.requests / self.seconds


def run(*, requests: int = 200) -> None:
    partners = [str(pk) for pk in Partner.objects.order_by("pk").values_list("public_id", flat=True)[:300]]
    bodies: dict[str, tuple[str, Body]] = {
        "exchanges": ("/plain/exchanges/", lambda number: _exchange(number, partners)),
        "partners": ("/plain/partner-rows/", _partner),
    }
    with _served() as address:
        token = _token(address)
        for noun, (plain, body) in bodies.items():
            for clients in CLIENTS:
                _compare(address, token, noun, plain, body, clients=clients, requests=requests)


def _compare(address: str, token: str, noun: str, plain: str, body: Body, *, clients: int, requests: int) -> None:
    keys = f"/api/v1/sources/{UNIT}/{noun}/"

    def in_batch(client: httpx.Client, rows: list[int]) -> httpx.Response:
        return client.post(f"{keys}batch/", json=_batch(rows, body))

    ways = [
        Way("plain DRF create", 1, requests, lambda client, rows: client.post(plain, json=_plainly(body(rows[0])))),
        Way(
            "by key, alone",
            1,
            requests,
            lambda client, rows: client.put(f"{keys}B-{rows[0]}/", json={"version": 1, "same_as": None, "data": body(rows[0])}),
        ),
        *(Way(f"batches of {size}", size, max(clients, requests * 5 // size), in_batch) for size in (100, 500)),
    ]
    heading(f"Pushing {noun}, {clients} client{'s' if clients > 1 else ''}; load {os.getloadavg()[0]:.1f}")
    line("", "rows per second", "p50", "p95", "rows / plain")
    for way in ways:
        _measure(way, address, token, clients=clients)
        p50, p95 = ms(way.timing.median), ms(way.timing.p95)
        line(way.name, f"{way.rate:.0f}", p50, p95, f"{way.rate / ways[0].rate:.2f} x")


def _measure(way: Way, address: str, token: str, *, clients: int) -> None:
    """Send all requests of one way by so many clients at once, after a few to warm up."""
    waiting = [_take(way.rows) for _request in range(way.requests)]
    for _warming in range(2):
        with _client(address, token) as client:
            _sent(way, client, _take(way.rows))
    failures: list[Exception] = []

    def work() -> None:
        with _client(address, token) as client:
            while waiting:
                try:
                    rows = waiting.pop()
                    start = time.perf_counter()
                    _sent(way, client, rows)
                    way.timing.seconds.append(time.perf_counter() - start)
                except IndexError:
                    return
                except Exception as error:
                    failures.append(error)
                    return

    threads = [threading.Thread(target=work) for _client in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    way.seconds = time.perf_counter() - start
    if failures:
        raise failures[0]


def _sent(way: Way, client: httpx.Client, rows: list[int]) -> None:
    """Send the rows; raise RuntimeError unless every one of them was made."""
    answer = way.send(client, rows)
    told = answer.json().get("items") if answer.is_success else None
    if [item["status"] for item in told or [{"status": answer.status_code}]] != [201] * way.rows:
        raise RuntimeError(f"{way.name}: {answer.status_code} {answer.text[:500]}")


def _take(rows: int) -> list[int]:
    with _lock:
        return [next(_numbers) for _row in range(rows)]


def _exchange(number: int, partners: list[str]) -> dict[str, Any]:
    return {
        "kind": "WORKING_MEETING",
        "title": f"Trao đổi kế hoạch lần {number}",
        "starts_on": date(2020 + number % 6, 1 + number % 12, 1 + number % 28).isoformat(),
        "direction": "in",
        "level": "deputy",
        "sides": "both",
        "status": "held",
        "place": "Vinh",
        "provinces": ["nghe-an"],
        "host_unit": UNIT,
        "partners": [partners[number % len(partners)]],
        "fields": ["PEACE"],
        "outcome": "Hai bên thống nhất lịch đoàn ra.",
        "confidentiality": "unit",
        "people_count": 8,
    }


def _partner(number: int) -> dict[str, Any]:
    # Names as unlike each other as in life: of the same name a thousand times over, likely duplicates would be all that is measured.
    chance = random.Random(number)
    return {
        "name": f"{chance.choice(_WORDS)} {chance.choice(_NAMES)} {chance.randrange(10**9)}",
        "kind": "FRIENDSHIP_ASSOCIATION",
        "country": ("LA", "KH", "TH", "JP", "FR")[number % 5],
        "city": "Vinh",
        "website": f"https://h{number}.example.org/",
        "founded_year": 1990,
        "fields": ["PEACE"],
    }


def _plainly(body: dict[str, Any]) -> dict[str, Any]:
    """The plain one says levels as the table does."""
    return {**body, "level": 1} if "level" in body else body


def _batch(rows: list[int], body: Body) -> dict[str, Any]:
    return {"items": [{"external_id": f"B-{number}", "version": 1, "same_as": None, "data": body(number)} for number in rows]}


def _client(address: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=120, trust_env=False)


def _token(address: str) -> str:
    unit = Unit.objects.get(code=UNIT)
    program = User.objects.create(username=f"bench-program-{time.time_ns()}", is_program=True)
    Membership.objects.create(user=program, unit=unit, role=Role.OFFICER)
    credential = OfficeClient.objects.create(
        name="bench",
        client_type=OfficeClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=OfficeClient.GRANT_CLIENT_CREDENTIALS,
        client_secret=SECRET,
        unit=unit,
        acts_as=program,
        expires_on=date(2099, 1, 1),
    )
    form = {"grant_type": "client_credentials", "scope": "read write"}
    answer = httpx.post(f"{address}/oauth/token/", data=form, auth=(credential.client_id, SECRET), trust_env=False)
    return str(answer.raise_for_status().json()["access_token"])


@contextmanager
def _served() -> Iterator[str]:
    """Serve the database of this process by gunicorn, with the plain addresses beside ours; yield the address."""
    settings, port = connection.settings_dict, free_port()
    database = f"sqlite:///{settings['NAME']}"
    if connection.vendor == "postgresql":
        database = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.settings", "DATABASE_URL": database}
    environment |= {"HOST": "localhost", "PORT": str(port), "WEB_WORKERS": "2", "WEB_THREADS": "4"}
    web = subprocess.Popen(web_command(), env=environment, preexec_fn=end_with_parent(9))  # noqa: S603, PLW1509  (our own command; no thread holds a lock yet)
    address = f"http://localhost:{port}"
    try:
        for _attempt in range(200):
            if web.poll() is not None:
                raise RuntimeError("gunicorn did not start; its messages are above.")
            try:
                httpx.get(f"{address}/health/", trust_env=False, timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        web.terminate()
        web.wait(timeout=20)


if __name__ == "__main__":
    sys.exit("Start it with ./dev bench.")
