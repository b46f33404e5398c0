"""Periods that are closed to the offices' programs: a report for them was issued, and its figures stand."""

from collections.abc import Collection
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activities.actions.write_checks import Place, register_write_check
from reports.models import PeriodicReport


@register_write_check
def in_issued_reports(places: Collection[Place]) -> dict[Place, ValidationError]:
    """Return the places whose day lies in the period of a report that the host unit has issued. One query.

    People correct such exchanges on the page, where the correction is listed for the next issue; a program would change
    what was reported without anybody seeing it.
    """
    days = [day for _unit, day in places]
    issued = PeriodicReport.objects.live().filter(
        unit__in={unit for unit, _day in places}, period_from__lte=max(days), period_to__gt=min(days), issues__isnull=False
    )
    reports = list(issued.distinct().order_by("period_from", "pk"))
    closed = {}
    for unit, day in set(places):
        report = next((one for one in reports if one.unit_id == unit and one.period_from <= day < one.period_to), None)
        if report is not None:
            closed[unit, day] = ValidationError({"starts_on": ValidationError(_CLOSED, code="period-issued", params=_named(report))})
    return closed


_CLOSED = _("The report “%(report)s” (%(period)s) was issued with this day. Correct the exchange on its page, and issue the report anew.")


def _named(report: PeriodicReport) -> dict[str, str]:
    last_day = report.period_to - timedelta(days=1)
    return {"report": report.title, "period": f"{report.period_from:%Y-%m-%d} – {last_day:%Y-%m-%d}"}
