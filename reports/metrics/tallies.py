"""Counting contacts of a year by country and column: one statement each, whatever the axis."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Max

from activities.models import Participation
from reports.metrics.country_contacts import Source, fetch
from reports.metrics.days import ACTIVE_DAYS
from reports.metrics.provinces import ProvinceMap


@dataclass
class CountryYear:
    """One country in the 365 days: different exchanges, the day of the last one, and the highest level."""

    done: int = 0
    last: int | None = None
    highest_level: int | None = None

    def add(self, done: int, last: int, level: int) -> None:
        self.done += done
        self.last = last if self.last is None else max(self.last, last)
        self.highest_level = level if self.highest_level is None else max(self.highest_level, level)


@dataclass
class Tally:
    """``cells``: different exchanges by (country, column); ``years``: each country's whole year; ``last_days``: the last
    contact in a (country, column), where columns are periods."""

    cells: dict[tuple[int, int], int] = field(default_factory=dict)
    years: dict[int, CountryYear] = field(default_factory=dict)
    last_days: dict[tuple[int, int], int] = field(default_factory=dict)

    def year(self, country_id: int) -> CountryYear:
        return self.years.setdefault(country_id, CountryYear())

    def add(self, country_id: int, column: int, count: int) -> None:
        if count:
            self.cells[country_id, column] = self.cells.get((country_id, column), 0) + count

    def columns_with_data(self) -> set[int]:
        """Columns in which anything at all is on record, for any country."""
        return {column for _country, column in self.last_days}


_COUNTED = "SUM(CASE WHEN counts THEN 1 ELSE 0 END)"
_WINDOW = "day_no > %(before)s AND day_no <= %(today)s"


def by_period(source: Source, first_days: Sequence[int], today: int) -> Tally:
    """Count by periods that follow one another; ``first_days`` of each, the last one ends today. Keys are their places."""
    ends = [first - 1 for first in first_days[1:]]
    cases = " ".join(f"WHEN day_no <= {int(end)} THEN {place}" for place, end in enumerate(ends))
    place = f"CASE {cases} ELSE {len(ends)} END" if cases else "0"
    tally = Tally()
    for country, column, done, last, level in _read(
        f"SELECT country_id, {place} AS place, {_COUNTED}, MAX(day_no), MAX(level) FROM {source.countries} AS c "  # noqa: S608  (names of our own tables)
        f"WHERE {_WINDOW} GROUP BY country_id, place",
        today,
    ):
        tally.add(country, column, done)
        tally.last_days[country, column] = last
        tally.year(country).add(done, last, level)
    return tally


def by_kind(source: Source, today: int) -> Tally:
    """Count by kind of partner: an exchange with two kinds of a country's partners is one of each, and one of its year."""
    tally = Tally()
    for country, kind, done, of_kind, last, level in _read(
        f"SELECT country_id, partner_kind_id, {_COUNTED}, SUM(CASE WHEN counts_for_kind THEN 1 ELSE 0 END), MAX(day_no), MAX(level) "  # noqa: S608  (names of our own tables)
        f"FROM {source.countries} AS c WHERE {_WINDOW} GROUP BY country_id, partner_kind_id",
        today,
    ):
        tally.add(country, kind, of_kind)
        tally.year(country).add(done, last, level)
    return tally


def by_field(source: Source, today: int, masks: Mapping[int, int]) -> Tally:
    """Count by fields of cooperation; ``masks``: column → the bits of which one is enough, 0 for "no field named"."""
    tally = Tally()
    for country, mask, done, last, level in _read(
        f"SELECT country_id, field_mask, {_COUNTED}, MAX(day_no), MAX(level) FROM {source.countries} AS c "  # noqa: S608  (names of our own tables)
        f"WHERE {_WINDOW} GROUP BY country_id, field_mask",
        today,
    ):
        for column, bits in masks.items():
            if mask & bits or (bits == 0 and mask == 0):
                tally.add(country, column, done)
        tally.year(country).add(done, last, level)
    return tally


NO_PROVINCE = 0
# Only exchanges of several provinces can be counted twice on another map: the others, nearly all, need no DISTINCT.
_SINGLE = "SELECT country_id, province_id, COUNT(*) FROM {source} AS c WHERE {window} AND NOT several GROUP BY country_id, province_id"
_SEVERAL = """
SELECT country_id, place, COUNT(*)
FROM (SELECT DISTINCT country_id, {place} AS place, exchange_id FROM {source} AS c WHERE {window} AND several) AS placed
GROUP BY country_id, place
"""
_YEARS = "SELECT country_id, {counted}, MAX(day_no), MAX(level) FROM {source} AS c WHERE {window} GROUP BY country_id"


def by_province(source: Source, today: int, provinces: ProvinceMap) -> Tally:
    """Count by province on the map: an exchange of two provinces that are one there is one of it. Three statements."""
    tally = Tally()
    for country, province, done in _read(_SINGLE.format(source=source.provinces, window=_WINDOW), today):
        tally.add(country, provinces.places[province] if province else NO_PROVINCE, done)
    for country, province, done in _read(_SEVERAL.format(source=source.provinces, window=_WINDOW, place=_place_on(provinces)), today):
        tally.add(country, province, done)
    for country, done, last, level in _read(_YEARS.format(source=source.countries, window=_WINDOW, counted=_COUNTED), today):
        tally.year(country).add(done, last, level)
    return tally


def _place_on(provinces: ProvinceMap) -> str:
    """SQL for the province of the map in which ``province_id`` lies."""
    moved = " ".join(f"WHEN {int(pk)} THEN {int(place)}" for pk, place in provinces.places.items() if pk != place)
    return f"CASE province_id {moved} ELSE province_id END" if moved else "province_id"


def last_before(source: Source, day_no: int, country_ids: Collection[int]) -> dict[int, int]:
    """Return the last contact up to the day with each of the countries that had one, as a day number. One query."""
    if not country_ids:
        return {}
    if not source.is_stored:
        return _last_before_from_facts(day_no, country_ids)
    marks = ", ".join(str(int(pk)) for pk in sorted(country_ids))
    statement = (
        f"SELECT id, (SELECT MAX(day_no) FROM {source.countries} AS c WHERE c.country_id = crm_country.id AND day_no <= %(day)s) "  # noqa: S608  (names of our own tables)
        f"FROM crm_country WHERE id IN ({marks})"
    )
    with connection.cursor() as cursor:
        return {country: last for country, last in fetch(cursor, statement, {"day": day_no}) if last is not None}


def _last_before_from_facts(day_no: int, country_ids: Collection[int]) -> dict[int, int]:
    rows = Participation.objects.filter(counted=True, two_way=True, day_no__lte=day_no, partner__country__in=country_ids).order_by()
    return dict(rows.values_list("partner__country").annotate(Max("day_no")))


def _read(statement: str, today: int) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        return fetch(cursor, statement, {"before": today - ACTIVE_DAYS, "today": today})
