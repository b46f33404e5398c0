"""Figures of each province as of a day, on today's map, with the provinces of that day beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.utils import timezone

from activities.models import Exchange, Participation
from crm.choices import UnitKind
from crm.models import Province
from reports.choices import Reporting
from reports.metrics.completeness import UnitReporting, completeness_of
from reports.metrics.days import YEAR_DAYS, day_number
from reports.metrics.periods import Period
from reports.metrics.provinces import ProvinceMap, exchanges_by_province


@dataclass(frozen=True)
class ProvinceFigures:
    """``exchanges``: counted two-way exchanges of 365 days that name the province; ``partners``: different partners of them."""

    province: Province
    exchanges: int
    partners: int


@dataclass(frozen=True)
class PlaceFigures:
    """A province of today. ``former``: those of the day that lie in it, where the map was another; an exchange of two of them
    counts in each, and once here. ``reporting``: how its union stands for the period; None where none was due. ``slugs``: the keys
    of all provinces that lie in it, which a list of its exchanges asks for.
    """

    own: ProvinceFigures
    former: tuple[ProvinceFigures, ...]
    reporting: UnitReporting | None
    slugs: tuple[str, ...]

    @property
    def is_unknown(self) -> bool:
        """Nothing is on record and the union has not reported: no data, which is no zero."""
        return not self.own.exchanges and self.reporting is not None and self.reporting.state == Reporting.SILENT


@dataclass(frozen=True)
class ProvinceTotals:
    """Different exchanges: all of them, and those that name any province, whose number is smaller than the sum of the rows
    where an exchange names several."""

    total: int
    placed: int


def figures_by_place(as_of: date, period: Period) -> tuple[list[PlaceFigures], ProvinceTotals]:
    """Return the provinces of today's map with their figures as of the day, in the order of lists. Fifteen queries."""
    now, then = ProvinceMap.on(timezone.localdate()), ProvinceMap.on(as_of)
    of_today, totals = _figures(as_of, now)
    of_that_day, _same = _figures(as_of, then)
    former: dict[int, list[ProvinceFigures]] = {}
    for province in then.on_the_map:
        former.setdefault(now.place_of(province.pk).pk, []).append(of_that_day[province.pk])
    reporting = _reporting(as_of, period, now)
    places = [
        PlaceFigures(
            of_today[row.pk],
            _if_another(row, former.get(row.pk, [])),
            reporting.get(row.pk),
            tuple(now.provinces[pk].slug for pk in now.parts_of(row.pk)),
        )
        for row in now.on_the_map
    ]
    return places, totals


def _figures(as_of: date, provinces: ProvinceMap) -> tuple[Mapping[int, ProvinceFigures], ProvinceTotals]:
    """The figures of every province that ever was, on the map given. Three queries."""
    today = day_number(as_of)
    met = Participation.objects.filter(counted=True, two_way=True, day_no__gt=today - YEAR_DAYS, day_no__lte=today)
    counts = exchanges_by_province(Exchange.objects.filter(pk__in=met.order_by().values("exchange")), provinces)
    shown = provinces.shown("exchange__provinces")
    partners = dict(
        met.filter(exchange__provinces__isnull=False)
        .annotate(place=shown)
        .order_by()
        .values_list("place")
        .annotate(Count("partner", distinct=True))
    )
    figures = {pk: ProvinceFigures(row, counts.by_province.get(pk, 0), partners.get(pk, 0)) for pk, row in provinces.provinces.items()}
    return figures, ProvinceTotals(counts.total, counts.placed)


def _if_another(province: Province, former: list[ProvinceFigures]) -> tuple[ProvinceFigures, ...]:
    """Nothing where the province was the same on the day."""
    return () if [row.province.pk for row in former] == [province.pk] else tuple(former)


def _reporting(as_of: date, period: Period, now: ProvinceMap) -> dict[int, UnitReporting]:
    """Province of today → how its union stands."""
    unions = completeness_of(period, as_of).of_kind(UnitKind.PROVINCIAL_UNION).rows
    return {now.place_of(row.unit.province_id).pk: row for row in unions if row.unit.province_id}
