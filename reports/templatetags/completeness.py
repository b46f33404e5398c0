"""M9 beside every figure of coverage: how many of the units that were due have reported."""

from datetime import date
from typing import Any

from django import template

from reports.metrics.completeness import completeness_of, usual_completeness
from reports.metrics.periods import Period

register = template.Library()


@register.inclusion_tag("reports/completeness_line.html")
def completeness_line(as_of: date, period: Period | None = None) -> dict[str, Any]:
    """“31 of 34 units reported”, with a link to who did not: for the period, else for the last quarter that was over."""
    period, found = (period, completeness_of(period, as_of)) if period else usual_completeness(as_of)
    return {"period": period, "completeness": found, "as_of": as_of}
