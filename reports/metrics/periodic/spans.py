"""What one column of a report covers: the days of a period, the units, and the directive."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

from crm.models import Unit, UnitSuccession
from reports.choices import PeriodKind
from reports.metrics.periods import CALENDAR_KINDS, Period, period_of
from reports.metrics.provinces import ProvinceMap
from reports.models import PeriodicReport


@dataclass(frozen=True)
class Span:
    """The days ``[start, end)`` of some units (``None``: of all), as of ``day``: its last day, or an earlier one while it lasts.

    ``directive_id``: only what serves that directive. ``provinces``: on which map they are shown, the same for every column.
    """

    start: date
    end: date
    day: date
    provinces: ProvinceMap
    unit_ids: frozenset[int] | None = None
    directive_id: int | None = None

    def at(self, start: date, end: date) -> Self:
        """The same for other days, which were over by then."""
        return replace(self, start=start, end=end, day=end - timedelta(days=1))


def span_of(report: PeriodicReport, *, today: date) -> Span:
    """Return what the report covers, as things stand today. Five queries at most."""
    last_day = report.period_to - timedelta(days=1)
    day = min(last_day, today)
    units = units_of(report.unit, with_below=report.with_below)
    return Span(report.period_from, report.period_to, day, ProvinceMap.on(day), units, report.directive_id)


def units_of(unit: Unit, *, with_below: bool) -> frozenset[int] | None:
    """Return the unit, with all below it if asked, and those that went into them; None where that is every unit."""
    chosen = Unit.objects.below([unit]) if with_below else Unit.objects.filter(pk=unit.pk)
    found = set(chosen.values_list("pk", flat=True))
    became: dict[int, set[int]] = {}
    for predecessor, successor in UnitSuccession.objects.values_list("predecessor", "successor"):
        became.setdefault(successor, set()).add(predecessor)
    waiting = list(found)
    while waiting:
        former = became.get(waiting.pop(), set()) - found
        found |= former
        waiting += former
    return None if with_below and len(found) == Unit.objects.count() else frozenset(found)


def before(report: PeriodicReport) -> tuple[date, date] | None:
    """Return the period of the same kind before the report's; for a term or another period as many days just before it."""
    kind = PeriodKind(report.period_kind)
    if kind in CALENDAR_KINDS:
        earlier = period_of(kind, report.period_from).previous
        return earlier.start, earlier.end
    return report.period_from - (report.period_to - report.period_from), report.period_from


def year_before(report: PeriodicReport) -> tuple[date, date] | None:
    """Return the same period a year earlier; None where that says nothing new, as of a year or a term."""
    kind = PeriodKind(report.period_kind)
    if kind in (PeriodKind.YEAR, PeriodKind.TERM):
        return None
    if kind == PeriodKind.WEEK:
        # The week of the same number, so that Monday meets Monday.
        start = report.period_from - timedelta(weeks=52)
        return start, start + timedelta(weeks=1)
    return _a_year_earlier(report.period_from), _a_year_earlier(report.period_to)


def title_of(report: PeriodicReport) -> str:
    """The period as its title says it: "Quarter III/2026", or its first and last day."""
    kind = PeriodKind(report.period_kind)
    if kind in CALENDAR_KINDS:
        return str(Period(kind, report.period_from, report.period_to))
    return f"{report.period_from:%d/%m/%Y} – {report.period_to - timedelta(days=1):%d/%m/%Y}"


def _a_year_earlier(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
