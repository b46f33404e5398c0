"""M7: of the commitments that came due in a year, how many were kept; ours and theirs apart. The same on both databases.

Of those due in ``(T − 365, T]``: on time / (on time + late + overdue + broken), with the Wilson 95 % band of that share.
As of T a commitment is what was so by T: promised by then, and settled only if that happened by then. One due on T itself
and still open is not overdue before the day after. Dropped ones, restricted ones and archived ones count nowhere.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from activities.choices import CommitmentState, Side
from activities.models import Commitment
from crm.choices import Confidentiality
from crm.models import Country, Tier, TierMembership, Unit
from partners.models import Partner
from reports.choices import Outcome
from reports.metrics.days import YEAR_DAYS
from reports.metrics.rounding import rounded

# The quantile of the normal distribution that leaves 2.5 % on either side.
Z = Decimal("1.96")
_DIGITS = 50


@dataclass(frozen=True)
class Kept:
    """What became of the commitments of one side. Without any, ``share``, ``low`` and ``high`` are None."""

    on_time: int = 0
    late: int = 0
    overdue: int = 0
    broken: int = 0

    @property
    def n(self) -> int:
        return self.on_time + self.late + self.overdue + self.broken

    @property
    def share(self) -> Decimal | None:
        """On time / n, two decimals, rounded half up."""
        return rounded(Fraction(self.on_time, self.n), 2) if self.n else None

    @property
    def low(self) -> Decimal | None:
        return wilson(self.on_time, self.n)[0] if self.n else None

    @property
    def high(self) -> Decimal | None:
        return wilson(self.on_time, self.n)[1] if self.n else None

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.on_time + other.on_time, self.late + other.late, self.overdue + other.overdue, self.broken + other.broken)


@dataclass(frozen=True)
class Promises:
    """M7 of both sides: what we promised, and what they promised."""

    ours: Kept = field(default_factory=Kept)
    theirs: Kept = field(default_factory=Kept)


def wilson(successes: int, n: int) -> tuple[Decimal, Decimal]:
    """Return the Wilson 95 % band of ``successes`` of ``n`` (n > 0), two decimals, rounded half up: 3 of 5 is 0.23 to 0.88.

    (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n) with p = successes / n (Wilson 1927).
    """
    with localcontext() as context:
        context.prec = _DIGITS
        share, square = Decimal(successes) / n, Z * Z / n
        middle, reach = share + square / 2, Z * (share * (1 - share) / n + square / (4 * n)).sqrt()
        low, high = ((middle + sign * reach) / (1 + square) for sign in (-1, 1))
        cent = Decimal("0.01")
        return (max(low, Decimal(0)).quantize(cent, ROUND_HALF_UP), min(high, Decimal(1)).quantize(cent, ROUND_HALF_UP))


def kept(
    as_of: date, *, partner: Partner | None = None, country: Country | None = None, tier: Tier | None = None, unit: Unit | None = None
) -> Promises:
    """Return M7 of all commitments, or of those with a partner, a country, the countries of a tier on T, or of a unit and those below.

    Scopes given together narrow each other. One query, two for a unit.
    """
    rows: Any = due_in_a_year(as_of, partner=partner, country=country, tier=tier, unit=unit)  # The outcome is annotated.
    counted = rows.order_by().values("owed_by", "outcome").annotate(n=Count("pk"))
    return _promises((row["owed_by"], row["outcome"], row["n"]) for row in counted)


def kept_by_partner(as_of: date, partner_ids: Collection[int] | None = None) -> dict[int, Promises]:
    """Return M7 of every partner that has a commitment due in the year, or of those given, by partner id. One query."""
    rows: Any = due_in_a_year(as_of)
    if partner_ids is not None:
        rows = rows.filter(partner__in=partner_ids)
    found: dict[int, list[tuple[str, str, int]]] = {}
    for row in rows.order_by("partner").values("partner", "owed_by", "outcome").annotate(n=Count("pk")):
        found.setdefault(row["partner"], []).append((row["owed_by"], row["outcome"], row["n"]))
    return {partner_id: _promises(counts) for partner_id, counts in found.items()}


def due_in_a_year(
    as_of: date, *, partner: Partner | None = None, country: Country | None = None, tier: Tier | None = None, unit: Unit | None = None
) -> QuerySet[Commitment]:
    """The commitments that M7 counts, each with its ``outcome`` as of T, the latest due first: the rows behind the figure."""
    rows = known_by(as_of).filter(due_on__gt=as_of - timedelta(days=YEAR_DAYS), due_on__lte=as_of)
    if partner is not None:
        rows = rows.filter(partner=partner)
    if country is not None:
        rows = rows.filter(partner__country=country)
    if tier is not None:
        rows = rows.filter(partner__country__in=TierMembership.objects.on(as_of).filter(tier=tier).values("country"))
    if unit is not None:
        rows = rows.filter(unit__in=Unit.objects.below([unit]))
    return rows.annotate(outcome=_outcome(as_of)).exclude(outcome="").order_by("-due_on", "-id")


def known_by(as_of: date) -> QuerySet[Commitment]:
    """Commitments made by T that figures count at all: neither archived nor restricted."""
    return Commitment.objects.live().filter(promised_on__lte=as_of).exclude(confidentiality=Confidentiality.RESTRICTED)


def _outcome(as_of: date) -> Case:
    """What had become of a commitment by T; empty for what was dropped, or is due on T and still open."""
    settled = Q(settled_on__lte=as_of)
    return Case(
        When(settled & Q(state=CommitmentState.DROPPED), then=Value("")),
        When(settled & Q(state=CommitmentState.BROKEN), then=Value(Outcome.BROKEN)),
        When(settled & Q(settled_on__lte=F("due_on")), then=Value(Outcome.ON_TIME)),
        When(settled, then=Value(Outcome.LATE)),
        When(due_on__lt=as_of, then=Value(Outcome.OVERDUE)),
        default=Value(""),
        output_field=CharField(),
    )


def _promises(counts: Iterable[tuple[str, str, int]]) -> Promises:
    sides: dict[str, dict[str, int]] = {Side.OURS: {}, Side.THEIRS: {}}
    for side, outcome, n in counts:
        sides[side][outcome] = n
    return Promises(Kept(**sides[Side.OURS]), Kept(**sides[Side.THEIRS]))
