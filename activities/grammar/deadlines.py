"""Until when something is due: days as people write them, and periods, of which the last day is meant.

"Cuối tháng 12", "quý I/2027", "trong 2 tuần", "by the end of March". What says no year is the next such day from the day on
which it was said.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from activities.grammar.days import READERS, Day, Reader, Readers, blot_again, is_told_from_today
from activities.grammar.lines import Line

_BY = re.compile(
    r"\b(?P<word>truoc ngay|truoc|den ngay|den het|den|han chot|han|cham nhat|muon nhat|xong trong|vao ngay|vao|"
    r"no later than|before|by|until|till|due|on)(?:\s+(?:la|the))?\s*:?\s+(?=\S)"
)
_DAYS_OF = {"ngay": 1, "day": 1, "tuan": 7, "week": 7}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
# The parts of a month, as "thượng tuần" and its like count them, by their last day; else the whole month.
_PART_ENDS = {**dict.fromkeys(["dau", "thuong tuan", "early"], 10), **dict.fromkeys(["giua", "trung tuan", "mid"], 20)}
_EXCLUDING = frozenset(["truoc", "before"])
_PARTS = frozenset(["dau", "giua", "cuoi", "het", "trong", "early", "mid", "late", "end of", "thuong tuan", "trung tuan", "ha tuan"])
_YEAR_PART_ENDS = {"dau": 3, "early": 3, "giua": 6, "mid": 6}


def read_due(line: Line, *, today: date, since: date) -> Day | None:
    """Read the day by which something is due, with the word before it, and blot both out; None where the line says none.

    A day after "trước", "hạn", "by" counts before one that closes the line, and that before any other. A period that nothing
    announces is what it is about ("báo cáo quý III") and stays. ``since``: the day on which it was said, from which days
    without a year count; "thứ sáu" and "tomorrow" count from ``today``, when it was typed.
    """
    for match, reader, announced in (*_announced(line), *_closing(line), *_amid(line)):
        day = reader(match, today if _is_relative(reader) else since, True)
        if day.start is None:
            return Day(None, trouble=line.typed(match.start(), match.end()))
        line.blot(announced.start() if announced else match.start(), match.end())
        blot_again(line, day, today=today, ahead=True)
        word = announced["word"] if announced else match.groupdict().get("part")
        return _before(match, reader, day, since) if word in _EXCLUDING else day
    return None


_Found = tuple[re.Match[str], Reader, re.Match[str] | None]


def _announced(line: Line) -> Iterator[_Found]:
    """Days right after a word that announces them, the last first."""
    for announced in [*_BY.finditer(line.shadow)][::-1]:
        yield from ((match, reader, announced) for match, reader in _at(line, announced.end()))


def _closing(line: Line) -> Iterator[_Found]:
    """A day that is all there is after the last comma."""
    comma = re.search(r"[,;]\s*(?=[^\s,;][^,;]*$)", line.shadow)
    for match, reader in _at(line, comma.end()) if comma else ():
        if not line.shadow[match.end() :].strip(" ."):
            yield match, reader, None


def _amid(line: Line) -> Iterator[_Found]:
    """The first day anywhere else."""
    found = [(match, reader) for pattern, reader in _ALL for match in pattern.finditer(line.shadow)]
    last = -1
    for match, reader in sorted(found, key=lambda entry: (entry[0].start(), -entry[0].end())):
        if match.end() > last and _stands_alone(match, reader):
            yield match, reader, None
            return
        last = max(last, match.end())


def _at(line: Line, position: int) -> list[tuple[re.Match[str], Reader]]:
    """The longest way of writing a day that fits right there, if any."""
    found = [(match, reader) for pattern, reader in _ALL if (match := pattern.match(line.shadow, position))]
    return sorted(found, key=lambda entry: -entry[0].end())[:1]


def _stands_alone(match: re.Match[str], reader: Reader) -> bool:
    """Whether it is surely a day, and not what something is about: "cuối quý III", but not "báo cáo quý III"."""
    return reader not in _PERIOD_READERS or reader in {_week, _within} or bool(match.groupdict().get("part"))


def _before(match: re.Match[str], reader: Reader, day: Day, said_on: date) -> Day:
    """ "Trước tháng 12" is by the last of November; "trước cuối tháng 12" by the end of December, and "trước 30/9" by that day."""
    groups = match.groupdict()
    if reader not in _MONTHS_IN or _one_space(groups.get("part")) in _PARTS or day.start is None:
        return day
    months = day.start.year * 12 + day.start.month - 1 - _MONTHS_IN[reader]
    eve = _last_day(months // 12, months % 12 + 1)
    if eve is not None and eve < said_on and not groups.get("year"):
        eve = _last_day(eve.year + 1, eve.month)
    return Day(eve) if eve else day


def _is_relative(reader: Reader) -> bool:
    return reader is _week or is_told_from_today(reader)


def _last_day(year: int, month: int) -> date | None:
    return date(year, month, monthrange(year, month)[1]) if 1 <= month <= 12 and 1 <= year <= 9999 else None


def _year_of(typed: str | None) -> int | None:
    return None if not typed else int(typed) + (2000 if len(typed) == 2 else 0)


def _end_of(month: int, year: int | None, said_on: date, *, part: str = "") -> Day:
    """The last day of the month, or of its part; without a year the next such day."""
    for candidate in (year,) if year else (said_on.year, said_on.year + 1):
        end = _last_day(candidate, month)
        if end is None:
            return Day(None, trouble="?")
        end = end.replace(day=_PART_ENDS.get(part, end.day))
        if year or end >= said_on:
            return Day(end)
    return Day(None, trouble="?")


def _month(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    return _end_of(int(match["month"]), _year_of(match["year"]), said_on, part=_one_space(match["part"]))


def _short_month(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    return _end_of(int(match["month"]), int(match["year"]), said_on)


def _english_month(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    month = next(number for number, name in enumerate(_MONTHS, start=1) if match["name"].startswith(name))
    return _end_of(month, _year_of(match["year"]), said_on, part=_one_space(match["part"]))


def _near_month(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    ahead_by = 0 if _one_space(match["which"]) in {"thang nay", "this month", "the month", "month"} else 1
    months = said_on.year * 12 + said_on.month - 1 + ahead_by
    return _end_of(months % 12 + 1, months // 12, said_on, part=_one_space(match["part"]))


def _quarter(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    typed = match["quarter"]
    return _end_of(3 * (_ROMAN.get(typed) or int(typed)), _year_of(match["year"]), said_on)


def _half(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    return _end_of(6 if match["half"] in {"dau", "first"} else 12, _year_of(match["year"]), said_on)


def _year(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    named = _one_space(match["which"])
    year = int(named) if named.isdigit() else said_on.year + (named in {"sau", "toi", "next year"})
    return _end_of(_YEAR_PART_ENDS.get(_one_space(match["part"]), 12), year, said_on)


def _week(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    sunday = said_on + timedelta(days=6 - said_on.weekday())
    return Day(sunday + timedelta(days=7 * (_one_space(match["which"]) in {"sau", "toi", "next"})))


def _within(match: re.Match[str], said_on: date, ahead: bool) -> Day:
    count, unit = int(match["count"]), match["unit"]
    if unit in _DAYS_OF:
        return Day(said_on + timedelta(days=count * _DAYS_OF[unit]))
    months = said_on.year * 12 + said_on.month - 1 + count * (12 if unit in {"nam", "year"} else 1)
    last = _last_day(months // 12, months % 12 + 1)
    return Day(last.replace(day=min(said_on.day, last.day)) if last else None, trouble="" if last else "?")


def _one_space(text: str | None) -> str:
    return " ".join((text or "").replace("-", " ").split())


_FREE = r"(?<![\w/])"
_END = r"(?![\w/]|[.-]\d)"
_PART = r"(?:(?P<part>dau|giua|cuoi|het|trong|thuong\s+tuan|trung\s+tuan|ha\s+tuan)\s+)?"
_ENGLISH_PART = r"(?:the\s+)?(?P<part>early|mid|late|end\s+of|in|during|by|before|until)[\s-]+"
_UNITS = "ngay|tuan|thang|nam"
_OF_YEAR = r"(?:\s*(?:/|,|-|nam|of)?\s*(?P<year>\d{4}))?"

PERIODS: Readers = [
    (re.compile(rf"{_FREE}(?<!\d\s){_PART}thang\s+(?P<month>\d{{1,2}}){_OF_YEAR}{_END}"), _month),
    (re.compile(rf"{_FREE}(?P<month>\d{{1,2}})/(?P<year>\d{{4}}){_END}"), _short_month),
    (re.compile(rf"{_FREE}{_ENGLISH_PART}(?P<name>(?:{'|'.join(_MONTHS)})[a-z]*){_OF_YEAR}{_END}(?!\s+\d)"), _english_month),
    (re.compile(rf"{_FREE}{_PART}(?P<which>thang\s+(?:nay|sau|toi)){_END}"), _near_month),
    (re.compile(rf"{_FREE}(?:(?P<part>end\s+of)\s+)?(?P<which>(?:this|next)\s+month){_END}"), _near_month),
    (re.compile(rf"{_FREE}(?P<part>end\s+of)\s+(?P<which>(?:the\s+)?month){_END}"), _near_month),
    (
        re.compile(rf"{_FREE}(?:(?P<part>dau|giua|cuoi|het|trong)\s+)?(?:quy\s+|q\s*)(?P<quarter>iv|i{{1,3}}|[1-4]){_OF_YEAR}{_END}"),
        _quarter,
    ),
    (re.compile(rf"{_FREE}(?:6\s+thang|nua)\s+(?P<half>dau|cuoi)\s+(?:nam\s*)?{_OF_YEAR}{_END}"), _half),
    (re.compile(rf"{_FREE}(?P<half>first|second)\s+half(?:\s+of)?{_OF_YEAR}{_END}"), _half),
    (re.compile(rf"{_FREE}(?:(?P<part>dau|giua|cuoi|het|trong)\s+)?nam\s+(?P<which>nay|sau|toi|\d{{4}}){_END}"), _year),
    (re.compile(rf"{_FREE}(?P<part>cuoi|het|dau|giua)\s+nam(?P<which>){_END}(?!\s+(?:nay|sau|toi|\d))"), _year),
    (re.compile(rf"{_FREE}(?P<part>early|mid|end\s+of)[\s-]+(?:the\s+)?(?P<which>this\s+year|next\s+year|year|\d{{4}}){_END}"), _year),
    (re.compile(rf"{_FREE}(?:(?:cuoi|het|trong)\s+)?tuan\s+(?P<which>nay|sau|toi){_END}"), _week),
    (re.compile(rf"{_FREE}(?:end\s+of\s+)?(?P<which>this|next)\s+week{_END}"), _week),
    (re.compile(rf"{_FREE}(?:trong\s+vong|trong|sau)\s+(?P<count>\d{{1,3}})\s+(?P<unit>{_UNITS})(?:\s+(?:nua|toi))?{_END}"), _within),
    (re.compile(rf"{_FREE}(?P<count>\d{{1,3}})\s+(?P<unit>{_UNITS})\s+(?:nua|toi){_END}"), _within),
    (re.compile(rf"{_FREE}(?:within|in)\s+(?P<count>\d{{1,3}})\s+(?P<unit>day|week|month|year)s?{_END}"), _within),
]  # fmt: skip
_ALL: Readers = [*PERIODS, *READERS]
_PERIOD_READERS = frozenset(reader for _pattern, reader in PERIODS)
# How many months before the end of a period its eve is.
_MONTHS_IN = {_month: 1, _short_month: 1, _english_month: 1, _near_month: 1, _quarter: 3, _half: 6, _year: 12}
