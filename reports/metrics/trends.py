"""M8 through time, from the days that were stored: month-ends, and the day itself. Nothing is drawn between days that are missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Count

from crm.models import Tier
from crm.models.places import CountryKind
from reports.choices import CoverageStatus
from reports.metrics.duties import attainment, mean
from reports.models import CoverageSnapshot, EngagementSnapshot, PolicyVersion


@dataclass(frozen=True)
class Point:
    """A tier, or all tiers with each country once, on one stored day. Blocs are not added in."""

    day: date
    breadth: Fraction | None
    depth: Fraction | None
    active_partners: int
    countries: int
    covered: int
    overdue: int
    never: int


@dataclass
class Series:
    """The days of a tier, None where nothing is stored; without a tier, of all of them."""

    tier: Tier | None
    points: list[Point | None] = field(default_factory=list)

    @property
    def known(self) -> list[Point]:
        return [point for point in self.points if point is not None]


@dataclass(frozen=True)
class Trends:
    """``days``: month-ends up to T, and T. ``seams``: places of days from which on another policy version holds.

    ``network``: partners anywhere with a two-way exchange in the 365 days, in the register today; None where not stored.
    """

    days: list[date]
    series: list[Series]
    seams: dict[int, PolicyVersion]
    network: list[int | None]
    missing: list[date]


def month_ends(until: date, count: int) -> list[date]:
    """The last days of so many months before the day, the earliest first; the day itself if it is one."""
    found: list[date] = []
    day = until + timedelta(days=1)
    while len(found) < count:
        day = day.replace(day=1) - timedelta(days=1)
        found.append(day)
    return found[::-1]


def trends(as_of: date, months: int) -> Trends:
    """Return every tier on the last month-ends and on the day. Four queries.

    A day is of the policy in force on it. ``missing``: month-ends for which nothing is stored, though there was a policy.
    """
    days = [*dict.fromkeys([*month_ends(as_of, months), as_of])]
    policies = _policies(days)
    stored = CoverageSnapshot.objects.filter(day__in=days).select_related("country").order_by("country__sort_key", "id")
    rows: dict[tuple[date, int], list[CoverageSnapshot]] = {}
    for row in stored:
        if policies.get(row.day) is not None and policies[row.day].pk == row.policy_id:
            rows.setdefault((row.day, row.tier_id), []).append(row)
    whole = {day for day, _tier in rows}
    series = [Series(None, [_point(day, _once(rows, day)) if day in whole else None for day in days])]
    for tier in Tier.objects.all():
        points = [_point(day, rows.get((day, tier.pk), [])) if day in whole else None for day in days]
        if any(point and point.countries for point in points):
            series.append(Series(tier, points))
    missing = [day for day in days[:-1] if day not in whole and day in policies]
    return Trends(days, series, _seams(days, policies), _network(days, policies, whole), missing)


def _policies(days: Sequence[date]) -> dict[date, PolicyVersion]:
    """The policy in force on each of the days that has one. One query."""
    newest_first = list(PolicyVersion.objects.in_force(max(days)))
    found = {day: next((policy for policy in newest_first if policy.effective_from <= day), None) for day in days}
    return {day: policy for day, policy in found.items() if policy is not None}


def _seams(days: Sequence[date], policies: dict[date, PolicyVersion]) -> dict[int, PolicyVersion]:
    return {
        place: policies[day]
        for place, day in enumerate(days)
        if place and day in policies and days[place - 1] in policies and policies[days[place - 1]] != policies[day]
    }


def _network(days: Sequence[date], policies: dict[date, PolicyVersion], whole: set[date]) -> list[int | None]:
    stored = EngagementSnapshot.objects.filter(day__in=whole, policy__in=set(policies.values()), frequency__gt=0)
    counted = stored.filter(partner__archived_at__isnull=True).order_by().values_list("day", "policy").annotate(Count("pk"))
    found = {(day, policy): count for day, policy, count in counted}
    return [found.get((day, policies[day].pk), 0) if day in whole else None for day in days]


def _once(rows: dict[tuple[date, int], list[CoverageSnapshot]], day: date) -> list[CoverageSnapshot]:
    """The rows of a day with each country once: as a member of the tier that asks the most."""
    most: dict[int, CoverageSnapshot] = {}
    for (of_day, _tier), members in rows.items():
        for row in members if of_day == day else ():
            known = most.get(row.country_id)
            if known is None or (row.required or 0) > (known.required or 0):
                most[row.country_id] = row
    return list(most.values())


def _point(day: date, members: Sequence[CoverageSnapshot]) -> Point:
    rows = [row for row in members if row.country.kind != CountryKind.BLOC]
    statuses = [row.status for row in rows]
    return Point(
        day=day,
        breadth=Fraction(sum(1 for row in rows if row.active_partners), len(rows)) if rows else None,
        depth=mean(attainment(row.done, row.required) for row in rows),
        active_partners=sum(row.active_partners for row in rows),
        countries=len(rows),
        covered=statuses.count(CoverageStatus.COVERED),
        overdue=statuses.count(CoverageStatus.OVERDUE),
        never=statuses.count(CoverageStatus.NEVER),
    )
