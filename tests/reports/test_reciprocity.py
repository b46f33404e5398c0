"""M4: visits in and out, their balance, and who owes a return."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.choices import Direction, Level, Side, Sides
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner
from reports.metrics.reciprocity import OwedReturn, Reciprocity, reciprocity, returns_owed
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db
T = date(2026, 6, 30)
VISIT = {Direction.IN: "DELEGATION_IN", Direction.OUT: "DELEGATION_OUT"}


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner()


def visit(partner: Partner, by: User, direction: Direction, days_before: int, level: int = Level.DEPUTY, **more: Any) -> int:
    day = T - timedelta(days=days_before)
    return make_exchange(partner, by=by, on=day, kind=VISIT[direction], level=level, direction=direction, **more).pk


def test_visits_are_counted_by_direction_in_1095_days(lao: Partner, an: User) -> None:
    for days_before in (0, 400, 1094):
        visit(lao, an, Direction.IN, days_before)
    visit(lao, an, Direction.IN, 1095)
    visit(lao, an, Direction.OUT, 200)
    make_exchange(lao, by=an, on=T, kind="WORKING_MEETING", direction=Direction.IN)

    found = reciprocity(T)[lao.pk]

    assert (found.visits_in, found.visits_out) == (3, 1)
    assert (found.last_in, found.last_out) == (T, T - timedelta(days=200))
    assert (found.ratio, found.balance) == (Decimal("0.33"), Decimal("0.50"))


def test_without_a_visit_there_are_no_data(lao: Partner, an: User) -> None:
    assert reciprocity(T) == {}
    assert returns_owed(T) == []
    assert Reciprocity(lao.pk).ratio is None
    assert Reciprocity(lao.pk).balance is None


def test_a_visit_that_nobody_returned_is_owed_by_the_side_that_was_visited(lao: Partner, an: User) -> None:
    theirs = visit(lao, an, Direction.IN, 100, Level.LEADER)

    assert returns_owed(T) == [OwedReturn(lao.pk, theirs, T - timedelta(days=100), Level.LEADER, Side.OURS, is_late=False)]
    assert returns_owed(T)[0].due_on == T + timedelta(days=630)
    assert returns_owed(T, [lao.pk]) == returns_owed(T)
    assert returns_owed(T, [lao.pk + 1]) == []


def test_a_return_must_reach_the_level(lao: Partner, an: User) -> None:
    theirs = visit(lao, an, Direction.IN, 300, Level.LEADER)
    visit(lao, an, Direction.OUT, 200, Level.DEPUTY)
    assert [owed.exchange_id for owed in returns_owed(T) if owed.owed_by == Side.OURS] == [theirs]

    visit(lao, an, Direction.OUT, 100, Level.LEADER)
    assert [owed for owed in returns_owed(T) if owed.owed_by == Side.OURS] == []
    assert [owed.level for owed in returns_owed(T) if owed.owed_by == Side.THEIRS] == [Level.LEADER]


def test_a_visit_before_is_no_return_and_one_to_come_neither(lao: Partner, an: User) -> None:
    visit(lao, an, Direction.OUT, 400, Level.LEADER)
    theirs = visit(lao, an, Direction.IN, 300, Level.LEADER)
    visit(lao, an, Direction.OUT, -10, Level.LEADER, status="planned")

    assert [owed.exchange_id for owed in returns_owed(T)] == [theirs]


@pytest.mark.parametrize(("days_before", "is_late"), [(730, False), (731, True)])
def test_after_24_months_a_return_is_late(days_before: int, is_late: bool, lao: Partner, an: User) -> None:
    visit(lao, an, Direction.IN, days_before)

    assert [owed.is_late for owed in returns_owed(T)] == [is_late]


def test_of_several_visits_the_highest_is_told(lao: Partner, an: User) -> None:
    visit(lao, an, Direction.IN, 10, Level.WORKING)
    highest = visit(lao, an, Direction.IN, 50, Level.LEADER)
    visit(lao, an, Direction.IN, 90, Level.LEADER)

    assert [owed.exchange_id for owed in returns_owed(T)] == [highest]


def test_restricted_one_sided_and_archived_visits_count_for_nobody(lao: Partner, an: User, binh: User) -> None:
    visit(lao, an, Direction.IN, 10, confidentiality=Confidentiality.RESTRICTED)
    visit(lao, an, Direction.IN, 20, sides=Sides.OURS)

    assert reciprocity(T) == {}
    assert returns_owed(T) == []
