"""The published table of weights of M2."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

BILLION = 10**9


def weight_of_age(age: int, half_life_days: int) -> int:
    """The weight 2^(−age / half-life) in billionths, rounded half up.

    Decimal arithmetic with 50 digits, so that every machine publishes the same table of integers.
    """
    with localcontext() as context:
        context.prec = 50
        weight = Decimal(2) ** (Decimal(-age) / Decimal(half_life_days))
        return int((weight * BILLION).to_integral_value(ROUND_HALF_UP))
