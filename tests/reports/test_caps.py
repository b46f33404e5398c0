"""The caps of M1 in cases that one can count on one's fingers."""

import pytest

from activities.choices import Level, PointsClass
from partners.models import Partner
from reports.metrics.caps import letter_cuts
from reports.metrics.ledger import LedgerRow, ledger
from reports.models import PolicyVersion
from tests.reports.book import AS_OF, Entry, some_partners, write

LETTER = PointsClass.LETTER


@pytest.fixture
def partners(db: None) -> list[Partner]:
    return some_partners(1)


def rows_of(policy: PolicyVersion, partners: list[Partner]) -> list[LedgerRow]:
    return sorted(ledger(policy, AS_OF, partners[0]), key=lambda row: row.exchange.pk)


def test_a_day_counts_twelve_points_at_most_in_the_order_of_entry(policy: PolicyVersion, partners: list[Partner]) -> None:
    write([Entry(5, PointsClass.DELEGATION), Entry(5, PointsClass.MEETING), Entry(5, PointsClass.ONLINE)], partners)
    assert [row.counted for row in rows_of(policy, partners)] == [800, 400, 0]


def test_the_fifth_letter_in_thirty_days_counts_nothing(policy: PolicyVersion, partners: list[Partner]) -> None:
    write([Entry(age, LETTER) for age in (29, 20, 10, 5, 0)], partners)
    assert [row.counted for row in rows_of(policy, partners)] == [100, 100, 100, 100, 0]


def test_a_letter_thirty_days_after_counts_again(policy: PolicyVersion, partners: list[Partner]) -> None:
    write([Entry(age, LETTER) for age in (30, 20, 10, 5, 0)], partners)
    assert [row.counted for row in rows_of(policy, partners)] == [100, 100, 100, 100, 100]


def test_a_letter_that_did_not_count_takes_no_room_from_later_ones() -> None:
    days = [(1, 0, 400), (1, 10, 300), (1, 31, 200), (2, 10, 300)]
    assert list(letter_cuts(days, cap=400, days=30)) == [(1, 10, 300)]


def test_part_of_a_letter_counts_up_to_the_cap(policy: PolicyVersion, partners: list[Partner]) -> None:
    write([Entry(4, LETTER, Level.LEADER), Entry(3, LETTER, Level.LEADER), Entry(2, LETTER, Level.LEADER)], partners)
    assert [row.counted for row in rows_of(policy, partners)] == [150, 150, 100]


def test_letters_before_the_window_still_take_their_room(policy: PolicyVersion, partners: list[Partner]) -> None:
    """What a day counts does not depend on the day of asking, so it cannot change when older letters leave the window."""
    write([Entry(1100, LETTER), Entry(1099, LETTER), Entry(1098, LETTER), Entry(1097, LETTER), Entry(1090, LETTER)], partners)
    assert [row.counted for row in rows_of(policy, partners)] == [0]
