"""The decay of a policy as a curve: what is left of a point after so many days."""

from dataclasses import dataclass

from reports.metrics.rounding import BILLIONTHS
from reports.models import PolicyVersion

WIDTH, HEIGHT, STEP, MARKS = 600, 160, 15, 6


@dataclass(frozen=True)
class Curve:
    """``points``: of the SVG polyline, on a sheet of ``width`` × ``height``; ``marks``: (x, days, per cent left) of the half-lives."""

    points: str
    marks: list[tuple[int, int, str]]
    width: int = WIDTH
    height: int = HEIGHT


def curve_of(policy: PolicyVersion) -> Curve:
    """Draw the published weights, one point for every so many days. One query."""
    weights = dict(policy.weights.values_list("age", "billionths"))
    if not weights:
        return Curve("", [])
    last = max(weights)
    ages = [*range(0, last, STEP), last]
    points = " ".join(f"{_across(age, last)},{HEIGHT - weights[age] * HEIGHT // BILLIONTHS}" for age in ages)
    # The last mark keeps its words on the sheet.
    halves = range(policy.half_life_days, last * 9 // 10, policy.half_life_days)
    return Curve(points, [(_across(age, last), age, f"{weights[age] * 100 / BILLIONTHS:.3g}") for age in halves][:MARKS])


def _across(age: int, last: int) -> int:
    return age * WIDTH // max(last, 1)
