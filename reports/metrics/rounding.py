"""Figures are exact until they are shown; then they are rounded once, half up."""

from decimal import Decimal
from fractions import Fraction

HUNDREDTHS = 100
BILLIONTHS = 10**9
# Strength is counted in units of 10^-11 points: hundredths of a point × billionths of a weight.
STRENGTH_UNITS = HUNDREDTHS * BILLIONTHS


def rounded(value: Fraction, places: int) -> Decimal:
    """Return the value with so many decimals, rounded half up (half away from zero below zero)."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def points(hundredths: int) -> Decimal:
    """Hundredths of a point as points."""
    return rounded(Fraction(hundredths, HUNDREDTHS), 2)


def strength_points(strength: int) -> Decimal:
    """An exact strength, in units of 10^-11 points, as points with two decimals."""
    return rounded(Fraction(strength, STRENGTH_UNITS), 2)
