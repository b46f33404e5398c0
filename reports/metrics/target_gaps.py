"""Targets of the plan that were missed: lines that name a kind of partner, a field or a province (M8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from activities.models import Participation
from activities.models.exchanges import ParticipationQuerySet
from crm.models import Country, Field, TierMembership
from reports.metrics.days import YEAR_DAYS, day_number
from reports.metrics.provinces import ProvinceMap
from reports.models import PlanLine


@dataclass(frozen=True)
class MissedTarget:
    """A line with how many exchanges of the 365 days meet all it names; of one country where it is for a tier or a country."""

    line: PlanLine
    country: Country | None
    done: int


def missed_targets(as_of: date) -> list[MissedTarget]:
    """Return the targets that hold on the day with fewer exchanges than asked, line by line.

    A tier's target is asked of each country in the tier on the day. At most four queries, and two for each line.
    """
    related = ("tier", "country", "partner_kind", "field", "province", "directive")
    lines = list(PlanLine.objects.live().targets().on(as_of).filter(exempt=False).select_related(*related).order_by("id"))
    if not lines:
        return []
    provinces = ProvinceMap.on(as_of) if any(line.province_id for line in lines) else None
    return [missed for line in lines for missed in _of_line(line, as_of, provinces) if missed.done < line.required]


def _of_line(line: PlanLine, as_of: date, provinces: ProvinceMap | None) -> Iterator[MissedTarget]:
    rows = _meeting(line, as_of, provinces)
    if line.tier_id is None and line.country_id is None:
        yield MissedTarget(line, None, rows.aggregate(done=Count("exchange", distinct=True))["done"])
        return
    countries = [line.country] if line.country else _in_tier(line, as_of)
    of_them = rows.once_per_country().filter(partner__country__in=[country.pk for country in countries])
    done = dict(of_them.values_list("partner__country").annotate(Count("exchange", distinct=True)))
    for country in countries:
        yield MissedTarget(line, country, done.get(country.pk, 0))


def _in_tier(line: PlanLine, as_of: date) -> list[Country]:
    memberships = TierMembership.objects.on(as_of).filter(tier=line.tier_id).select_related("country")
    return list({row.country_id: row.country for row in memberships.order_by("country__sort_key", "country_id", "id")}.values())


def _meeting(line: PlanLine, as_of: date, provinces: ProvinceMap | None) -> ParticipationQuerySet:
    """Counted two-way participations of the 365 days that meet what the line names besides tier and country.

    A group of fields is met by each of its fields; a province by those that lie in it on the map of the day.
    """
    today = day_number(as_of)
    rows = Participation.objects.filter(counted=True, two_way=True, day_no__gt=today - YEAR_DAYS, day_no__lte=today).order_by()
    if line.partner_kind_id:
        rows = rows.filter(partner__kind=line.partner_kind_id)
    if line.field_id:
        fields = Field.objects.filter(pk=line.field_id) | Field.objects.filter(parent=line.field_id)
        rows = rows.filter(exchange__fields__in=fields)
    if line.province_id and provinces:
        rows = rows.filter(exchange__provinces__in=provinces.parts_of(line.province_id) or [line.province_id])
    return rows
