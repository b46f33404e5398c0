"""Search everywhere: what was typed, what may be found, in which order, and why each was found.

A noun brings rows with a ``search_key`` (folded names, one to a line). The database gives a bounded list of candidates
by its trigram index; Python ranks them, so that both databases answer alike. Each app registers its nouns in ``search.py``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import Case, DateField, Exists, F, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from rapidfuzz.distance import OSA

from crm.abbreviations import ABBREVIATIONS, initials, long_forms_in, short_for
from crm.database import loose_words
from crm.models import User
from crm.permissions import Permission
from crm.text import fold, nfc

MAX_LENGTH = 200
MAX_WORDS = 10
CANDIDATES = 300
SURE_HITS = 3  # With fewer than these as typed, similar spellings are looked for too.
FIRST_OF_TWO_ERRORS = 8  # Words from this length on may have two letters wrong.
FIRST_OF_ONE_ERROR = 5
INDEXED_LETTERS = 3
_IDEOGRAPHS = 0x2E80  # From here on one character is a word.

# How a hit matched, the best first. The order of the list of hits.
EXACT, INITIALS, START, PHRASE, WORDS, SCATTERED, SIMILAR, RELATED = range(8)


# --- What was typed -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Query:
    """What was typed, folded. ``groups``: all must hold; of each group one way of writing it, as words.

    "HN Lào" gives ``(("hn",), ("huu", "nghi"))`` and ``(("lao",),)``.
    """

    text: str
    words: tuple[str, ...]
    groups: tuple[tuple[tuple[str, ...], ...], ...]
    # What was found already, since people and exchanges are found by their partners too.
    memo: dict[tuple[str, int], "Found"] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, typed: str) -> "Query":
        words = fold(typed.replace("\x00", "")[:MAX_LENGTH]).split()[:MAX_WORDS]
        text = " ".join(words)
        return cls(text, tuple(words), tuple(_groups(text)))

    @property
    def is_enough(self) -> bool:
        """Whether there is something to look for: one letter of an alphabet says nothing."""
        return len(self.text) > 1 or (bool(self.text) and ord(self.text) >= _IDEOGRAPHS)

    def condition(self) -> Q:
        """Rows whose key holds every group, written in one of its ways."""
        found = Q()
        for group in self.groups:
            ways = Q()
            for way in group:
                ways |= _holds(way)
            found &= ways
        return found

    def near_condition(self) -> Q:
        """Rows whose key holds every word, or one much like it."""
        found = Q()
        for word in self.words:
            found &= Q(search_key__near_word=word) if len(word) >= FIRST_OF_ONE_ERROR else Q(search_key__contains=word)
        return found

    def initials_condition(self) -> Q:
        """Rows with a name whose words begin with these letters."""
        pattern = " ".join(f"{letter}%" for letter in self.text)
        return Q(search_key__line_like=pattern)


def _groups(text: str) -> Iterable[tuple[tuple[str, ...], ...]]:
    place = 0
    for start, end in long_forms_in(text):
        yield from (_ways(word) for word in text[place:start].split())
        phrase = text[start:end]
        yield (tuple(phrase.split()), (short_for(phrase) or phrase,))
        place = end
    yield from (_ways(word) for word in text[place:].split())


def _ways(word: str) -> tuple[tuple[str, ...], ...]:
    long = ABBREVIATIONS.get(word)
    return ((word,), tuple(long.split())) if long else ((word,),)


def _holds(words: Iterable[str]) -> Q:
    found = Q()
    for word in words:
        found &= _begins_a_word(word) if len(word) < INDEXED_LETTERS and word.isascii() else Q(search_key__contains=word)
    return found


def _begins_a_word(letters: str) -> Q:
    """A letter or two anywhere in a key would mean reading every key; at the beginning of a word the index knows them."""
    return Q(search_key__startswith=letters) | Q(search_key__contains=f" {letters}") | Q(search_key__contains=f"\n{letters}")


# --- How well a row matches -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Match:
    """How a row matched: ``rank`` (EXACT … SIMILAR), the folded name by which, and the words of that name to be marked."""

    rank: int
    line: str
    marked: tuple[str, ...]
    distance: int = 0


def match_of(query: Query, lines: Sequence[str]) -> Match | None:
    """Return the best match of the query with a row's folded names, or None."""
    found = [match for line in lines if (match := _match_line(query, line)) is not None]
    if found:
        return min(found, key=lambda match: (match.rank, len(match.line)))
    scattered = _fulfilled(query, "\n".join(lines))
    if scattered is None:
        return None
    return Match(SCATTERED, max(lines, key=lambda line: sum(word in line for word in scattered)), scattered)


