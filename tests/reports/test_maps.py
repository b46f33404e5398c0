"""The tile maps: every country and province has its square, and the pictures say what the figures say."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Country, Province, User
from reports.choices import PeriodKind, Reporting
from reports.metrics.borders import provinces_by_country
from reports.metrics.completeness import USUAL_PERIOD
from reports.metrics.periods import last_over
from reports.metrics.province_figures import PlaceFigures, ProvinceTotals, figures_by_place
from reports.metrics.stored import coverage_on
from reports.metrics.tiles import country_places, extent, province_places
from reports.views.coverage import worst_of_each_country
from reports.views.maps import country_tiles, level_of, province_tiles
from tests.factories import make_exchange, make_partner
from tests.query_counts import check_count, get_counted

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
BEFORE_THE_MERGER = date(2025, 6, 1)


def places(as_of: date = TODAY) -> tuple[list[PlaceFigures], ProvinceTotals]:
    return figures_by_place(as_of, last_over(USUAL_PERIOD, as_of))


def place(slug: str, as_of: date = TODAY) -> PlaceFigures:
    return next(row for row in places(as_of)[0] if row.own.province.slug == slug)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


# --- The layout --------------------------------------------------------------------------------------


def test_every_country_of_the_reference_has_its_square_and_no_two_the_same(reference_data: None) -> None:
    where = country_places()
    assert set(where) == set(Country.objects.values_list("alpha2", flat=True))
    assert len(set(where.values())) == len(where)


def test_every_province_of_today_has_its_square_and_no_two_the_same(reference_data: None) -> None:
    where = province_places()
    assert set(where) == set(Province.objects.on(TODAY).values_list("slug", flat=True))
    assert len(where) == len(set(where.values())) == 34
    assert where["cao-bang"][1] < where["ha-noi"][1] < where["hue"][1] < where["ho-chi-minh"][1] < where["ca-mau"][1]


def test_neighbours_stay_near() -> None:
    where = country_places()
    for one, other in (("VN", "LA"), ("VN", "KH"), ("LA", "TH"), ("FR", "BE"), ("US", "CA"), ("IN", "PK"), ("ZA", "LS")):
        (x, y), (other_x, other_y) = where[one], where[other]
        assert abs(x - other_x) + abs(y - other_y) <= 2, (one, other)


def test_borders_name_provinces_of_today() -> None:
    assert {slug for slugs in provinces_by_country().values() for slug in slugs} <= set(province_places())


# --- Countries ---------------------------------------------------------------------------------------


def test_a_square_says_status_by_sign_colour_and_words_and_opens_a_list(an: User) -> None:
    make_exchange(make_partner(country="LA"), by=an, on=TODAY)
    make_partner(country="FM")
    rows = {row.country.pk: row for row in worst_of_each_country(coverage_on(TODAY))}
    tiles = {tile.code: tile for tile in country_tiles(rows, TODAY)}
    assert (tiles["LA"].sign, tiles["LA"].tone) == ("●", "in-tier good")
    assert "country=LA" in tiles["LA"].url
    assert tiles["KH"].sign == "○"
    assert (tiles["FM"].sign, tiles["FM"].url) == ("", "")
    assert tiles["VN"].tone == "home"
    columns, lines = extent(country_places())
    assert all(0 <= tile.x < columns * 32 and 0 <= tile.y < lines * 32 for tile in tiles.values())


def test_the_page_has_the_map_and_the_same_as_a_table(an: User) -> None:
    make_exchange(make_partner(country="LA"), by=an, on=TODAY)
    page = get_counted(client_of(an), reverse("reports:coverage-map"), name="map of countries").content.decode()
    assert page.count('class="code"') == len(country_places())
    assert "<desc" in page
    assert "Laos: Covered" in page
    one_tier = client_of(an).get(reverse("reports:coverage-map") + "?tier=NEIGHBOUR").content.decode()
    assert one_tier.count('<th scope="row">') == 3
    assert client_of(an).get(reverse("reports:coverage-map") + "?as_of=2100-01-01").status_code == 422
    lines = b"".join(client_of(an).get(reverse("reports:coverage-map") + "?tier=NEIGHBOUR&export=csv")).splitlines()
    assert len(lines) == 4


# --- Provinces ---------------------------------------------------------------------------------------


def test_a_province_counts_exchanges_once_and_partners_met(an: User) -> None:
    nghe_an = Province.objects.get(slug="nghe-an")
    first, second = make_partner("Hội A"), make_partner("Hội B")
    make_exchange([first, second], by=an, on=TODAY, provinces=[nghe_an, Province.objects.get(slug="ha-tinh")])
    make_exchange(first, by=an, on=TODAY - timedelta(days=9), provinces=[nghe_an])
    make_exchange(first, by=an, on=TODAY - timedelta(days=9))
    make_exchange(first, by=an, on=TODAY - timedelta(days=400), provinces=[nghe_an])
    assert (place("nghe-an").own.exchanges, place("nghe-an").own.partners) == (2, 2)
    assert place("ha-tinh").own.exchanges == 1
    totals = places()[1]
    assert (totals.total, totals.placed) == (3, 2)


def test_before_the_merger_the_former_provinces_stand_in_the_square_of_today(an: User) -> None:
    partner = make_partner()
    both = [Province.objects.get(slug="ha-giang"), Province.objects.get(slug="tuyen-quang-until-2025")]
    make_exchange(partner, by=an, on=BEFORE_THE_MERGER, provinces=both)
    make_exchange(partner, by=an, on=BEFORE_THE_MERGER - timedelta(days=5), provinces=both[:1])
    found = place("tuyen-quang", BEFORE_THE_MERGER)
    assert found.own.exchanges == 2
    assert {part.province.slug: part.exchanges for part in found.former} == {"ha-giang": 2, "tuyen-quang-until-2025": 1}
    assert sum(len(row.former) or 1 for row in places(BEFORE_THE_MERGER)[0]) == 63
    later = place("tuyen-quang", date(2025, 12, 1))
    assert (later.own.exchanges, later.former) == (2, ())
    assert set(later.slugs) == {"tuyen-quang", "ha-giang", "tuyen-quang-until-2025"}


def test_nothing_on_record_and_no_report_is_no_data_and_not_zero(an: User) -> None:
    assert place("nghe-an").is_unknown
    period = last_over(PeriodKind.QUARTER, TODAY)
    make_exchange(make_partner(), by=an, on=period.start)
    found = place("nghe-an")
    assert found.reporting is not None
    assert (found.reporting.state, found.is_unknown) == (Reporting.REPORTED, False)
    tiles = {tile.code: tile for tile in province_tiles(places()[0], "exchanges", TODAY)}
    assert (tiles["nghe-an"].sign, tiles["nghe-an"].number) == ("○", "0")
    assert (tiles["hue"].sign, tiles["hue"].number) == ("?", "")
    by_reporting = {tile.code: tile for tile in province_tiles(places()[0], "reporting", TODAY)}
    assert (by_reporting["nghe-an"].sign, by_reporting["hue"].sign) == ("●", "○")


def test_the_level_is_the_quarter_of_those_with_any() -> None:
    values = [1, 2, 3, 80]
    assert [level_of(value, values) for value in (0, *values)] == [0, 1, 2, 3, 4]
    assert level_of(5, [5]) == 1


def test_the_page_of_provinces_names_the_islands_and_costs_the_same_for_any_day(an: User) -> None:
    make_exchange(make_partner(), by=an, on=TODAY, provinces=[Province.objects.get(slug="hue")])
    address = reverse("reports:coverage-map") + "?map=provinces"
    page = get_counted(client_of(an), address, name="map of provinces").content.decode()
    assert "Hoàng Sa" in page
    assert "Trường Sa" in page
    assert page.count('class="name"') == 34
    assert "show=reporting" in page
    assert client_of(an).get(address + "&show=reporting").status_code == 200
    former = client_of(an).get(f"{address}&as_of={BEFORE_THE_MERGER}").content.decode()
    assert "1 Jun 2025" in former
    with CaptureQueriesContext(connection) as captured:
        places(BEFORE_THE_MERGER)
    check_count("figures by place", [query["sql"] for query in captured.captured_queries])
