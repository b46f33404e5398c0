"""Progress of the yearly plan: what each line asks of a year, what was done by a day, and what was to be expected by then.

A line asks N exchanges in 365 days, so of a period of d days N x d / 365, rounded half up and at least one; of a whole
year N. *Done* are different two-way exchanges that count (M rule 3) between the line's first day in the year and T.
*Expected* is what is asked times the share of the period that has passed. A line for a tier is asked of each of its
countries on T that has no such line of its own, as coverage asks it, and over-serving one never hides another: of a
tier *counted* is the sum of min(done, asked) of its countries.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone

from crm.models import Country, TierMembership
from reports.choices import PlanStanding
from reports.metrics.days import YEAR_DAYS, policy_on
from reports.metrics.plan_counts import Counted, Scope, count_scopes, planned_next
from reports.metrics.rounding import rounded
from reports.models import PlanLine

_RELATED = ("tier", "country", "partner_kind", "field", "province", "directive")


@dataclass(frozen=True)
class CountryProgress:
    """One country of a tier against the tier's line."""

    country: Country
    done: int
    asked: int
    level_reached: bool


@dataclass(frozen=True)
class LineProgress:
    """One line in a year as of T. ``first`` and ``last``: its days in the year; ``asked`` is None where it exempts.

    ``done``: different exchanges; ``counted``: of these, what counts against ``asked``; ``expected`` by T.
    """

    line: PlanLine
    first: date
    last: date
    until: date
    asked: int | None
    done: int
    counted: int
    expected: Fraction | None
    level_reached: bool
    next_planned_on: date | None
    countries: list[CountryProgress] = field(default_factory=list)

    @property
    def has_begun(self) -> bool:
        return self.until >= self.first

    @property
    def attainment(self) -> Fraction | None:
        """counted / asked; None where nothing is asked."""
        return Fraction(self.counted, self.asked) if self.asked else None

    @property
    def expected_shown(self) -> Decimal | None:
        return None if self.expected is None else rounded(self.expected, 1)

    @property
    def standing(self) -> PlanStanding:
        """Behind: less was done than the whole exchanges expected by T."""
        if self.asked is None or self.expected is None:
            return PlanStanding.EXEMPT
        if self.counted >= self.asked:
            return PlanStanding.ATTAINED
        if not self.has_begun:
            return PlanStanding.NOT_BEGUN
        return PlanStanding.ON_TRACK if self.counted >= int(self.expected) else PlanStanding.BEHIND


def day_in_year(year: int, as_of: date) -> date:
    """The day on which a year is looked at: ``as_of``, but not after the year's end."""
    return min(as_of, date(year, 12, 31))


def plan_progress(year: int, as_of: date, lines: Iterable[PlanLine] | None = None) -> list[LineProgress]:
    """Return how each line in use in the year stood on the day: all of them, or those given. At most nine queries.

    Raises ValidationError for a day still to come.
    """
    if as_of == timezone.localdate():
        day = day_in_year(year, as_of)
    else:
        policy_on(as_of)
        day = day_in_year(year, as_of)
    chosen = list(lines_of(year)) if lines is None else list(lines)
    members = _members_on(day, chosen)
    own = _own_lines(day, chosen)
    scopes = {line.pk: _scope_of(line, year, day) for line in chosen}
    counted = count_scopes(set(scopes.values()))
    planned = planned_next(chosen, after=max(as_of, date(year, 1, 1) - timedelta(days=1)), members=members)
    return [_progress(line, scopes[line.pk], counted, planned, _asked_countries(line, members, own), year) for line in chosen]


def lines_of(year: int) -> Collection[PlanLine]:
    """The lines in use that hold on some day of the year: duties first, by tier and country. One query."""
    period = PlanLine(valid_from=date(year, 1, 1), valid_to=date(year + 1, 1, 1))
    lines = PlanLine.objects.live().overlapping(period).select_related(*_RELATED)
    return lines.order_by("tier__rank", "country__sort_key", "partner_kind_id", "field_id", "province__sort_key", "valid_from", "id")


def asked_in(line: PlanLine, first: date, last: date) -> int | None:
    """What the line asks of the days ``[first, last]``, of each country where it is for a tier; None where it exempts."""
    if line.exempt:
        return None
    days = (last - first).days + 1
    return line.required if days >= YEAR_DAYS else max(1, int(Fraction(line.required * days, YEAR_DAYS) + Fraction(1, 2)))


def _days_of(line: PlanLine, year: int) -> tuple[date, date]:
    first = max(line.valid_from or date.min, date(year, 1, 1))
    last = min(line.valid_to - timedelta(days=1) if line.valid_to else date.max, date(year, 12, 31))
    return first, last


def _scope_of(line: PlanLine, year: int, day: date) -> Scope:
    first, last = _days_of(line, year)
    in_all = line.tier_id is None and line.country_id is None
    return Scope(first, min(last, day), line.partner_kind_id, line.field_id, line.province_id, in_all)


def _progress(
    line: PlanLine, scope: Scope, counted: Mapping[Scope, Counted], planned: Mapping[int, date], countries: list[Country] | None, year: int
) -> LineProgress:
    first, last = _days_of(line, year)
    each, found = asked_in(line, first, last), counted[scope]
    if countries is None:
        done, level, asked, rows = found.total, found.total_level, each, []
        kept = done if asked is None else min(done, asked)
    else:
        rows = [
            CountryProgress(country, found.done.get(country.pk, 0), each or 0, found.level.get(country.pk, -1) >= line.least_level)
            for country in countries
        ]
        done, asked = sum(row.done for row in rows), None if each is None else each * len(rows)
        level = max((found.level.get(country.pk, -1) for country in countries), default=-1)
        kept = done if each is None else sum(min(row.done, each) for row in rows)
    passed = max((scope.last - first).days + 1, 0)
    expected = None if asked is None else Fraction(asked * passed, (last - first).days + 1)
    is_tier = line.tier_id is not None
    return LineProgress(
        line=line, first=first, last=last, until=scope.last, asked=asked or (None if asked is None else 0), done=done, counted=kept,
        expected=expected, level_reached=all(row.level_reached for row in rows) if is_tier else level >= line.least_level,
        next_planned_on=planned.get(line.pk), countries=rows if is_tier else [],
    )  # fmt: skip


def _members_on(day: date, lines: Iterable[PlanLine]) -> dict[int, list[Country]]:
    tiers = {line.tier_id for line in lines if line.tier_id is not None}
    rows = TierMembership.objects.on(day).filter(tier__in=tiers).select_related("country").order_by("country__sort_key", "country_id", "id")
    members: dict[int, dict[int, Country]] = {}
    for row in rows:
        members.setdefault(row.tier_id, {})[row.country_id] = row.country
    return {tier_id: list(countries.values()) for tier_id, countries in members.items()}


def _own_lines(day: date, lines: Iterable[PlanLine]) -> set[tuple[int | None, ...]]:
    """(country, kind, field, province) of the lines of single countries that hold on the day: they go before a tier's."""
    if not any(line.tier_id for line in lines):
        return set()
    own = PlanLine.objects.live().on(day).filter(country__isnull=False)
    return set(own.values_list("country", "partner_kind", "field", "province"))


def _asked_countries(line: PlanLine, members: Mapping[int, list[Country]], own: Collection[tuple[int | None, ...]]) -> list[Country] | None:
    """The countries of which the line asks; None for a line that names no tier and no country."""
    if line.country is not None:
        return [line.country]
    if line.tier_id is None:
        return None
    target = (line.partner_kind_id, line.field_id, line.province_id)
    return [country for country in members.get(line.tier_id, []) if (country.pk, *target) not in own]
