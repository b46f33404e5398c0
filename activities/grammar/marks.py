"""What signs introduce: ``@`` a place, ``#`` a field, ``->`` what is to be done; and how many people there were."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice

from activities.grammar.days import Day
from activities.grammar.deadlines import read_due
from activities.grammar.lines import Line

# As typed, and as word processors turn it into a sign of their own.
ARROW = re.compile(r"[-–—]+>|→|=>|⇒|➔|➜|\uf0e0")
_MARK = re.compile(r"(?<![^\W_])[@#](?=[^\s\x00@#])[^\x00@#,;]*")
_PEOPLE_WORDS = (
    "nguoi|ng|khach|dai bieu|thanh vien|can bo|dong chi|d/c|vi khach|hoc sinh|sinh vien|"
    "pax|people|persons|guests|delegates|members|participants|students"
)
_PEOPLE = re.compile(rf"(?<![\w/.])(?:gom\s+|of\s+)?(?P<number>\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,6}})\s*(?:{_PEOPLE_WORDS})\b")
_WHO = re.compile(r"^\s*(?P<who>[^\W\d_][^:\x00]{0,60}?)\s*:\s*")
MOST_PEOPLE = 100_000
# A line that marks more than this is no entry; each mark is looked up by itself.
MOST_MARKS = 20


@dataclass(frozen=True)
class Marked:
    """The words after a sign, up to the next sign or comma; how many of them the sign means, the vocabulary decides."""

    sign: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Task:
    """What is to be done; by whom, as typed; by which day."""

    text: str
    who: str = ""
    due: Day | None = None


def split_task(text: str) -> tuple[str, str]:
    """The line before the first arrow, and what comes after it."""
    match = ARROW.search(text)
    return (text, "") if match is None else (text[: match.start()], text[match.end() :])


def read_task(text: str, *, today: date, since: date) -> Task | None:
    """Read "An: gửi danh sách trước 30/9". ``since``: the day of the exchange, from which a day without a year is counted."""
    line = Line(text)
    if not line.text.strip(" .,;"):
        return None
    who = ""
    if match := line.find(_WHO):
        who = line.typed(*match.span("who"))
        line = Line(line.text[match.end() :])
    plain = " ".join(line.text.split()).strip(" ,;")
    due = read_due(line, today=today, since=since)
    return Task(line.rest_of_task() or plain if due is not None and due.start else plain, who, due)


def read_marks(line: Line) -> list[Marked]:
    """All places and fields that the line marks. How long each is only the vocabulary knows, so none is blotted out here."""
    found = islice(_MARK.finditer(line.shadow), MOST_MARKS)
    return [Marked(line.text[match.start()], match.start(), match.end(), line.text[match.start() + 1 : match.end()]) for match in found]


def read_people(line: Line) -> int | None:
    """Read "8 người", "8 pax", "1.200 khách"; None where no number of people stands there."""
    match = line.find(_PEOPLE)
    if match is None:
        return None
    number = int(re.sub(r"[.,]", "", match["number"]))
    if not 0 < number <= MOST_PEOPLE:
        return None
    line.blot(*match.span())
    return number
