"""M4: visits in and out of 1095 days, their balance, and the returns that are owed. The same on both databases."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from activities.choices import LEVELS, SIDES_STEPS, Direction, PointsClass, Side
from activities.models import Participation
from reports.metrics.days import DEPTH_DAYS, day_number, day_of
from reports.metrics.rounding import rounded

VISIT_DAYS = DEPTH_DAYS
RETURN_DAYS = 730


@dataclass(frozen=True)
class Reciprocity:
    """Visits of a partner in ``(T − 1095, T]``: theirs to us and ours to them, and the last day of each."""

    partner_id: int
    visits_in: int = 0
    visits_out: int = 0
    last_in: date | None = None
    last_out: date | None = None

    @property
    def ratio(self) -> Decimal | None:
        """min(in, out) / max(in, out), two decimals; None without a visit."""
        most = max(self.visits_in, self.visits_out)
        return rounded(Fraction(min(self.visits_in, self.visits_out), most), 2) if most else None

    @property
    def balance(self) -> Decimal | None:
        """(in − out) / (in + out), two decimals: above zero they came more often. None without a visit."""
        both = self.visits_in + self.visits_out
        return rounded(Fraction(self.visits_in - self.visits_out, both), 2) if both else None


@dataclass(frozen=True)
class OwedReturn:
    """A visit that was not returned: no visit the other way at its level or above after it, up to T.

    ``owed_by``: ours after they came, theirs after we went. ``day`` and ``exchange_id``: the visit. It is late when more
    than 24 months (730 days) have passed; a return that came later than that still is one.
    """

    partner_id: int
    exchange_id: int
    day: date
    level: int
    owed_by: Side
    is_late: bool

    @property
    def due_on(self) -> date:
        return self.day + timedelta(days=RETURN_DAYS)


def reciprocity(as_of: date, partner_ids: Collection[int] | None = None) -> dict[int, Reciprocity]:
    """The visits of every partner that has any, or of those given. One query."""
    inward, outward = Q(direction=Direction.IN), Q(direction=Direction.OUT)
    rows = _visits(as_of, partner_ids).values("partner").annotate(
        visits_in=Count("pk", filter=inward), visits_out=Count("pk", filter=outward),
        last_in=Max("day_no", filter=inward), last_out=Max("day_no", filter=outward),
    )  # fmt: skip
    return {
        row["partner"]: Reciprocity(row["partner"], row["visits_in"], row["visits_out"], _day(row["last_in"]), _day(row["last_out"]))
        for row in rows.order_by("partner")
    }


def returns_owed(as_of: date, partner_ids: Collection[int] | None = None) -> list[OwedReturn]:
    """Visits not returned by T, of every partner or of those given: for each side the highest level, its latest visit.

    One visit at the highest level returns those below it too, so the others are not listed beside it. One query.
    """
    back = _visits(as_of, None).filter(partner=OuterRef("partner"), level__gte=OuterRef("level"), day_no__gt=OuterRef("day_no"))
    back = back.exclude(direction=OuterRef("direction"))
    waiting = _visits(as_of, partner_ids).filter(~Exists(back)).order_by("partner", "direction", "-level", "-day_no", "-exchange")
    found: dict[tuple[int, str], OwedReturn] = {}
    for row in waiting.values("partner", "exchange", "day_no", "level", "direction"):
        side = Side.OURS if row["direction"] == Direction.IN else Side.THEIRS
        day, is_late = day_of(row["day_no"]), day_number(as_of) - row["day_no"] > RETURN_DAYS
        owed = OwedReturn(row["partner"], row["exchange"], day, row["level"], side, is_late)
        found.setdefault((row["partner"], side), owed)
    return list(found.values())


def _visits(as_of: date, partner_ids: Collection[int] | None) -> QuerySet[Participation]:
    """Counted two-way visits of the window: delegations that came or went. What is mutual returns itself."""
    today = day_number(as_of)
    rows = Participation.objects.annotate(points_class=F("merit") / (LEVELS * SIDES_STEPS)).filter(
        counted=True, two_way=True, points_class=PointsClass.DELEGATION, direction__in=[Direction.IN, Direction.OUT],
        day_no__gt=today - VISIT_DAYS, day_no__lte=today,
    )  # fmt: skip
    return rows if partner_ids is None else rows.filter(partner__in=partner_ids)


def _day(number: int | None) -> date | None:
    return None if number is None else day_of(number)
