"""Reading a whole line: what the grammar finds in it, with the rows that its words name."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile

from django.db.models import Q
from django.utils import timezone

from activities.choices import Direction, ExchangeStatus
from activities.grammar.days import Day, read_day
from activities.grammar.kinds import read_ahead, read_kind
from activities.grammar.lines import Line, Word
from activities.grammar.marks import Marked, Task, read_marks, read_people, read_task, split_task
from activities.grammar.minutes import read_sides
from activities.lookup.partners import Named, read_partners
from activities.lookup.vocabulary import Countries, Fields, Provinces, Row, find_colleague, kind_labels, longest_named
from activities.models import ExchangeKind
from crm.models import Country, Field, Province, User

PLACE_LENGTH = 200
# Where somebody was, told without a sign. "Ở" stands apart from "ô" and "ơ", "tại" from "tài" and "tải".
_AT = re.compile(r"(?<![\w/])(?:tai|o|at|in)\s+(?=(?P<place>[^\x00,;.:]+))")
_AT_WORDS = frozenset(["tại", "tai", "ở", "o", "at", "in"])


@dataclass
class Reading:
    """What a line says. Empty is what it does not say; ``day.either`` and names that are not certain wait for a choice.

    ``promised_by``: the side that the task names; then it is a promise, else a follow-up of ours. ``unsettled``: fields and
    places with several meanings, by the field of the form that settles them, as typed.
    """

    day: Day | None = None
    is_planned: bool = False
    kind: ExchangeKind | None = None
    direction: Direction | None = None
    partners: list[Named] = field(default_factory=list)
    people: int | None = None
    provinces: list[tuple[Province, ...]] = field(default_factory=list)
    country: Country | None = None
    place: str = ""
    fields: list[tuple[Field, ...]] = field(default_factory=list)
    task: Task | None = None
    assignee: User | None = None
    promised_by: str = ""
    rest: str = ""
    unsettled: list[tuple[str, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        start = self.day.start if self.day else None
        ahead = self.is_planned or (start is not None and start > timezone.localdate())
        return ExchangeStatus.PLANNED if ahead else ExchangeStatus.HELD


def read_line(text: str, *, by: User, today: date) -> Reading:
    """Read one line; nothing in it is an error. ``today``: the day on which it was typed. At most eight queries."""
    before_arrow, task = split_task(text)
    line, reading = Line(before_arrow), Reading()
    reading.is_planned = read_ahead(line)
    reading.day = read_day(line, today=today, ahead=reading.is_planned)
    reading.people = read_people(line)
    held_on = (reading.day and reading.day.start) or today
    _read_marks(line, reading, on=held_on)
    # Names before kinds: a partner may be called "… Giao lưu văn hóa …", which is no gathering.
    reading.partners = read_partners(line, by=by)
    _read_kind(line, reading)
    if reading.partners and not (reading.provinces or reading.country or reading.place):
        _read_plain_place(line, reading, on=held_on)
    reading.rest = line.rest()
    if task:
        sides, task_alone = read_sides(task.strip())
        if len(sides) == 1:
            reading.promised_by, task = sides[0], task_alone
        reading.task = read_task(task, today=today, since=held_on)
        reading.assignee = find_colleague(reading.task.who) if reading.task and reading.task.who else None
    return reading


def _read_kind(line: Line, reading: Reading) -> None:
    today = timezone.localdate()
    kinds = {kind.code: kind for kind in ExchangeKind.objects.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today))}
    found = read_kind(line, kind_labels(kinds.values()))
    if found is not None and any(named.end < found.start and line.text[named.end : found.start].isspace() for named in reading.partners):
        found = found.by_partner()
    if found is not None and found.code in kinds:
        reading.kind, reading.direction = kinds[found.code], found.direction


def _read_marks(line: Line, reading: Reading, *, on: date) -> None:
    """Read places and fields; a field that nobody knows stays text, a place that nobody knows is a place by its own words."""
    marks = read_marks(line)
    if any(mark.sign == "@" for mark in marks):
        _read_places(line, reading, [mark for mark in marks if mark.sign == "@"], on=on)
    if of_fields := [mark for mark in marks if mark.sign == "#"]:
        fields = Fields()
        for mark in of_fields:
            rows, typed = _blot_longest(line, mark, fields.find)
            if rows:
                reading.fields.append(rows)
            if len(rows) > 1:
                reading.unsettled.append(("fields_touched", typed))


def _read_places(line: Line, reading: Reading, marks: list[Marked], *, on: date) -> None:
    provinces, places = Provinces(on), []
    for mark in marks:
        found, typed = _blot_longest(line, mark, provinces.find)
        abroad, _typed = ((), "") if found else _blot_longest(line, mark, Countries().find)
        if found:
            reading.provinces.append(found)
        if len(found) > 1:
            reading.unsettled.append(("provinces", typed))
        if abroad:
            reading.country = abroad[0]
        if not found and not abroad:
            places.append(line.typed(mark.start + 1, mark.end).strip(" .:"))
            line.blot(mark.start, mark.end)
    reading.place = ", ".join(places)[:PLACE_LENGTH]


def _read_plain_place(line: Line, reading: Reading, *, on: date) -> None:
    """Read "tại Nghệ An", "ở khách sạn", "in Vinh" without a sign: a province by its name, or words with a capital."""
    match = line.find(_AT)
    if match is None or line.text[match.start() : match.end()].strip().lower() not in _AT_WORDS:
        return
    mark = Marked("@", match.end(), match.end("place"), line.text[match.end() : match.end("place")])
    reading.provinces = [rows for rows in [_blot_longest(line, mark, Provinces(on).find)[0]] if rows]
    capital = [] if reading.provinces else list(takewhile(lambda word: word.typed[:1].isupper(), _words_of(line, mark)))
    if capital:
        reading.place = line.typed(capital[0].start, capital[-1].end)[:PLACE_LENGTH]
        line.blot(capital[0].start, capital[-1].end)
    if reading.provinces or capital:
        line.blot(match.start(), match.end())


def _words_of(line: Line, mark: Marked) -> list[Word]:
    return [word for word in line.words() if mark.start <= word.start < mark.end]


def _blot_longest(line: Line, mark: Marked, find: Callable[[str], tuple[Row, ...]]) -> tuple[tuple[Row, ...], str]:
    """Blot out the longest beginning of what is marked that names something; return what it names, and the words."""
    words = _words_of(line, mark)
    length, rows = longest_named(words, find)
    if not rows:
        return (), ""
    end = words[length - 1].end
    line.blot(mark.start, end)
    return rows, line.typed(mark.start, end)
