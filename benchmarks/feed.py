"""The change feed: what its triggers cost those who write, how fast it is read while others write, and a first sync.

Costs are measured with and without triggers in turn, in transactions that are taken back. Readers ask the API as a
program does; those who write commit twenty changes at a time, at a steady pace, on another connection.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction
from django.test import Client

from benchmarks.measure import Timing, heading, line, ms
from crm.bulk_rows import insert_rows
from crm.feed.installing import remove
from crm.identifiers import new_public_id
from crm.models import User
from partners.models import Partner, PartnerKind

CHANGES_A_SECOND = 1_000
CHANGES_AT_ONCE = 20
SECONDS = 10
POLL_SECONDS = 0.2
MANY, SINGLE = 10_000, 50
FIRST_SYNC = 100_000
MOST_CHANGES, LIST_PAGE = 1_000, 200
CHANGES = "/api/v1/changes/"


def run(reader: User, *, rounds: int) -> None:
    heading("Change feed: what the triggers cost")
    _costs(rounds)
    client = Client()
    client.force_login(reader)
    heading(f"Change feed: read while {CHANGES_A_SECOND:,} changes a second are written")
    _read_while_written(client)
    heading("First sync over the API")
    _first_sync(client)


# --- What the triggers cost ---------------------------------------------------------------------------


def _costs(rounds: int) -> None:
    pks = list(Partner.objects.order_by("-pk").values_list("pk", flat=True)[:MANY])
    kind = PartnerKind.objects.all()[0]
    rows = Partner.objects.filter(pk__in=pks)
    ways: dict[str, tuple[int, Callable[[int], object]]] = {
        "a new row": (SINGLE, lambda number: Partner.objects.create(name=f"Hội {number}", kind=kind)),
        "a row changed": (SINGLE, lambda number: Partner.objects.filter(pk=pks[0]).update(city=f"Huế {number}")),
        "a figure that is not told": (SINGLE, lambda number: Partner.objects.filter(pk=pks[0]).update(search_key=f"hue {number}")),
        f"{MANY:,} new rows at once": (1, lambda number: _insert(kind)),
        f"{MANY:,} rows changed at once": (1, lambda number: rows.update(city=f"Huế {number}")),
        f"{MANY:,} figures that are not told": (1, lambda number: rows.update(search_key=f"hue {number}")),
    }
    line("", "with", "without", "with / without")
    for name, (times, way) in ways.items():
        with_them, without = Timing("with"), Timing("without")
        for number in range(rounds + 1):
            for timing in (with_them, without):
                seconds = _taken_back(way, times, triggers=timing is with_them)
                timing.seconds += [seconds / times] if number else []
        line(name, ms(with_them.median), ms(without.median), f"{with_them.median / without.median:.2f} x")


def _taken_back(way: Callable[[int], object], times: int, *, triggers: bool) -> float:
    """The seconds that it takes, without the end of the transaction."""
    with transaction.atomic():
        if not triggers:
            remove(connection)
        start = time.perf_counter()
        for number in range(times):
            way(number)
        seconds = time.perf_counter() - start
        transaction.set_rollback(True)
    return seconds


def _insert(kind: PartnerKind) -> None:
    names = ("public_id", "name", "kind_id", "search_key", "sort_key")
    insert_rows(Partner, names, [(new_public_id(), f"Hội {number}", kind.pk, "hoi", "hoi") for number in range(MANY)])


# --- Read while others write --------------------------------------------------------------------------


def _read_while_written(client: Client) -> None:
    pks = list(Partner.objects.order_by("pk").values_list("pk", flat=True)[: CHANGES_A_SECOND * SECONDS])
    cursor = first = _ask(client, since="now")["cursor"]
    writer = threading.Thread(target=_write, args=[pks])
    pages, read, start = Timing("pages"), 0, time.perf_counter()
    writer.start()
    while writer.is_alive() or read < len(pks):
        asked = time.perf_counter()
        page = _ask(client, since=cursor)
        pages.seconds.append(time.perf_counter() - asked)
        cursor, read = page["cursor"], read + len(page["items"])
        if not page["has_more"]:
            time.sleep(POLL_SECONDS)
    took = time.perf_counter() - start
    line("changes written and read", f"{read:,}", f"{len(pks) / took:,.0f} a second")
    line("a page: median, 95th of a hundred", ms(pages.median), ms(pages.p95))
    line("share of the time that the reader was busy", f"{sum(pages.seconds) / took:.0%}")
    start, again = time.perf_counter(), 0
    has_more, cursor = True, first
    while has_more:
        page = _ask(client, since=cursor)
        again, cursor, has_more = again + len(page["items"]), page["cursor"], page["has_more"]
    seconds = time.perf_counter() - start
    line(f"the same read again, {MOST_CHANGES:,} a page", f"{again:,}", f"{again / seconds:,.0f} a second")


def _write(pks: list[int]) -> None:
    try:
        start = time.perf_counter()
        for number in range(0, len(pks), CHANGES_AT_ONCE):
            Partner.objects.filter(pk__in=pks[number : number + CHANGES_AT_ONCE]).update(city=f"Huế {number} {start}")
            due = start + (number + CHANGES_AT_ONCE) / CHANGES_A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
    finally:
        connections.close_all()


def _ask(client: Client, **asked: Any) -> dict[str, Any]:
    answer = client.get(CHANGES, {"limit": MOST_CHANGES, **asked}, headers={"host": "localhost"})
    if answer.status_code != 200:
        raise RuntimeError(f"{CHANGES} answered {answer.status_code}: {answer.content[:300]!r}")
    body: dict[str, Any] = answer.json()
    return body


# --- First sync ---------------------------------------------------------------------------------------


def _first_sync(client: Client) -> None:
    """A cursor of now, every page of the list, then the changes; against reading the same pages from the table alone."""
    pages = Timing("pages")
    start = time.perf_counter()
    cursor = _ask(client, since="now")["cursor"]
    address, read = f"/api/v1/partners/?limit={LIST_PAGE}", 0
    while address and read < FIRST_SYNC:
        asked = time.perf_counter()
        page = client.get(address, headers={"host": "localhost"}).json()
        pages.seconds.append(time.perf_counter() - asked)
        read, address = read + len(page["items"]), page["next"]
    _ask(client, since=cursor)
    took = time.perf_counter() - start
    plain = _read_table(read)
    line(f"{read:,} partners, {LIST_PAGE} a page", f"{took:.1f} s", f"{read / took:,.0f} a second")
    line("a page: median, 95th of a hundred", ms(pages.median), ms(pages.p95))
    line("the last page / the first", f"{pages.seconds[-1] / pages.seconds[0]:.2f} x")
    line("the same rows by keyset from the table alone", f"{plain:.1f} s", f"{took / plain:.1f} x")


def _read_table(rows: int) -> float:
    start, read, after = time.perf_counter(), 0, ("", 0)
    with connection.cursor() as cursor:
        while read < rows:
            cursor.execute(
                "SELECT * FROM partners_partner WHERE archived_at IS NULL AND (sort_key, id) > (%s, %s) ORDER BY sort_key, id LIMIT %s",
                [*after, LIST_PAGE],
            )
            page = [dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor.fetchall()]
            if not page:
                break
            read, after = read + len(page), (page[-1]["sort_key"], page[-1]["id"])
    return time.perf_counter() - start
