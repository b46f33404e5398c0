"""The facts on participations: which exchanges figures count, for whom, and with what points."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from activities.actions.exchanges import archive_exchange, change_exchange, restore_exchange
from activities.choices import Direction, ExchangeStatus, Level, PointsClass, Sides, merit_code
from activities.models import Exchange, Participation
from activities.signals import activity_recorded
from crm.choices import Confidentiality
from crm.models import Field, User
from partners.models import Partner
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 20)


def fact(exchange: Exchange, partner: Partner) -> Participation:
    return Participation.objects.get(exchange=exchange, partner=partner)


def last_contact(partner: Partner) -> date | None:
    return Partner.objects.get(pk=partner.pk).last_contact_on


def test_a_held_exchange_is_copied_onto_its_participation(an: User) -> None:
    partner = make_partner()
    fields = list(Field.objects.order_by("bit")[:2])

    exchange = make_exchange(partner, by=an, on=DAY, kind="COURTESY_CALL", level=Level.LEADER, direction=Direction.IN, fields=fields)

    row = fact(exchange, partner)
    assert row.counted
    assert row.two_way
    assert row.day_no == (DAY - date(1970, 1, 1)).days
    assert row.merit == merit_code(PointsClass.MEETING, Level.LEADER, one_sided=False)
    assert (row.direction, row.level, row.host_unit_id) == (Direction.IN, Level.LEADER, exchange.host_unit_id)
    assert row.field_mask == sum(1 << field.bit for field in fields)


def test_every_class_level_and_side_has_its_own_merit_code() -> None:
    codes = {merit_code(points, level, one_sided=one_sided) for points in PointsClass for level in Level for one_sided in (False, True)}

    assert codes == set(range(42))


def test_an_unanswered_letter_counts_as_one_sided_and_is_no_contact(an: User) -> None:
    partner = make_partner()

    letter = make_exchange(partner, by=an, on=DAY, kind="CONGRATULATION", sides=Sides.OURS)

    row = fact(letter, partner)
    assert row.counted
    assert not row.two_way
    assert row.merit == merit_code(PointsClass.LETTER, Level.WORKING, one_sided=True)
    assert last_contact(partner) is None


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ({}, True),
        ({"status": ExchangeStatus.PLANNED}, False),
        ({"status": ExchangeStatus.CANCELLED}, False),
        ({"status": ExchangeStatus.DRAFT}, False),
        ({"confidentiality": Confidentiality.NETWORK}, True),
        ({"confidentiality": Confidentiality.RESTRICTED}, False),
        ({"kind": "CONGRESS"}, False),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_only_held_open_exchanges_of_a_kind_with_points_count(values: dict, counts: bool, an: User) -> None:
    partner = make_partner()

    exchange = make_exchange(partner, by=an, on=DAY, **values)

    assert fact(exchange, partner).counted is counts
    assert last_contact(partner) == (DAY if counts else None)


def test_archiving_takes_it_out_of_the_figures_and_restoring_brings_it_back(an: User) -> None:
    partner = make_partner()
    earlier = make_exchange(partner, by=an, on=DAY - timedelta(days=30))
    exchange = make_exchange(partner, by=an, on=DAY)

    archive_exchange(exchange, by=an)
    assert not fact(exchange, partner).counted
    assert last_contact(partner) == earlier.starts_on

    restore_exchange(exchange, by=an)
    assert fact(exchange, partner).counted
    assert last_contact(partner) == DAY


def test_a_meeting_inside_a_delegation_counts_only_for_partners_the_delegation_does_not_name(an: User) -> None:
    guest, host = make_partner("Đoàn khách"), make_partner("Bên được thăm")
    visit = make_exchange(guest, by=an, on=DAY, kind="DELEGATION_IN")

    call = make_exchange([guest, host], by=an, on=DAY, kind="COURTESY_CALL", parent=visit)

    assert fact(visit, guest).counted
    assert not fact(call, guest).counted
    assert fact(call, host).counted


def test_parts_count_when_their_delegation_does_not(an: User) -> None:
    guest = make_partner()
    visit = make_exchange(guest, by=an, on=DAY, kind="DELEGATION_IN")
    call = make_exchange(guest, by=an, on=DAY, kind="COURTESY_CALL", parent=visit)

    archive_exchange(visit, by=an)

    assert not fact(visit, guest).counted
    assert fact(call, guest).counted


def test_naming_a_partner_in_the_delegation_takes_it_out_of_the_parts(an: User) -> None:
    guest, host = make_partner("Đoàn khách"), make_partner("Bên được thăm")
    visit = make_exchange(guest, by=an, on=DAY, kind="DELEGATION_IN")
    call = make_exchange(host, by=an, on=DAY, kind="COURTESY_CALL", parent=visit)

    change_exchange(visit, by=an, partners=[guest, host])

    assert fact(visit, host).counted
    assert not fact(call, host).counted


def test_moving_a_day_moves_the_fact_and_tells_of_the_earlier_day(an: User) -> None:
    partner = make_partner()
    exchange = make_exchange(partner, by=an, on=DAY)
    told: list[tuple[set[int], date]] = []

    def listen(partner_ids: set[int], since: date, **_kwargs: object) -> None:
        told.append((partner_ids, since))

    activity_recorded.connect(listen)
    try:
        exchange.starts_on = DAY + timedelta(days=10)
        change_exchange(exchange, by=an)
    finally:
        activity_recorded.disconnect(listen)

    assert last_contact(partner) == DAY + timedelta(days=10)
    assert told == [({partner.pk}, DAY)]


def test_a_partner_taken_off_the_exchange_loses_the_contact(an: User) -> None:
    kept, dropped = make_partner("Giữ lại"), make_partner("Bỏ ra")
    exchange = make_exchange([kept, dropped], by=an, on=DAY)

    change_exchange(exchange, by=an, partners=[kept])

    assert last_contact(kept) == DAY
    assert last_contact(dropped) is None
    assert not Participation.objects.filter(exchange=exchange, partner=dropped).exists()


def test_partners_keep_the_order_in_which_they_are_named(an: User) -> None:
    first, second, third = make_partner("Một"), make_partner("Hai"), make_partner("Ba")
    exchange = make_exchange([first, second], by=an, on=DAY)

    change_exchange(exchange, by=an, partners=[third, second, first])

    assert list(exchange.participations.order_by("rank").values_list("partner", flat=True)) == [third.pk, second.pk, first.pk]


def test_what_is_still_to_come_counts_for_nothing(an: User) -> None:
    partner = make_partner()

    planned = make_exchange(partner, by=an, on=timezone.localdate() + timedelta(days=7), status=ExchangeStatus.PLANNED)

    assert not fact(planned, partner).counted
    assert last_contact(partner) is None
