"""The collision radar, overlap and concentration (M8): who meets the same partner, told to whom, and what is never told."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activities.choices import Sides
from crm.choices import Confidentiality, UnitKind
from crm.models import Country, Unit, User
from partners.models import Partner
from reports.metrics.collisions import Collision, Radar
from reports.metrics.concentration import Spread, shares
from tests.factories import make_exchange, make_partner, make_unit, make_user
from tests.query_counts import check_count, get_counted

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def found(as_of: date = TODAY, reader: User | None = None) -> list[Collision]:
    """All rows of the radar, as many as it counts."""
    radar = Radar(as_of, reader)
    rows, counted = radar.rows(100), radar.tally()
    assert (sum(row.is_ahead for row in rows), len(rows)) == (counted.ahead, counted.ahead + counted.held)
    return rows


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào mẫu", country="LA")


def test_two_units_that_met_the_partner_within_ninety_days_collide(lao: Partner, an: User, chau: User) -> None:
    make_exchange(lao, by=an, on=day(-80))
    make_exchange(lao, by=chau, on=day(-10))
    (row,) = found()
    assert [unit.code for unit in row.units] == ["PU-40", "PU-22"]
    assert (row.partner, row.days_apart, row.is_ahead) == (lao, 70, False)


@pytest.mark.parametrize(("first", "second"), [(-90, -1), (-89, 2)])
def test_the_window_is_ninety_days_back_and_ahead_and_between_the_two(lao: Partner, an: User, chau: User, first: int, second: int) -> None:
    make_exchange(lao, by=an, on=day(first))
    make_exchange(lao, by=chau, on=day(second), status="planned" if second > 0 else "held")
    assert found() == []
    if second < 0:
        assert len(found(day(-1))) == 1


def test_what_is_planned_collides_too_and_comes_first(lao: Partner, an: User, chau: User) -> None:
    other = make_partner("Hội B", country="KH")
    for partner, days in ((other, -20), (lao, 30)):
        make_exchange(partner, by=an, on=day(-5))
        make_exchange(partner, by=chau, on=day(days), status="planned" if days > 0 else "held")
    rows = found()
    assert [(row.partner, row.is_ahead) for row in rows] == [(lao, True), (other, False)]
    assert found(day(-6)) == []


def test_what_they_hold_together_is_no_collision(lao: Partner, an: User, chau: User, quang_ninh: Unit) -> None:
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=chau, on=day(-10))
    make_exchange(lao, by=an, on=day(-5), co_units=[quang_ninh])
    assert found() == []


def test_parts_of_one_delegation_are_shared(lao: Partner, ha: User, nghe_an: Unit) -> None:
    delegation = make_exchange(lao, by=ha, on=day(-20), kind="DELEGATION_IN", direction="in")
    make_exchange(lao, by=ha, on=day(-19), host_unit=nghe_an, parent=delegation)
    assert found() == []


def test_one_house_does_not_collide_with_itself(lao: Partner, an: User, ha: User, nghe_an: Unit, centre: Unit) -> None:
    chapter = make_unit("PU-40-X", kind=UnitKind.CHAPTER, parent=nghe_an)
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=an, on=day(-10), host_unit=chapter)
    make_exchange(make_partner("Hội B"), by=ha, on=day(-20))
    make_exchange(Partner.objects.get(name="Hội B"), by=ha, on=day(-10), host_unit=Unit.objects.get(code="VUFO-EU"))
    assert found() == []


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "LETTER_EXCHANGE"},
        {"sides": Sides.OURS},
        {"status": "cancelled"},
        {"status": "draft"},
        {"confidentiality": Confidentiality.RESTRICTED},
    ],
)
def test_letters_and_what_was_not_held_and_what_is_restricted_never_show(
    lao: Partner, an: User, chau: User, values: dict[str, Any]
) -> None:
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=chau, on=day(-10), **values)
    assert found() == []


def test_a_restricted_exchange_held_together_hides_no_collision(lao: Partner, ha: User, an: User, chau: User, quang_ninh: Unit) -> None:
    """If it did, the missing row would tell of it."""
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=chau, on=day(-10))
    make_exchange(lao, by=an, on=day(-5), co_units=[quang_ninh], confidentiality=Confidentiality.RESTRICTED)
    assert len(found()) == 1


def test_both_units_and_the_centre_see_it_and_nobody_else(lao: Partner, an: User, chau: User, khoa: User) -> None:
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=chau, on=day(-10))
    third = make_user("third", unit=Unit.objects.get(code="PU-01"))
    assert [len(found(reader=user)) for user in (an, chau, khoa, third)] == [1, 1, 1, 0]


def test_overlap_counts_partners_of_meetings_held(lao: Partner, an: User, chau: User, khoa: User) -> None:
    for user in (an, chau, khoa):
        make_exchange(lao, by=user, on=day(-10))
    other = make_partner("Hội B", country="KH")
    make_exchange(other, by=an, on=day(-5))
    make_exchange(other, by=chau, on=day(5), status="planned")
    assert len(found()) == 4
    assert Radar(TODAY).tally().overlap() == 1
    assert Radar(TODAY).tally().overlap([Country.objects.get(alpha2="KH").pk]) == 0


def test_overlap_stands_though_the_nearest_meeting_is_still_ahead(lao: Partner, an: User, chau: User) -> None:
    make_exchange(lao, by=an, on=day(-5))
    make_exchange(lao, by=chau, on=day(-40))
    make_exchange(lao, by=chau, on=day(5), status="planned")
    assert [(row.is_ahead, row.days_apart) for row in found()] == [(True, 10)]
    assert Radar(TODAY).tally().overlap() == 1


def test_of_many_the_first_rows_are_those_that_the_whole_list_begins_with(an: User, chau: User) -> None:
    """Also where looking at the latest meetings only does not fill them."""
    for number in range(12):
        partner = make_partner(f"Hội {number}")
        make_exchange(partner, by=an, on=day(-40 - number))
        make_exchange(partner, by=chau, on=day(-number * 3 - 1))
    make_exchange(partner, by=an, on=day(20), status="planned")
    make_exchange(partner, by=chau, on=day(25), status="planned")
    whole = Radar(TODAY).rows(100)
    assert len(whole) == 12
    assert [row.is_ahead for row in whole[:2]] == [True, False]
    for limit in (1, 3, 7):
        assert Radar(TODAY).rows(limit, among=12) == whole[:limit]
    assert Radar(TODAY).rows(3, ahead=False, among=11) == whole[1:4]
    assert Radar(TODAY).rows(3, ahead=True, among=1) == whole[:1]


def test_the_cost_does_not_grow_with_what_is_found(an: User, chau: User) -> None:
    counts = []
    for number in range(2):
        for place in range(3):
            partner = make_partner(f"Hội {number} {place}")
            make_exchange(partner, by=an, on=day(-10))
            make_exchange(partner, by=chau, on=day(-10))
        with CaptureQueriesContext(connection) as captured:
            assert len(Radar(TODAY).rows(100, among=3 * (number + 1))) == 3 * (number + 1)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    check_count("collisions", [query["sql"] for query in captured.captured_queries])


def test_concentration_is_the_sum_of_squared_shares(lao: Partner, an: User, chau: User) -> None:
    """3, 1 and 1 exchanges: (9 + 1 + 1) / 25 over partners; 4 and 1 over countries; 4 and 1 over units."""
    second, third = make_partner("Hội B", country="LA"), make_partner("Hội C", country="KH")
    for days in (-9, -8, -7):
        make_exchange(lao, by=an, on=day(days))
    make_exchange(second, by=an, on=day(-6))
    make_exchange(third, by=chau, on=day(-5))
    make_exchange(third, by=chau, on=day(-400))
    homes = {row.alpha2: row.pk for row in Country.objects.filter(alpha2__in=["LA", "KH", "CN"])}
    both = shares(TODAY).of(homes.values())
    assert both.partners is not None
    assert both.countries is not None
    assert both.units is not None
    assert (both.partners.index, both.partners.alike, both.partners.among) == (Decimal("0.440"), Decimal("2.3"), 3)
    assert (both.countries.index, both.units.index) == (Decimal("0.680"), Decimal("0.680"))
    assert both.partners.spread == Spread.STRONG
    one = shares(TODAY).of([homes["KH"]])
    assert one.partners is not None
    assert one.partners.index == 1
    none = shares(TODAY).of([homes["CN"]])
    assert (none.partners, none.countries, none.units) == (None, None, None)


def test_equal_shares_of_many_are_widely_spread(an: User) -> None:
    for number in range(10):
        make_exchange(make_partner(f"Hội {number}"), by=an, on=day(-5))
    spread = shares(TODAY).of([Country.objects.get(alpha2="LA").pk]).partners
    assert spread is not None
    assert (spread.index, spread.alike, spread.spread) == (Decimal("0.100"), Decimal("10.0"), Spread.WIDE)


# --- The page ----------------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def test_the_page_tells_unit_day_and_kind_and_never_the_contents(lao: Partner, an: User, chau: User) -> None:
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=chau, on=day(-10), title="Bàn chuyện kín", confidentiality=Confidentiality.UNIT)
    page = get_counted(client_of(an), reverse("reports:collision-list"), name="collision list").content.decode()
    assert "Quang Ninh" in page
    assert "Bàn chuyện kín" not in page
    assert "no data" in page
    assert (
        lao.name
        not in client_of(make_user("third", unit=Unit.objects.get(code="PU-01"))).get(reverse("reports:collision-list")).content.decode()
    )


def test_the_page_narrows_leaves_as_a_file_and_refuses_the_future(lao: Partner, an: User, chau: User) -> None:
    make_exchange(lao, by=an, on=day(-20))
    make_exchange(lao, by=chau, on=day(10), status="planned")
    address = reverse("reports:collision-list")
    assert lao.name in client_of(an).get(f"{address}?when=ahead").content.decode()
    assert lao.name not in client_of(an).get(f"{address}?when=held").content.decode()
    lines = b"".join(client_of(an).get(f"{address}?export=csv")).decode().splitlines()
    assert len(lines) == 2
    assert client_of(an).get(f"{address}?as_of=2100-01-01").status_code == 422
