"""The periods that units report on: weeks, months, quarters, half-years and years of the calendar, half-open ``[start, end)``."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from reports.choices import PeriodKind

MONTHS_OF = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF_YEAR: 6, PeriodKind.YEAR: 12}
# Kinds that follow from a day; a term, or another period, says its own days.
CALENDAR_KINDS = (PeriodKind.WEEK, *MONTHS_OF)
_ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class Period:
    """A period of the calendar; ``end`` is the first day that no longer belongs to it."""

    kind: PeriodKind
    start: date
    end: date

    def __str__(self) -> str:
        return _label(self)

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def previous(self) -> "Period":
        return period_of(self.kind, self.start - timedelta(days=1))

    @property
    def next(self) -> "Period":
        return period_of(self.kind, self.end)

    def is_over(self, as_of: date) -> bool:
        """Whether the day is its last one, or a later one."""
        return as_of >= self.last_day


def period_of(kind: PeriodKind, day: date) -> Period:
    """Return the period of the kind that the day belongs to. Raises KeyError for kinds that no day says (term, other)."""
    if kind == PeriodKind.WEEK:
        start = day - timedelta(days=day.weekday())
        return Period(kind, start, start + timedelta(days=7))
    months = MONTHS_OF[kind]
    first = (day.month - 1) // months * months
    return Period(kind, date(day.year, first + 1, 1), _first_of(day.year, first + months))


def last_over(kind: PeriodKind, as_of: date) -> Period:
    """Return the latest period of the kind that was over on the day."""
    current = period_of(kind, as_of)
    return current if current.is_over(as_of) else current.previous


def _first_of(year: int, months: int) -> date:
    """The first day of the month so many months after January of the year."""
    return date(year + months // 12, months % 12 + 1, 1)


def _label(period: Period) -> str:
    start = period.start
    numbers = {"year": start.year, "month": start.month, "quarter": _ROMAN[(start.month - 1) // 3]}
    if period.kind == PeriodKind.WEEK:
        year, week, _weekday = start.isocalendar()
        return _("Week %(week)s/%(year)s") % {"week": week, "year": year}
    if period.kind == PeriodKind.MONTH:
        return _("Month %(month)s/%(year)s") % numbers
    if period.kind == PeriodKind.QUARTER:
        return _("Quarter %(quarter)s/%(year)s") % numbers
    if period.kind == PeriodKind.HALF_YEAR:
        return (_("First half of %(year)s") if start.month == 1 else _("Second half of %(year)s")) % numbers
    return _("Year %(year)s") % numbers
