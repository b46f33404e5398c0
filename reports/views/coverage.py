"""Coverage by tier as of a day: countries down, one row each, the worst first; every figure opens its list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from crm.generic import is_partial
from crm.models import Country, TierMembership
from crm.models.places import CountryKind
from crm.permissions import Permission, requires
from reports.choices import CoverageStatus
from reports.forms.days import chosen_day
from reports.metrics.coverage import CountryCoverage, TierCoverage
from reports.metrics.days import ACTIVE_DAYS, policy_on
from reports.metrics.stored import coverage_on, has_data, is_stored

# The order in which a reader wants to see countries: who was never met first, who is well met last.
WORST_FIRST = (
    CoverageStatus.NEVER,
    CoverageStatus.OVERDUE,
    CoverageStatus.DUE,
    CoverageStatus.PLANNED,
    CoverageStatus.COVERED,
    CoverageStatus.EXEMPT,
)


@dataclass(frozen=True)
class Line:
    """One country of the page: how it stands, and all tiers it is in on the day."""

    row: CountryCoverage
    memberships: list[TierMembership]
    links: Mapping[str, str]

    @property
    def tone(self) -> str:
        return "bad" if self.row.status in (CoverageStatus.NEVER, CoverageStatus.OVERDUE) else ""


@require_safe
@requires(Permission.COVERAGE_VIEW)
def coverage(request: HttpRequest) -> HttpResponse:
    """The page, for all tiers together or for one; for all statuses or one, or for the countries with an active partner."""
    template = "reports/coverage_countries.html#result" if is_partial(request) else "reports/coverage_countries.html"
    try:
        as_of = chosen_day(request.GET)
        policy = policy_on(as_of)
    except ValidationError as error:
        return render(request, template, {"mistakes": error.messages, "as_of": request.GET.get("as_of", "")}, status=422)
    tiers = [tier for tier in coverage_on(as_of) if tier.countries or tier.bloc_members]
    chosen = next((tier for tier in tiers if tier.tier.code == request.GET.get("tier")), None)
    status = request.GET.get("status", "")
    rows = chosen.rows if chosen else worst_of_each_country(tiers)
    only_active = request.GET.get("active") == "true"
    shown = [row for row in rows if (not status or row.status == status) and (not only_active or is_active_country(row))]
    context = {
        "as_of": as_of,
        "policy": policy,
        "is_stored": is_stored(policy, as_of),
        "has_data": has_data(as_of),
        "only_active": only_active,
        "tiers": tiers,
        "chosen": chosen,
        "status": CoverageStatus(status) if status in CoverageStatus.values else None,
        "statuses": count_statuses(rows),
        "lines": lines(shown, as_of),
        "active_since": first_active_day(as_of),
    }
    return render(request, template, context)


def worst_of_each_country(tiers: Iterable[TierCoverage]) -> list[CountryCoverage]:
    """Each country and bloc once: as a member of the tier in which it stands worst."""
    worst: dict[int, CountryCoverage] = {}
    for tier in tiers:
        for row in tier.rows:
            known = worst.get(row.country.pk)
            if known is None or badness(row) < badness(known):
                worst[row.country.pk] = row
    return list(worst.values())


def is_active_country(row: CountryCoverage) -> bool:
    """Whether breadth counts the row: a country, not a bloc, with at least one active partner."""
    return row.country.kind != CountryKind.BLOC and row.active_partners > 0


def badness(row: CountryCoverage) -> tuple[int, Fraction, int]:
    """Sorts the worst first: by status, then by attainment, then by how much is asked; where nothing is asked comes last."""
    place = WORST_FIRST.index(row.status) if row.status else len(WORST_FIRST)
    return place, Fraction(2) if row.attainment is None else row.attainment, -(row.required or 0)


def count_statuses(rows: Iterable[CountryCoverage]) -> list[tuple[CoverageStatus, int]]:
    """How many countries stand at each status, the worst first; statuses of none left out."""
    found = [row.status for row in rows]
    return [(status, found.count(status)) for status in WORST_FIRST if status in found]


def lines(rows: Iterable[CountryCoverage], as_of: date) -> list[Line]:
    """Rows as the page shows them, the worst first, with their memberships. One query."""
    ordered = sorted(rows, key=lambda row: (*badness(row), row.country.sort_key))
    memberships: dict[int, list[TierMembership]] = {}
    for membership in TierMembership.objects.on(as_of).select_related("tier").order_by("tier__rank", "tier_id"):
        memberships.setdefault(membership.country_id, []).append(membership)
    return [Line(row, memberships.get(row.country.pk, []), links(row, as_of)) for row in ordered]


def links(row: CountryCoverage, as_of: date) -> dict[str, str]:
    """Where each figure of the row opens the list that it counts."""
    country, partners, exchanges = row.country, reverse("partners:partner-list"), reverse("activities:exchange-list")
    return {
        "partners": list_of(partners, country),
        "active": list_of(partners, country, active_on=as_of),
        "done": list_of(exchanges, country, since=first_active_day(as_of), until=as_of, counted="true"),
        "last": list_of(exchanges, country, since=row.last_exchange_on, until=row.last_exchange_on, counted="true"),
        "planned": list_of(exchanges, country, since=row.next_planned_on, until=row.next_planned_on),
    }


def list_of(address: str, country: Country, **filters: Any) -> str:
    return f"{address}?{urlencode({'country': country.alpha2, **filters})}"


def first_active_day(as_of: date) -> date:
    """The first day of the window ``(T − 365, T]``."""
    return as_of - timedelta(days=ACTIVE_DAYS - 1)
