"""Many write and one reads: whatever the order of their commits, the reader misses nothing and reads nothing twice."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from crm.feed import ChangePage, cursor_now, read_changes
from crm.feed.nouns import SOURCES
from crm.feed.positions import BEGINNING, Position
from crm.feed.reading import _read
from crm.models import FeedEntry, User
from partners.models import Partner
from tests.bed.waiting import wait_until
from tests.crm.feed_mirror import Mirror
from tests.factories import make_partner

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, WRITES_EACH = 5, 12


@pytest.fixture
def partners(reference_data: None) -> list[Partner]:
    return [make_partner(f"Hội {number}") for number in range(6)]


@pytest.fixture
def other() -> Iterator[Any]:
    """A second connection, in a transaction of its own until it commits."""
    second = connection.copy("other")
    second.set_autocommit(False)
    yield second
    second.rollback()
    second.close()


def change(partner: Partner, city: str, using: Any = connection) -> None:
    with using.cursor() as cursor:
        cursor.execute("UPDATE partners_partner SET city = %s WHERE id = %s", [city, partner.pk])


def names(page: ChangePage, partners: list[Partner]) -> set[str]:
    known = {partner.public_id: partner.name for partner in partners}
    return {known[change.id] for change in page.items}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite one writes at a time")
def test_a_transaction_that_began_earlier_and_commits_later_is_not_skipped(partners: list[Partner], other: Any, an: User) -> None:
    cursor = cursor_now(an)
    change(partners[0], "Huế", using=other)
    change(partners[1], "Vinh")

    first = read_changes(an, cursor, 10)
    other.commit()
    change(partners[2], "Hội An")
    second = read_changes(an, first.cursor, 10)

    assert (names(first, partners), first.has_more) == (set(), False)
    assert names(second, partners) == {"Hội 0", "Hội 1", "Hội 2"}
    assert second.items[0].id == partners[0].public_id
    assert read_changes(an, second.cursor, 10).items == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite one writes at a time")
def test_a_cursor_of_now_leaves_out_nothing_that_a_list_read_after_it_does_not_show(partners: list[Partner], other: Any, an: User) -> None:
    change(partners[0], "Huế", using=other)
    cursor = cursor_now(an)
    assert Partner.objects.get(pk=partners[0].pk).city == ""
    other.commit()
    assert names(read_changes(an, cursor, 10), partners) == {"Hội 0"}


def test_what_is_taken_back_is_never_told(partners: list[Partner], other: Any, an: User) -> None:
    cursor = cursor_now(an)
    change(partners[0], "Huế", using=other)
    assert read_changes(an, cursor, 10).items == []
    other.rollback()
    change(partners[1], "Vinh")
    assert names(read_changes(an, cursor, 10), partners) == {"Hội 1"}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="on PostgreSQL writers do not wait for each other")
def test_on_sqlite_a_reader_never_waits_for_a_writer(partners: list[Partner], other: Any, an: User) -> None:
    cursor = cursor_now(an)
    change(partners[0], "Huế", using=other)
    start = time.monotonic()
    assert read_changes(an, cursor, 10).items == []
    assert time.monotonic() - start < 5
    other.commit()
    assert names(read_changes(an, cursor, 10), partners) == {"Hội 0"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite every read is a moment of its own")
def test_a_long_running_reader_reads_one_moment_and_holds_nobody_up(partners: list[Partner], other: Any, an: User) -> None:
    cursor = cursor_now(an)
    with other.cursor() as reading:
        reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reading.execute("SELECT count(*) FROM crm_feedentry")
    change(partners[0], "Huế")
    assert names(read_changes(an, cursor, 10), partners) == {"Hội 0"}

    with transaction.atomic():
        with connection.cursor() as reading:
            reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        first = read_changes(an, cursor, 10)
        _in_a_thread(lambda: change(partners[1], "Vinh"))
        assert read_changes(an, first.cursor, 10).items == []
    assert names(read_changes(an, first.cursor, 10), partners) == {"Hội 1"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could go")
def test_when_the_server_ends_its_connections_the_reader_goes_on_where_it_was(partners: list[Partner], other: Any, an: User) -> None:
    """The server of the test bed is shared, so its sessions are ended rather than itself."""
    cursor = cursor_now(an)
    change(partners[0], "Huế", using=other)
    change(partners[1], "Vinh")
    with connection.cursor() as asking:
        asking.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        asking.execute("SELECT pg_backend_pid()")
        [pid] = asking.fetchone()
    _in_a_thread(lambda: _terminate(pid))
    connection.close()
    other.close()

    wait_until(lambda: names(read_changes(an, cursor, 10), partners) == {"Hội 1"})
    change(partners[2], "Hội An")
    assert names(read_changes(an, cursor, 10), partners) == {"Hội 1", "Hội 2"}


def _terminate(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.parametrize("seed", range(3))
def test_any_interleaving_of_writers_leaves_the_reader_with_exactly_what_was_committed(
    seed: int, partners: list[Partner], an: User
) -> None:
    mirror = Mirror(an, limit=4)
    before = FeedEntry.objects.order_by("-id").values_list("id", flat=True)[0]
    writing = threading.Event()
    read: list[tuple[int, int]] = []
    reader = _started(lambda: _read_all(read, mirror, writing))
    writers = [
        _started(_writer(number, random.Random(seed * 100 + number), [partner.pk for partner in partners])) for number in range(WRITERS)
    ]
    for writer in writers:
        writer.join(60)
    writing.set()
    reader.join(60)

    assert not reader.is_alive()
    assert read == sorted(set(read))
    assert [number for number in sorted(number for _transaction, number in read) if number > before] == list(
        FeedEntry.objects.filter(id__gt=before).order_by("id").values_list("id", flat=True)
    )
    assert mirror.is_true()


def _writer(number: int, dice: random.Random, pks: list[int]) -> Callable[[], None]:
    """A writer that changes one to three partners in each transaction, slowly, and takes some of it back."""

    def write() -> None:
        for turn in range(WRITES_EACH):
            try:
                with transaction.atomic():
                    for pk in sorted(dice.sample(pks, dice.choice([1, 1, 2, 3]))):
                        Partner.objects.filter(pk=pk).update(city=f"{number}.{turn}")
                        time.sleep(dice.random() * 0.01)
                    if dice.random() < 0.2:
                        raise _TakenBackError
            except _TakenBackError:
                pass
            time.sleep(dice.random() * 0.01)

    return write


class _TakenBackError(Exception):
    """What ends a transaction that is to leave nothing."""


def _read_all(read: list[tuple[int, int]], mirror: Mirror, written: threading.Event) -> None:
    """Follow the feed both by its entries and by changes, until the writers have ended and once more."""
    position = BEGINNING
    last_round = False
    while True:
        _state, entries = _read(position, frozenset(SOURCES), 5)
        read.extend((entry.transaction, entry.id) for entry in entries)
        position = Position(*read[-1]) if read else position
        mirror.follow()
        if last_round and not entries:
            return
        last_round = written.is_set()


def _started(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _in_a_thread(work: Callable[[], None]) -> None:
    _started(work).join(30)