def _match_line(query: Query, line: str) -> Match | None:
    text = query.text
    if line == text:
        return Match(EXACT, line, query.words)
    if line.startswith(text):
        return Match(START, line, (text,))
    if f" {text}" in line:
        return Match(PHRASE, line, (text,))
    written = _fulfilled(query, line)
    if written is not None:
        return Match(WORDS, line, written)
    if " " not in text and len(text) > 2 and " " in line and initials(line) == text:
        return Match(INITIALS, line, tuple(line.split()))
    return None


def _fulfilled(query: Query, text: str) -> tuple[str, ...] | None:
    """Return the words of the text by which every group is held, or None."""
    kept: list[str] = []
    for group in query.groups:
        way = next((way for way in group if all(word in text for word in way)), None)
        if way is None:
            return None
        kept += way
    return tuple(kept)


def near_match_of(query: Query, lines: Sequence[str]) -> Match | None:
    """Return the match with letters wrong, or None: each word of four letters or fewer must stand as typed."""
    found = [match for line in lines if (match := _near_line(query, line)) is not None]
    return min(found, key=lambda match: (match.distance, len(match.line)), default=None)


def _near_line(query: Query, line: str) -> Match | None:
    distance, kept = 0, []
    words = line.split()
    for word in query.words:
        if word in line:
            kept.append(word)
            continue
        allowed = _errors_allowed(word)
        near = [(OSA.distance(word, other, score_cutoff=allowed), other) for other in words] if allowed else []
        least, other = min(near, default=(99, ""))
        if least > allowed:
            return None
        distance += least
        kept.append(other)
    return Match(SIMILAR, line, tuple(kept), distance)


def _errors_allowed(word: str) -> int:
    return 2 if len(word) >= FIRST_OF_TWO_ERRORS else 1 if len(word) >= FIRST_OF_ONE_ERROR else 0


# --- Nouns and hits ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hit:
    """One line of the answer. ``label`` and ``why`` are marked; ``hint`` tells it from others of the same name."""

    label: SafeString
    hint: str
    address: str
    reason: str | Promise = ""
    why: SafeString = field(default_factory=SafeString)
    archived: bool = False
    is_demo: bool = False


@dataclass(frozen=True)
class Found:
    """Candidates of one noun, ranked. ``capped``: there are more than were looked at."""

    matches: list[tuple[int, Match]]
    capped: bool = False


@dataclass(frozen=True)
class SearchedNoun:
    """A kind of record that can be found from everywhere.

    ``find``: the ranked candidates for an account; ``show``: the hits for the first of them; ``list_url``: the name of
    the page that lists all, which takes ``?q=``.
    """

    slug: str
    label: str | Promise
    permission: Permission
    list_url: str
    find: Callable[[Query, User], Found]
    show: Callable[[Query, Sequence[tuple[int, Match]], User], list[Hit]]


NOUNS: dict[str, SearchedNoun] = {}


def register(noun: SearchedNoun, *, place: int) -> None:
    """Make a kind of record findable; ``place`` is its place in the answer."""
    NOUNS[noun.slug] = noun
    ordered = sorted({**_PLACES, noun.slug: place}.items(), key=lambda item: item[1])
    _PLACES[noun.slug] = place
    for slug, _place in ordered:
        if slug in NOUNS:
            NOUNS[slug] = NOUNS.pop(slug)


_PLACES: dict[str, int] = {}


