"""M10: how far a rank moves when the weights of the policy move by a quarter, one at a time. Exact, and the same every time.

Moved are the base points of each class, the factor of each level, and the half-life: by 25 % up and down. Points are
whole hundredths, rounded half up where a quarter is none; the half-life whole days. Caps, window and sides stay.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db import connection, transaction

from activities.choices import LEVELS, SIDES_STEPS, Level, PointsClass
from reports.metrics.engagement import engagement_statement
from reports.metrics.rounding import rounded
from reports.metrics.weights import weight_of_age
from reports.models import PolicyPoints, PolicyVersion, PolicyWeight

TOP = 50
QUARTER = Fraction(1, 4)


@dataclass(frozen=True)
class Variant:
    """One weight moved one way: ``what`` is "class", "level" or "half_life", ``which`` the member; ``up`` or down."""

    what: str
    which: str
    up: bool

    @property
    def code(self) -> str:
        return f"{self.what}:{self.which}:{'+' if self.up else '-'}"

    @property
    def factor(self) -> Fraction:
        return 1 + QUARTER if self.up else 1 - QUARTER


@dataclass
class RankRange:
    """A partner's place, and the least and the greatest place under any variant, with the variants that lead there."""

    partner_id: int
    rank: int
    least: int
    greatest: int
    least_by: str = ""
    greatest_by: str = ""

    def meet(self, rank: int, variant: Variant) -> None:
        if rank < self.least:
            self.least, self.least_by = rank, variant.code
        if rank > self.greatest:
            self.greatest, self.greatest_by = rank, variant.code


@dataclass
class Sensitivity:
    """``displacements``: by variant, how many places the partners of the top move on average, two decimals."""

    partners: int
    ranges: Sequence[RankRange]
    displacements: dict[str, Decimal] = field(default_factory=dict)


def variants() -> list[Variant]:
    """Every weight, up and down: seven classes, three levels, the half-life."""
    weights = [("class", member.name.lower()) for member in PointsClass]
    weights += [("level", level.name.lower()) for level in Level]
    weights += [("half_life", "")]
    return [Variant(what, which, up) for what, which in weights for up in (False, True)]


def sensitivity(policy: PolicyVersion, as_of: date, *, tell: Callable[[int], None] = lambda done: None) -> Sensitivity:
    """Rank all partners under each variant and return how far the top of the day moves. One pass over the facts for each.

    Places are by strength; equals share one. ``tell`` hears how many of the passes are done, of ``len(variants()) + 1``.
    """
    strengths = _strengths(policy, as_of)
    ranked = _ranker(strengths)
    top = sorted(strengths, key=lambda key: (-strengths[key], key))[:TOP]
    found = Sensitivity(len(strengths), [RankRange(key, rank := ranked(strengths[key]), rank, rank) for key in top])
    tell(1)
    for done, variant in enumerate(variants(), start=2):
        with _moved(policy, variant):
            moved = _strengths(policy, as_of)
        _meet(found, variant, moved)
        tell(done)
    return found


def _meet(found: Sensitivity, variant: Variant, strengths: Mapping[int, int]) -> None:
    ranked, distance = _ranker(strengths), 0
    for row in found.ranges:
        rank = ranked(strengths[row.partner_id])
        row.meet(rank, variant)
        distance += abs(rank - row.rank)
    if found.ranges:
        found.displacements[variant.code] = rounded(Fraction(distance, len(found.ranges)), 2)


def _ranker(strengths: Mapping[int, int]) -> Callable[[int], int]:
    """Tells the place of a strength among all: one more than how many are stronger."""
    ordered = sorted(strengths.values())
    return lambda strength: len(ordered) - bisect_right(ordered, strength) + 1


def _strengths(policy: PolicyVersion, as_of: date) -> dict[int, int]:
    statement, parameters = engagement_statement(policy, as_of)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT partner_id, strength FROM ({statement}) AS figures", parameters)  # noqa: S608  (our own statement)
        return dict(cursor.fetchall())


@contextmanager
def _moved(policy: PolicyVersion, variant: Variant) -> Iterator[None]:
    """The policy with one weight moved, for as long as one reading lasts; taken back at the end, seen by nobody else."""
    with transaction.atomic():
        if variant.what == "half_life":
            _move_half_life(policy, variant.factor)
        else:
            _move_points(policy, variant)
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _move_half_life(policy: PolicyVersion, factor: Fraction) -> None:
    half_life = int(rounded(policy.half_life_days * factor, 0))
    weights = list(policy.weights.all())
    for row in weights:
        row.billionths = weight_of_age(row.age, half_life)
    PolicyWeight.objects.bulk_update(weights, ["billionths"], batch_size=400)


def _move_points(policy: PolicyVersion, variant: Variant) -> None:
    points = [row for row in policy.points.all() if _is_of(row, variant)]
    for row in points:
        row.hundredths = int(rounded(row.hundredths * variant.factor, 0))
    PolicyPoints.objects.bulk_update(points, ["hundredths"])


def _is_of(row: PolicyPoints, variant: Variant) -> bool:
    if variant.what == "class":
        return PointsClass(row.points_class).name.lower() == variant.which
    return Level(row.merit // SIDES_STEPS % LEVELS).name.lower() == variant.which
