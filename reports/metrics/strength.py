"""M2, the formulas: from an exact strength to the index that is shown, its band, and M5, the momentum."""

from decimal import Decimal
from fractions import Fraction

from reports.choices import Band
from reports.metrics.rounding import HUNDREDTHS, STRENGTH_UNITS, rounded
from reports.models import PolicyVersion

# The constant in the denominator of M5, in points: it keeps a single letter from looking like a turn of the tide.
MOMENTUM_DAMPING = 5


def engagement_index(strength: int, policy: PolicyVersion) -> Decimal:
    """EI = 100 × E / (E + 20), one decimal, rounded half up. ``strength`` is E in units of 10^-11 points."""
    return rounded(Fraction(100 * strength, strength + policy.half_index_points * STRENGTH_UNITS), 1)


def band_of(index: Decimal, policy: PolicyVersion) -> Band:
    """The colour band of the index as it is shown: under 20 cold, under 40 thin, under 60 kept, from 60 close."""
    if index < policy.band_thin:
        return Band.COLD
    if index < policy.band_kept:
        return Band.THIN
    return Band.KEPT if index < policy.band_close else Band.CLOSE


def momentum(now: int, before: int) -> Decimal | None:
    """M5 = (f1 − f2) / (f1 + f2 + 5) of two sums in hundredths of a point, three decimals; None when both are empty."""
    if not now and not before:
        return None
    return rounded(Fraction(now - before, now + before + MOMENTUM_DAMPING * HUNDREDTHS), 3)