def find(query: Query, rows: QuerySet[Any], *, near: Q | Exists | None = None, latest: str = "") -> Found:
    """Return the rows that match, the best first: those in use before archived ones, then by rank, then the nearer ones.

    ``rows``: all that the account may see. ``near``: which of them are its own units'. ``latest``: the column of a day by which
    equals stand, the latest first; else the shortest name first. At most three queries, each of a bounded number of rows;
    very frequent words give the best of the first few hundred.
    """
    rows = rows.annotate(is_near=_nearness(near), day=F(latest) if latest else Value(None, output_field=DateField()))
    candidates = _read(rows.filter(query.condition()))
    capped = len(candidates) == CANDIDATES
    if capped:
        # Names that are the words typed, or begin with them, must not be lost among so many.
        candidates = {**_read(rows.filter(search_key__startswith=query.text)), **candidates}
    ranked = _ranked(query, candidates, match_of)
    if len(ranked) < SURE_HITS:
        ranked += _ranked(query, _similar(query, rows, without={pk for pk, _match in ranked}), near_match_of)
    return Found(ranked, capped)


@dataclass(frozen=True)
class Candidate:
    """A row as far as ranking needs it."""

    key: str
    archived: bool
    is_near: bool
    day: date | None


Candidates = dict[int, Candidate]


def _nearness(near: Q | Exists | None) -> Any:
    if near is None:
        return Value(False)
    return near if isinstance(near, Exists) else Case(When(near, then=Value(True)), default=Value(False))


def _read(rows: QuerySet[Any]) -> Candidates:
    columns = rows.order_by().values_list("pk", "search_key", "archived_at", "is_near", "day")
    return {pk: Candidate(key, archived_at is not None, is_near, day) for pk, key, archived_at, is_near, day in columns[:CANDIDATES]}


def _similar(query: Query, rows: QuerySet[Any], *, without: set[int]) -> Candidates:
    found: Candidates = {}
    if " " not in query.text and 3 <= len(query.text) <= MAX_WORDS:
        named = rows.filter(query.initials_condition())
        found = {pk: row for pk, row in _read(named).items() if initials_in(row.key, query.text)}
    if not found and any(_errors_allowed(word) for word in query.words):
        with loose_words():
            found = _read(rows.filter(query.near_condition()))
    return {pk: row for pk, row in found.items() if pk not in without}


def initials_in(key: str, letters: str) -> bool:
    """Whether one of the names of a search key has these first letters."""
    return any(initials(line) == letters for line in key.split("\n"))


def _ranked(query: Query, candidates: Candidates, rule: Callable[[Query, Sequence[str]], Match | None]) -> list[tuple[int, Match]]:
    rows = []
    for pk, row in candidates.items():
        lines = row.key.split("\n")
        match = rule(query, lines) or match_of(query, lines)
        if match is not None:
            equals = (-row.day.toordinal(), "") if row.day else (len(match.line), match.line)
            rows.append(((row.archived, match.rank, match.distance, not row.is_near, *equals, pk), match))
    return [(order[-1], match) for order, match in sorted(rows, key=lambda ranked: ranked[0])]


# --- Marking ------------------------------------------------------------------------------------------------


def marked(text: str, words: Iterable[str]) -> SafeString:
    """Return the text as HTML with what the folded words name in ``<mark>``, in whatever spelling it is written."""
    text = nfc(text)
    folded, origin = _folded_with_places(text)
    covered = [False] * len(text)
    for word in sorted(set(words), key=len, reverse=True):
        start = folded.find(word)
        while word and start >= 0:
            first, last = origin[start], origin[start + len(word) - 1]
            covered[first : last + 1] = [True] * (last + 1 - first)
            start = folded.find(word, start + len(word))
    return _with_marks(text, covered)


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters which letter of the text it comes from."""
    letters: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        folded = _fold_letter(character)
        if folded == " " and (not letters or letters[-1] == " "):
            continue
        letters += folded
        origin += [place] * len(folded)
    return "".join(letters), origin


@lru_cache(maxsize=4096)
def _fold_letter(character: str) -> str:
    if character in "'’‘ʼ`´":
        return ""
    return fold(character) or " "


def _with_marks(text: str, covered: Sequence[bool]) -> SafeString:
    parts: list[tuple[bool, str]] = []
    for character, is_marked in zip(text, covered, strict=True):
        if parts and parts[-1][0] == is_marked:
            parts[-1] = (is_marked, parts[-1][1] + character)
        else:
            parts.append((is_marked, character))
    pieces = (format_html("<mark>{}</mark>", part) if is_marked else conditional_escape(part) for is_marked, part in parts)
    return format_html_join("", "{}", ((piece,) for piece in pieces))
