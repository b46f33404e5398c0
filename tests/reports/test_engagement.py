"""The facts beside the strength, and asking for a partner by name."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from activities.choices import Side
from activities.models import Attendance
from crm.models import Field, Unit, User
from partners.models import Partner, Person
from reports.choices import Band
from reports.metrics.documents import engagement_document
from reports.metrics.engagement import Engagement, engagement_of
from reports.metrics.strength import band_of, engagement_index, momentum
from reports.models import PolicyVersion
from tests.factories import make_exchange, make_partner

T = date(2026, 6, 30)


def figures(policy: PolicyVersion, partner: Partner) -> Engagement:
    found = engagement_of(policy, T, partner.pk)
    assert found
    return found


def test_a_partner_without_exchanges_has_no_data_rather_than_zero(policy: PolicyVersion) -> None:
    partner = make_partner()
    assert engagement_of(policy, T, partner.pk) is None
    document = engagement_document(partner, T)
    assert (document["E"], document["EI"], document["facts"], document["momentum"], document["ledger"]) == (None, None, None, None, [])


def test_an_exchange_older_than_the_window_leaves_strength_zero_and_the_tenure(policy: PolicyVersion, secretary: User) -> None:
    partner = make_partner()
    make_exchange(partner, by=secretary, on=T - timedelta(days=1095))
    found = figures(policy, partner)
    assert (found.strength, found.recency_days, found.first_day, found.longest_gap_days) == (0, 1095, T - timedelta(days=1095), None)
    assert (found.depth, found.momentum_sequential, found.frequency) == (None, None, 0)


def test_recency_and_frequency_ask_for_both_sides(policy: PolicyVersion, secretary: User) -> None:
    partner = make_partner()
    make_exchange(partner, by=secretary, on=T - timedelta(days=20))
    make_exchange(partner, by=secretary, on=T - timedelta(days=20))
    make_exchange(partner, by=secretary, on=T - timedelta(days=364))
    make_exchange(partner, by=secretary, on=T - timedelta(days=365))
    make_exchange(partner, by=secretary, on=T - timedelta(days=3), sides="theirs")
    found = figures(policy, partner)
    assert (found.recency_days, found.frequency, found.longest_gap_days) == (20, 2, 344)


def test_depth_is_the_share_of_points_before_caps_at_leader_or_deputy_level(policy: PolicyVersion, secretary: User) -> None:
    partner = make_partner()
    make_exchange(partner, by=secretary, on=T, kind="DELEGATION_IN", level=2)
    make_exchange(partner, by=secretary, on=T, kind="DELEGATION_IN", level=0)
    found = figures(policy, partner)
    assert (found.strength, found.depth) == (1200 * 10**9, Decimal("0.600"))


def test_breadth_counts_each_field_person_and_unit_once(policy: PolicyVersion, secretary: User) -> None:
    partner, other = make_partner("Một"), make_partner("Hai")
    fields = list(Field.objects.order_by("bit")[:3])
    units = list(Unit.objects.filter(kind="provincial_union").order_by("code")[:2])
    ours, theirs = (Person.objects.create(full_name=name, unit=units[0]) for name in ("Ông Một", "Bà Hai"))

    def present(person: Person, of: Partner | None = None) -> Attendance:
        return Attendance(side=Side.THEIRS, person=person, partner=of)

    make_exchange(
        [partner, other], by=secretary, on=T, fields=fields[:2], co_units=units, attendances=[present(ours), present(theirs, other)]
    )
    make_exchange(partner, by=secretary, on=T - timedelta(days=729), fields=fields[1:], co_units=units[:1], attendances=[present(ours)])
    make_exchange(partner, by=secretary, on=T - timedelta(days=730), attendances=[present(theirs)])
    found = figures(policy, partner)
    assert (found.fields_touched, found.people_met, found.units_involved) == (3, 1, 3)


@pytest.mark.parametrize(
    ("points", "index", "band"),
    [(0, "0.0", Band.COLD), (4, "16.7", Band.COLD), (5, "20.0", Band.THIN), (20, "50.0", Band.KEPT), (30, "60.0", Band.CLOSE)],
)
def test_index_and_band(policy: PolicyVersion, points: int, index: str, band: Band) -> None:
    shown = engagement_index(points * 10**11, policy)
    assert (shown, band_of(shown, policy)) == (Decimal(index), band)


def test_twenty_eight_points_a_year_are_about_fifty(policy: PolicyVersion) -> None:
    weights = dict(policy.weights.values_list("age", "billionths"))
    daily = sum(weights.values()) * 2800 // 365
    assert 49 < engagement_index(daily, policy) < 51


def test_momentum_is_damped_and_empty_without_points() -> None:
    assert momentum(0, 0) is None
    assert momentum(100, 0) == Decimal("0.167")
    assert momentum(0, 100) == Decimal("-0.167")


def test_the_command_finds_a_partner_by_a_name_without_marks(example: Partner, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("engagement", "hoi huu nghi mau", "--as-of", "2025-09-30")
    assert "EI = 46.2" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_asks_which_of_several_and_refuses_the_unknown() -> None:
    first, second = make_partner("Hội Một"), make_partner("Hội Hai")
    with pytest.raises(CommandError) as several:
        call_command("engagement", "hội")
    assert str(first.public_id) in str(several.value)
    assert str(second.public_id) in str(several.value)
    for unknown in ("Không ai", "  ", "0190b6d4-0000-7000-8000-000000000000"):
        with pytest.raises(CommandError):
            call_command("engagement", unknown)
