"""Provinces as they were, or on the map of a day: lists regroup exchanges, totals stay."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.models import Exchange
from crm.models import Province, ProvinceSuccession, User
from reports.metrics.provinces import ProvinceMap, exchanges_by_province
from tests.factories import make_exchange, make_partner

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)

pytestmark = pytest.mark.django_db


def former(successor: Province) -> list[Province]:
    return [row.predecessor for row in successor.predecessions.order_by("predecessor_id")]


@pytest.fixture
def merged(reference_data: None) -> Province:
    """A province of today that was made of several."""
    return next(row for row in Province.objects.on(AFTER).order_by("pk") if row.predecessions.count() > 1)


def test_a_former_province_lies_in_its_successor_from_the_day_of_the_merger_on(merged: Province) -> None:
    one = former(merged)[0]

    assert ProvinceMap.on(AFTER).place_of(one.pk) == merged
    assert ProvinceMap.on(BEFORE).place_of(one.pk) == one


def test_on_todays_map_every_province_that_ever_was_lies_in_one_that_still_is(reference_data: None) -> None:
    today = ProvinceMap.on(date(2026, 11, 22))

    assert len(today.on_the_map) == 34
    assert set(today.places.values()) == {province.pk for province in today.on_the_map}
    assert len(ProvinceMap.on(BEFORE).on_the_map) == 63


def test_a_province_that_came_later_out_of_several_stays_itself_on_an_earlier_map(merged: Province) -> None:
    assert ProvinceMap.on(BEFORE).place_of(merged.pk) == merged


def test_a_province_that_was_only_renamed_goes_back_to_its_former_name(reference_data: None) -> None:
    old = Province.objects.create(slug="old-name", name_vi="Cũ", name_en="Old", valid_to=date(2020, 1, 1))
    new = Province.objects.create(slug="new-name", name_vi="Mới", name_en="New", valid_from=date(2020, 1, 1))
    ProvinceSuccession.objects.create(predecessor=old, successor=new, happened_on=date(2020, 1, 1))

    assert ProvinceMap.on(date(2019, 12, 31)).place_of(new.pk) == old


def test_successions_are_followed_over_several_steps_and_never_in_a_circle(reference_data: None) -> None:
    first, second, third = (Province.objects.create(slug=name, name_vi=name, name_en=name) for name in ("a1", "a2", "a3"))
    for day, (one, other) in enumerate([(first, second), (second, third), (third, first)], start=1):
        ProvinceSuccession.objects.create(predecessor=one, successor=other, happened_on=date(2000, 1, day))

    assert ProvinceMap.on(date(2000, 1, 2)).place_of(first.pk) == third
    assert ProvinceMap.on(date(2000, 1, 3)).places[first.pk] in {first.pk, second.pk, third.pk}


def test_a_parted_province_stays_itself(reference_data: None) -> None:
    whole, one, other = (Province.objects.create(slug=name, name_vi=name, name_en=name) for name in ("b1", "b2", "b3"))
    for part in (one, other):
        ProvinceSuccession.objects.create(predecessor=whole, successor=part, happened_on=date(2000, 1, 1))

    assert ProvinceMap.on(AFTER).place_of(whole.pk) == whole


def test_exchanges_count_once_in_each_province_and_totals_agree_on_every_map(merged: Province, secretary: User) -> None:
    one, other = former(merged)[:2]
    partner = make_partner()
    make_exchange(partner, by=secretary, on=date(2025, 5, 1), provinces=[one, other])
    make_exchange(partner, by=secretary, on=date(2025, 8, 1), provinces=[merged])
    make_exchange(partner, by=secretary, on=date(2025, 8, 2))

    logged = exchanges_by_province(Exchange.objects.all())
    then = exchanges_by_province(Exchange.objects.all(), ProvinceMap.on(BEFORE))
    now = exchanges_by_province(Exchange.objects.all(), ProvinceMap.on(AFTER))

    assert dict(logged.by_province) == {one.pk: 1, other.pk: 1, merged.pk: 1}
    assert then.by_province == logged.by_province
    assert dict(now.by_province) == {merged.pk: 2}
    assert {(counts.placed, counts.total) for counts in (logged, then, now)} == {(2, 3)}


def test_a_filter_by_a_province_of_today_asks_for_its_former_parts_too(merged: Province) -> None:
    assert set(ProvinceMap.on(AFTER).parts_of(merged.pk)) == {merged.pk, *(row.pk for row in former(merged))}


def test_counting_takes_two_queries_and_the_map_two(merged: Province, secretary: User) -> None:
    make_exchange(make_partner(), by=secretary, on=date(2025, 5, 1), provinces=former(merged))

    with CaptureQueriesContext(connection) as queries:
        exchanges_by_province(Exchange.objects.all(), ProvinceMap.on(AFTER))

    assert len(queries) == 4
