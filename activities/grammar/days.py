"""Days as people write them. Without a year the last such day is meant; of something planned, the next."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from activities.grammar.lines import Line

# A day without a year that comes again so soon may as well be that one.
SOON_DAYS = 30
_WEEK = timedelta(days=7)
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_WEEKDAYS = {
    **dict.fromkeys(["thu hai", "thu 2", "t2", "monday"], 0),
    **dict.fromkeys(["thu ba", "thu 3", "t3", "tuesday"], 1),
    **dict.fromkeys(["thu tu", "thu 4", "t4", "wednesday"], 2),
    **dict.fromkeys(["thu nam", "thu 5", "t5", "thursday"], 3),
    **dict.fromkeys(["thu sau", "thu 6", "t6", "friday"], 4),
    **dict.fromkeys(["thu bay", "thu 7", "t7", "saturday"], 5),
    **dict.fromkeys(["chu nhat", "cn", "sunday"], 6),
}
_RELATIVE = {
    **dict.fromkeys(["hom nay", "bua nay", "sang nay", "trua nay", "chieu nay", "toi nay", "today", "this morning", "this afternoon"], 0),
    **dict.fromkeys(["hom qua", "bua qua", "sang qua", "trua qua", "chieu qua", "toi qua", "yesterday"], -1),
    **dict.fromkeys(["hom kia", "day before yesterday"], -2),
    **dict.fromkeys(["ngay mai", "sang mai", "trua mai", "chieu mai", "toi mai", "tomorrow"], 1),
    **dict.fromkeys(["ngay kia", "day after tomorrow"], 2),
}


@dataclass(frozen=True)
class Day:
    """What was read. ``either``: two days that it may be, then ``start`` is None. ``trouble``: words that look like a day and are none."""

    start: date | None
    end: date | None = None
    either: tuple[date, ...] = ()
    trouble: str = ""


Reader = Callable[[re.Match[str], date, bool], Day]
# Ways of writing a day: what fits the shadow of a line, and who reads it.
Readers = Sequence[tuple[re.Pattern[str], Reader]]


def read_day(line: Line, *, today: date, ahead: bool = False) -> Day | None:
    """Read the first day of the line and blot it out; None where the line says none.

    ``ahead``: the line speaks of something to come, or a day is sought by which something is due.
    """
    for match, reader in _found(line):
        day = reader(match, today, ahead)
        if day.trouble:
            return Day(None, trouble=line.typed(*match.span()))
        line.blot(*match.span())
        blot_again(line, day, today=today, ahead=ahead)
        return day
    return None


def blot_again(line: Line, day: Day, *, today: date, ahead: bool) -> None:
    """Blot out a day told a second time: "hôm nay 22/11" and "thứ sáu, ngày 20/11" are one day."""
    for match, reader in _found(line)[:1]:
        if day.start is not None and reader(match, today, ahead) == Day(day.start):
            line.blot(*match.span())


def is_told_from_today(reader: Reader) -> bool:
    """Whether the reader counts from the day on which the line was typed."""
    return reader in {_relative, _weekday}


def _found(line: Line) -> list[tuple[re.Match[str], Reader]]:
    """Where each way of writing a day fits, the first and longest first."""
    found = [(match, reader) for pattern, reader in READERS if (match := line.find(pattern))]
    return sorted(found, key=lambda entry: (entry[0].start(), -entry[0].end()))


def nearest(day: int, month: int, *, today: date, ahead: bool) -> date | None:
    """The last such day up to today, or the next from today on; None where the calendar has none."""
    for year in _years(today.year, ahead):
        found = _date(year, month, day)
        if found is not None and (found >= today if ahead else found <= today):
            return found
    return None


def _years(year: int, ahead: bool) -> Iterator[int]:
    # Eight years hold a 29 February on either side of a century without one.
    return iter(range(year, year + 9) if ahead else range(year, year - 9, -1))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _whole_year(typed: str | None) -> int | None:
    return None if not typed else int(typed) + (2000 if len(typed) == 2 else 0)


def _single(day: int, month: int, year: int | None, today: date, ahead: bool) -> Day:
    if year is not None:
        found = _date(year, month, day)
        return Day(found) if found else Day(None, trouble="?")
    found = nearest(day, month, today=today, ahead=ahead)
    if found is None:
        return Day(None, trouble="?")
    coming = None if ahead else nearest(day, month, today=today + timedelta(days=1), ahead=True)
    if coming is not None and (coming - today).days <= SOON_DAYS:
        return Day(None, either=(found, coming))
    return Day(found)


def _numbers(match: re.Match[str], today: date, ahead: bool) -> Day:
    day, month, year = match.group("day", "month", "year")
    return _single(int(day), int(month), _whole_year(year), today, ahead)


def _iso(match: re.Match[str], today: date, ahead: bool) -> Day:
    return _single(int(match["day"]), int(match["month"]), int(match["year"]), today, ahead)


def _english(match: re.Match[str], today: date, ahead: bool) -> Day:
    month = next(number for number, name in enumerate(_MONTHS, start=1) if name.startswith(match["name"][:3]))
    return _single(int(match["day"]), month, _whole_year(match["year"]), today, ahead)


def _several(match: re.Match[str], today: date, ahead: bool) -> Day:
    """Several days: the month and the year of the last are those of the first where it says none."""
    year = _whole_year(match["year"])
    first = _single(int(match["first"]), int(match["first_month"] or match["month"]), year, today, ahead)
    start = first.start or (first.either[-1] if first.either else None)
    if start is None:
        return first
    end = _date(start.year, int(match["month"]), int(match["day"])) or _date(start.year + 1, int(match["month"]), int(match["day"]))
    if end is not None and end < start and year is None:
        end = _date(start.year + 1, end.month, end.day)
    if end is None or end < start:
        return Day(None, trouble="?")
    return Day(start, end if end > start else None)


def _relative(match: re.Match[str], today: date, ahead: bool) -> Day:
    return Day(today + timedelta(days=_RELATIVE[_one_space(match["word"])]))


def _weekday(match: re.Match[str], today: date, ahead: bool) -> Day:
    """The last such weekday, today among them; with "tuần sau", "next" and the like that of the week named."""
    weekday, week = _WEEKDAYS[_one_space(match["word"])], _one_space(match["week"] or match["before"] or "")
    monday = today - timedelta(days=today.weekday())
    if week in {"tuan truoc", "last"}:
        return Day(monday - _WEEK + timedelta(days=weekday))
    if week in {"tuan sau", "tuan toi", "next"}:
        return Day(monday + _WEEK + timedelta(days=weekday))
    if week in {"tuan nay", "this"}:
        return Day(monday + timedelta(days=weekday))
    gone = timedelta(days=(today.weekday() - weekday) % 7)
    return Day(today + timedelta(days=(weekday - today.weekday()) % 7) if ahead else today - gone)


def _month_only(match: re.Match[str], today: date, ahead: bool) -> Day:
    return Day(None, trouble="?")


def _one_space(text: str) -> str:
    return " ".join(text.split())


def _any_of(words: list[str]) -> str:
    return "|".join(word.replace(" ", r"\s+") for word in sorted(words, key=len, reverse=True))


_FREE = r"(?<![\w/])"
_END = r"(?![\w/]|[.-]\d)"
_YEAR = r"(?:[/.-](?P<year>\d{4}|\d{2}))?"
_LONG_YEAR = r"(?:\s*(?:,|nam|/)?\s*(?P<year>\d{4}))?"
_NAMES = "|".join(f"{name}|{name[:3]}" for name in _MONTHS) + "|sept"

READERS: Readers = [
    (re.compile(rf"{_FREE}(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_END}"), _iso),
    (
        re.compile(
            rf"{_FREE}(?:tu\s+)?(?:ngay\s+)?(?P<first>\d{{1,2}})(?:/(?P<first_month>\d{{1,2}}))?\s*(?:-|–|den(?:\s+ngay)?|to)\s*"
            rf"(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}}){_YEAR}{_END}"
        ),
        _several,
    ),
    (re.compile(rf"{_FREE}(?:ngay\s+)?(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}})(?:/(?P<year>\d{{4}}|\d{{2}}))?{_END}"), _numbers),
    (re.compile(rf"{_FREE}(?:ngay\s+)?(?P<day>\d{{1,2}})[.-](?P<month>\d{{1,2}})[.-](?P<year>\d{{4}}){_END}"), _numbers),
    (re.compile(rf"{_FREE}(?:ngay\s+|mung\s+|mong\s+)*(?P<day>\d{{1,2}})\s+thang\s+(?P<month>\d{{1,2}}){_LONG_YEAR}{_END}"), _numbers),
    (re.compile(rf"{_FREE}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<name>{_NAMES})\b{_LONG_YEAR}{_END}"), _english),
    (re.compile(rf"{_FREE}(?P<name>{_NAMES})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_LONG_YEAR}{_END}"), _english),
    (re.compile(rf"{_FREE}(?P<word>{_any_of(list(_RELATIVE))}){_END}"), _relative),
    (
        re.compile(
            rf"{_FREE}(?:(?P<before>last|next|this)\s+)?(?P<word>{_any_of(list(_WEEKDAYS))})"
            rf"(?:\s+(?P<week>tuan\s+(?:truoc|sau|toi|nay)))?{_END}"
        ),
        _weekday,
    ),
    (re.compile(rf"{_FREE}(?:thang\s+)?\d{{1,2}}/\d{{4}}{_END}"), _month_only),
]
