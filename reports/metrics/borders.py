"""Which provinces of today's map border which country by land, and the provincial unions there."""

import csv
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from crm.choices import UnitKind
from crm.models import Country, Unit

FILE = Path(__file__).parent.parent / "reference" / "border_provinces.csv"


@cache
def provinces_by_country() -> dict[str, tuple[str, ...]]:
    """Code of the country → keys of the provinces on its border, from north to south."""
    found: dict[str, list[str]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["country"], []).append(row["province"])
    return {country: tuple(provinces) for country, provinces in found.items()}


def units_on_the_border(countries: Iterable[Country], as_of: date) -> dict[int, list[Unit]]:
    """Return country id → the unions of the provinces on its border on the day. At most one query."""
    wanted = {country.pk: provinces_by_country().get(country.alpha2, ()) for country in countries}
    slugs = {slug for provinces in wanted.values() for slug in provinces}
    if not slugs:
        return {}
    unions = Unit.objects.on(as_of).filter(kind=UnitKind.PROVINCIAL_UNION, province__slug__in=slugs).select_related("province")
    by_slug = {unit.province.slug: unit for unit in unions if unit.province}
    return {country_id: [by_slug[slug] for slug in provinces if slug in by_slug] for country_id, provinces in wanted.items()}
