"""Days as people write them in lists: 2/9/2025, ngày 2 tháng 9 năm 2025, 9/2025."""

import re
from datetime import date
from typing import NamedTuple

from crm.choices import DatePrecision
from crm.text import fold

# Of years written with two digits, those up to so many years ahead are to come; the others have been.
YEARS_AHEAD = 10


class WrittenDay(NamedTuple):
    """A day, and how much of it was written: of a month or a year it is the first day."""

    day: date
    precision: DatePrecision


_SEPARATOR = r"\s*[-/.]\s*"
_FORMS = (
    (re.compile(rf"^(?P<y>\d{{4}}){_SEPARATOR}(?P<m>\d{{1,2}})(?:{_SEPARATOR}(?P<d>\d{{1,2}}))?$"), ""),
    (re.compile(rf"^(?P<d>\d{{1,2}}){_SEPARATOR}(?P<m>\d{{1,2}}){_SEPARATOR}(?P<y>\d{{4}}|\d{{2}})$"), ""),
    (re.compile(rf"^(?P<m>\d{{1,2}}){_SEPARATOR}(?P<y>\d{{4}})$"), ""),
    (re.compile(r"^(?:(?:ngay )?(?P<d>\d{1,2}) )?thang (?P<m>\d{1,2})(?: nam)? (?P<y>\d{4})$"), "folded"),
    (re.compile(r"^(?:nam )?(?P<y>\d{4})$"), "folded"),
)


def read_day(text: str, *, today: date) -> WrittenDay | None:
    """Return the day that the text writes, day before month, or None for anything else, such as 31/2/2025.

    ``today`` decides the century of a year of two digits.
    """
    stripped, folded = text.strip(), fold(text)
    for form, kind in _FORMS:
        if match := form.match(folded if kind else stripped):
            return _day_of(match, today)
    return None


def _day_of(match: re.Match[str], today: date) -> WrittenDay | None:
    parts = match.groupdict()
    year, month, day = int(parts["y"]), parts.get("m"), parts.get("d")
    if len(parts["y"]) == 2:
        year += today.year // 100 * 100
        year -= 100 if year > today.year + YEARS_AHEAD else 0
    precision = DatePrecision.DAY if day else DatePrecision.MONTH if month else DatePrecision.YEAR
    try:
        return WrittenDay(date(year, int(month or 1), int(day or 1)), precision)
    except ValueError:
        return None
