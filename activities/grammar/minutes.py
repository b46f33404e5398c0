"""Promises in the minutes of a meeting: each "-> ai, việc gì, trước ngày" is one; everything else stays text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from activities.choices import Side
from activities.grammar.days import Day
from activities.grammar.deadlines import read_due
from activities.grammar.lines import LONGEST, Line
from activities.grammar.marks import ARROW
from crm.text import fold, nfc

# More than this are no minutes of one meeting; what comes after stays text.
MOST_PROMISES = 60

_OURS = (
    "ta, chúng ta, phía ta, bên ta, bên mình, phía mình, chúng tôi, phía chúng tôi, việt nam, phía việt nam, bên việt nam, "
    "đoàn ta, vn, us, we, our side, our delegation, ours"
)
_THEIRS = (
    "bạn, phía bạn, bên bạn, các bạn, đoàn bạn, đối tác, phía đối tác, bên đối tác, "
    "them, they, their side, their delegation, theirs, partner"
)
_BOTH = "hai bên, cả hai bên, đôi bên, hai phía, cả hai phía, both, both sides, both parties, both of us"
_SIDES: dict[str, tuple[Side, ...]] = {
    word: sides
    for words, sides in ((_OURS, (Side.OURS,)), (_THEIRS, (Side.THEIRS,)), (_BOTH, (Side.OURS, Side.THEIRS)))
    for word in words.split(", ")
}
_FOLDED_SIDES = {fold(word): sides for word, sides in _SIDES.items()}

_BULLET = re.compile(r"^\s*(?:[-–—*•+▪◦]|\d{1,2}[.)])?\s*$")
_SEGMENT = re.compile(r"\s*(?P<who>[^,:;]{1,90}?)\s*[,:;]\s*(?=\S)")
# Only as written with their marks: "ban" may be "bạn", but also "bàn" and "bán", and so needs its comma.
_OPENING = re.compile(
    rf"\s*(?:do\s+)?(?P<who>{'|'.join(sorted(_SIDES, key=len, reverse=True))})\s+(?:(?:sẽ|will|to)\s+)?(?=\S)", re.IGNORECASE
)


@dataclass(frozen=True)
class Promised:
    """One promise as far as the words alone tell. ``typed``: all that stood after the arrow; ``nth``: how many of the same came before.

    ``side`` is None where no word names it; then ``who`` is the first part, which a vocabulary may know as a unit, a colleague,
    a partner or a person; ``text`` and ``due`` are read without it, ``whole`` is the text with it.
    """

    typed: str
    text: str
    whole: str
    who: str = ""
    side: Side | None = None
    due: Day | None = None
    nth: int = 0


@dataclass(frozen=True)
class Minutes:
    """The promises in the order in which they stand, and the text without them."""

    promises: tuple[Promised, ...]
    rest: str


def read_minutes(text: str, *, today: date, since: date) -> Minutes:
    """Read minutes. ``since``: the day of the meeting, from which days without a year count; ``today``: the day of typing.

    Nothing is lost: what stands before an arrow, after too many of them, or after one that promises nothing, stays text.
    """
    promises: list[Promised] = []
    kept: list[str] = []
    for line in nfc(text).splitlines():
        before, *after = ARROW.split(line)
        found = [promised for part in after for promised in _read(part, today=today, since=since)]
        if not found or len(promises) + len(found) > MOST_PROMISES or not all(map(_is_promise, after)):
            kept.append(line.rstrip())
            continue
        if not _BULLET.match(before):
            kept.append(before.rstrip())
        promises += found
    return Minutes(_numbered(promises), "\n".join(kept).strip("\n"))


def read_sides(part: str) -> tuple[tuple[Side, ...], str]:
    """The sides that the beginning names, and what comes after it; no side where none is named."""
    if (segment := _SEGMENT.match(part)) and (sides := _FOLDED_SIDES.get(fold(segment["who"]))):
        return sides, part[segment.end() :]
    if (opening := _OPENING.match(part)) and (sides := _SIDES.get(" ".join(opening["who"].lower().split()))):
        return sides, part[opening.end() :]
    return (), part


def _is_promise(part: str) -> bool:
    return bool(fold(part)) and len(part) <= LONGEST


def _read(part: str, *, today: date, since: date) -> Iterator[Promised]:
    part = nfc(part).strip()
    sides, after = read_sides(part)
    for side in sides:
        text, due = _text_and_due(after, today=today, since=since)
        yield Promised(part, text, text, side=side, due=due)
    if sides:
        return
    whole, due = _text_and_due(part, today=today, since=since)
    segment = _SEGMENT.match(part)
    if segment is None:
        yield Promised(part, whole, whole, due=due)
        return
    text, due_after = _text_and_due(part[segment.end() :], today=today, since=since)
    yield Promised(part, text, whole, who=" ".join(segment["who"].split()), due=due_after or due)


def _text_and_due(part: str, *, today: date, since: date) -> tuple[str, Day | None]:
    line = Line(part)
    plain = line.rest_of_task() or " ".join(line.text.split())
    due = read_due(line, today=today, since=since)
    text = (line.rest_of_task() or plain) if due is not None and due.start else plain
    return text[:1].upper() + text[1:], due


def _numbered(promises: list[Promised]) -> tuple[Promised, ...]:
    """Tell those written twice with the same words apart, so that each can be corrected by itself."""
    seen: dict[tuple[str, Side | None], int] = {}
    numbered = []
    for promised in promises:
        key = (promised.typed, promised.side)
        numbered.append(Promised(**{**vars(promised), "nth": seen.get(key, 0)}))
        seen[key] = seen.get(key, 0) + 1
    return tuple(numbered)
