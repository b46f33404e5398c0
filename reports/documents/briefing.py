"""What a leader takes along to a meeting: a page or two of short lines, each with its day and the record it was read from.

Content only; ``briefing_paper`` sets it. A briefing is made for one reader: it holds nothing that reader may not open.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db import models

# Two pages of 11 pt hold about this many lines of about this many letters, with room to spare for wide letters.
PAPER_LINES = 88
LINE_LETTERS = 88
TEXT_LETTERS = 190
HEADING_LINES = 2


@dataclass(frozen=True)
class Line:
    """One thing to know. ``lead`` stands in bold before it; ``day``: what it is dated; ``record``: the row it was read from."""

    text: str
    lead: str = ""
    day: date | None = None
    record: models.Model | None = None

    @property
    def reference(self) -> str:
        """The end of the record's identifier, as its address ends; empty for figures, which are of no single row."""
        public_id = getattr(self.record, "public_id", None)
        return public_id.hex[-6:].upper() if public_id else ""

    @property
    def height(self) -> int:
        """About how many lines of the paper it takes."""
        return 1 + (len(self.lead) + len(self.text) + 24) // LINE_LETTERS


@dataclass(frozen=True)
class Part:
    """Lines under a heading. ``more``: how many there are beside those shown; ``empty``: what stands where there is none."""

    heading: str
    lines: list[Line] = field(default_factory=list)
    more: int = 0
    empty: str = ""

    @property
    def height(self) -> int:
        return HEADING_LINES + sum(line.height for line in self.lines) + bool(self.more) + (not self.lines)


@dataclass(frozen=True)
class Briefing:
    """One paper: about whom, for whom, as things stood on which day."""

    subject: models.Model
    title: str
    lede: str
    made_on: date
    made_for: str
    parts: list[Part]

    @property
    def records(self) -> list[models.Model]:
        """Every record shown, for the trace of who read restricted ones."""
        return [line.record for part in self.parts for line in part.lines if line.record is not None]

    @property
    def height(self) -> int:
        return 5 + sum(part.height for part in self.parts)


def fitted(briefing: Briefing) -> Briefing:
    """Leave out the last lines of the longest parts until it fits two pages; how many are left out stands in the part."""
    parts = [part for part in briefing.parts if part.lines or part.empty]
    while sum(part.height for part in parts) > PAPER_LINES:
        place = max(range(len(parts)), key=lambda at: parts[at].height)
        longest = parts[place]
        parts[place] = replace(longest, lines=longest.lines[:-1], more=longest.more + 1)
    return replace(briefing, parts=parts)


def shortened(text: Any, letters: int = TEXT_LETTERS) -> str:
    """One line of text, cut at a word where it is long."""
    words = " ".join(str(text).split())
    return words if len(words) <= letters else f"{words[:letters].rsplit(' ', 1)[0]} …"
