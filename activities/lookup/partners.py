"""Finding the partners that a line names, by any of their names, in one query however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_

from django.db.models import Case, IntegerField, Q, Value, When

from activities.grammar.lines import Line
from activities.grammar.names import match_names, spellings
from crm.models import User
from partners.models import Partner

LOOKED_AT = 200
MOST_PAIRS = 40
# Left out as often as written: "Hội Lào – Việt" is said of "Hội Hữu nghị Lào – Việt".
_LEFT_OUT = ("huu nghi", "friendship")


@dataclass(frozen=True)
class Named:
    """What the line calls a partner by: ``words`` as typed, up to ``end``, and whom it may mean; one who is certain stands alone."""

    words: str
    candidates: tuple[Partner, ...]
    is_certain: bool
    end: int = 0


def read_partners(line: Line, *, by: User) -> list[Named]:
    """Find the partners that the line names, blot them out, and say which are certain. One query."""
    likely = {partner.pk: partner for partner in _likely(line, by=by)}
    matches = match_names(line, {pk: _names_of(partner) for pk, partner in likely.items()})
    return [
        Named(line.typed(match.start, match.end), tuple(likely[key] for key in match.candidates), match.is_certain, match.end)
        for match in matches
    ]


def _likely(line: Line, *, by: User) -> Iterable[Partner]:
    """The partners whose names share most pairs of neighbouring words with the line, or are one of its words."""
    conditions = [*_pairs(line), *_single_words(line)]
    if not conditions:
        return ()
    shared = sum((_one_if(condition) for condition in conditions), Value(0))
    rows = Partner.objects.visible_to(by).live().filter(reduce(or_, conditions)).annotate(shared=shared)
    return rows.select_related("country").order_by("-shared", "sort_key", "id")[:LOOKED_AT]


def _one_if(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _pairs(line: Line) -> list[Q]:
    pairs = dict.fromkeys(f"{left} {right}" for words in spellings(line.words()) for left, right in pairwise(words))
    return [Q(search_key__contains=pair) for pair in list(pairs)[:MOST_PAIRS]]


def _single_words(line: Line) -> list[Q]:
    """Names of one word: acronyms above all. The key holds one folded name a line."""
    words = dict.fromkeys(word.folded for word in line.words() if len(word.folded) > 1)
    return [_is_a_name(word) for word in list(words)[:MOST_PAIRS]]


def _is_a_name(word: str) -> Q:
    begins, ends, amid = (Q(search_key__startswith=f"{word}\n"), Q(search_key__endswith=f"\n{word}"), Q(search_key__contains=f"\n{word}\n"))
    return Q(search_key=word) | begins | ends | amid


def _names_of(partner: Partner) -> list[str]:
    names = partner.search_key.split("\n")
    shorter = [" ".join(name.replace(words, " ").split()) for name in names for words in _LEFT_OUT if words in name]
    return [*names, *(name for name in shorter if len(name.split()) > 1)]
