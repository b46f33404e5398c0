"""Provinces as they were, or on the map of a day: every exchange keeps the province it was logged with, lists regroup them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from activities.models import Exchange
from crm.models import Province, ProvinceSuccession


@dataclass(frozen=True)
class ProvinceMap:
    """Where each province that ever was lies on the map of a day.

    ``places``: by id, the province of the day that it became, itself where it still was; what is not on the map of that
    day, because it came later out of several or was parted among several, stays itself, so that nothing is lost.
    ``provinces``: every province that ever was, by id, in the order of lists.
    """

    day: date
    provinces: Mapping[int, Province]
    places: Mapping[int, int]

    @classmethod
    def on(cls, day: date) -> Self:
        """Read the map of a day. Two queries."""
        provinces = {province.pk: province for province in Province.objects.order_by("sort_key", "id")}
        successions = list(ProvinceSuccession.objects.order_by("happened_on", "id"))
        became = _only_one((row.predecessor_id, row.successor_id) for row in successions if row.happened_on <= day)
        was = _only_one((row.successor_id, row.predecessor_id) for row in successions if row.happened_on > day)
        return cls(day, provinces, {pk: _follow(pk, became if _began(province, day) else was) for pk, province in provinces.items()})

    def place_of(self, province_id: int) -> Province:
        """The province of the day in which the one given lies."""
        return self.provinces[self.places[province_id]]

    def parts_of(self, province_id: int) -> list[int]:
        """All provinces that lie in the one given, itself included: what a filter by it asks for."""
        return [pk for pk, place in self.places.items() if place == province_id]

    @property
    def on_the_map(self) -> list[Province]:
        """The provinces that hold on the day, in the order of lists."""
        return [row for row in self.provinces.values() if _began(row, self.day) and (row.valid_to is None or row.valid_to > self.day)]

    def shown(self, lookup: str) -> Combinable:
        """An expression for queries: the id of the province of the day, for a column of province ids such as ``province``."""
        moved: dict[int, list[int]] = {}
        for pk, place in self.places.items():
            if pk != place:
                moved.setdefault(place, []).append(pk)
        cases = [When(**{f"{lookup}__in": sorted(parts)}, then=Value(place)) for place, parts in sorted(moved.items())]
        return Case(*cases, default=F(lookup), output_field=BigIntegerField()) if cases else F(lookup)


@dataclass(frozen=True)
class ProvinceCounts:
    """``by_province``: different exchanges of each province, by its id; ``total``: all of them once, also those of several.

    ``placed``: those that name any province. So the rows add up to more than ``placed`` where an exchange has several.
    """

    by_province: Mapping[int, int]
    placed: int
    total: int


def exchanges_by_province(exchanges: QuerySet[Exchange], provinces: ProvinceMap | None = None) -> ProvinceCounts:
    """Count exchanges once in each province: on the map of a day, or without one as they were logged. Two queries.

    ``total`` and ``placed`` are the same on every map.
    """
    through: Any = Exchange.provinces.through
    links = through.objects.filter(exchange__in=exchanges.order_by().values("pk"))
    shown = provinces.shown("province") if provinces else F("province")
    rows = links.annotate(place=shown).order_by().values_list("place").annotate(Count("exchange", distinct=True))
    whole = exchanges.order_by().aggregate(
        total=Count("pk", distinct=True), placed=Count("pk", distinct=True, filter=Q(pk__in=links.values("exchange")))
    )
    return ProvinceCounts(dict(rows), whole["placed"], whole["total"])


def _began(province: Province, day: date) -> bool:
    return province.valid_from is None or province.valid_from <= day


def _only_one(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The one to which each leads; nothing for those that lead to several."""
    found: dict[int, set[int]] = {}
    for start, end in pairs:
        found.setdefault(start, set()).add(end)
    return {start: min(ends) for start, ends in found.items() if len(ends) == 1}


def _follow(province_id: int, steps: Mapping[int, int]) -> int:
    """Go on step by step; rows that lead in a circle end where they began."""
    seen = {province_id}
    while (following := steps.get(province_id)) is not None and following not in seen:
        province_id = following
        seen.add(province_id)
    return province_id
