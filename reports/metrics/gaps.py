"""The worst gaps as of a day: countries of a tier not met as asked, countries without any partner, targets of the plan missed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from crm.models import Country, Tier
from reports.choices import CoverageStatus, GapKind
from reports.metrics.coverage import CountryCoverage, coverage
from reports.metrics.days import policy_on
from reports.metrics.stored import coverage_on
from reports.metrics.target_gaps import MissedTarget, missed_targets
from reports.models import PolicyVersion

_KINDS = {
    CoverageStatus.NEVER: GapKind.NEVER,
    CoverageStatus.OVERDUE: GapKind.OVERDUE,
    CoverageStatus.DUE: GapKind.DUE,
}
_LAST_RANK = 1_000


@dataclass(frozen=True)
class Gap:
    """One gap. ``country`` is None for a target of all countries together; ``target`` is None for a duty (M8).

    ``tiers``: those the country is in on the day, the first in rank first. ``days_late``: how long the duty is overdue,
    below zero where it is still to fall due; None without an exchange or for a target.
    """

    kind: GapKind
    country: Country | None
    tiers: tuple[Tier, ...]
    done: int
    required: int
    last_on: date | None = None
    days_late: int | None = None
    partners: int | None = None
    target: MissedTarget | None = None

    @property
    def has_no_partner(self) -> bool:
        return self.partners == 0

    @property
    def key(self) -> str:
        """What tells the gap apart in addresses: ``LA`` for a duty; line and country for a target."""
        home = self.country.alpha2 if self.country else ""
        return f"{self.target.line.public_id}:{home}" if self.target else home

    @property
    def order(self) -> tuple[int, int, int, int, str, int]:
        """Sorts the worst first: by kind, tier, days late, what is left to do, name."""
        rank = min((tier.rank for tier in self.tiers), default=_LAST_RANK)
        name = self.country.sort_key if self.country else ""
        line = self.target.line.pk if self.target else 0
        return (list(GapKind).index(self.kind), rank, -(self.days_late or 0), self.done - self.required, name, line)


def worst_gaps(policy: PolicyVersion, as_of: date, limit: int | None = None) -> list[Gap]:
    """Return the gaps as of the day, the worst first.

    *Never met* countries come first, those *overdue* next, then missed targets, then what is *due soon*; among equals the
    higher tier, then whoever waits longest. A country whose next exchange is planned in time is none. Blocs count as well.
    Runs what coverage runs, one query more, and two for each target of the plan.
    """
    tiers = coverage_on(as_of) if policy == policy_on(as_of) else coverage(policy, as_of)
    rows = [row for tier in tiers for row in tier.rows]
    of_countries = _of_countries(rows, as_of)
    found = sorted([*of_countries, *_of_targets(rows, as_of)], key=lambda gap: gap.order)
    return found if limit is None else found[:limit]


def _of_countries(rows: Iterable[CountryCoverage], as_of: date) -> list[Gap]:
    """Each country once: as a member of the tier in which it stands worst, with all its tiers."""
    members: dict[int, list[CountryCoverage]] = {}
    for row in rows:
        members.setdefault(row.country.pk, []).append(row)
    found = []
    for same in members.values():
        gaps = [row for row in same if row.status in _KINDS]
        if gaps:
            tiers = tuple(sorted((row.tier for row in same), key=lambda tier: (tier.rank, tier.pk)))
            found.append(min((_of_row(row, tiers, as_of) for row in gaps), key=lambda gap: (gap.order, -gap.required)))
    return found


def _of_row(row: CountryCoverage, tiers: tuple[Tier, ...], as_of: date) -> Gap:
    waited = None if row.last_exchange_on is None or row.cadence_days is None else (as_of - row.last_exchange_on).days
    return Gap(
        kind=_KINDS[row.status],  # type: ignore[index]  # chosen by it
        country=row.country,
        tiers=tiers,
        done=row.done,
        required=row.required or 0,
        last_on=row.last_exchange_on,
        days_late=None if waited is None else waited - (row.cadence_days or 0),
        partners=row.partners,
    )


def _of_targets(rows: Iterable[CountryCoverage], as_of: date) -> list[Gap]:
    by_country: dict[int, list[CountryCoverage]] = {}
    for row in rows:
        by_country.setdefault(row.country.pk, []).append(row)
    found = []
    for missed in missed_targets(as_of):
        same = by_country.get(missed.country.pk, []) if missed.country else []
        tiers = tuple(sorted((row.tier for row in same), key=lambda tier: (tier.rank, tier.pk)))
        partners = same[0].partners if same else None
        found.append(Gap(GapKind.TARGET, missed.country, tiers, missed.done, missed.line.required, partners=partners, target=missed))
    return found
