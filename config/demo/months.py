"""The figures of past month-ends, so that a new installation shows lines through time and not one point."""

from datetime import date

from django.core.exceptions import ValidationError

from reports.actions.snapshots import take_snapshots
from reports.metrics.days import policy_on
from reports.metrics.trends import month_ends

MONTHS = 12


def store_month_ends(today: date) -> None:
    """Store the figures of the last twelve month-ends on which a policy was in force."""
    for day in month_ends(today, MONTHS):
        try:
            policy_on(day)
        except ValidationError:
            continue
        take_snapshots(day)
