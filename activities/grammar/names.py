"""Matching the words of a line with the names of partners: the longest known name is meant, several equally good are asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from activities.grammar.lines import Line, Word

# As offices write them; the partner's own acronym is understood as well, since it is one of its names.
ABBREVIATIONS = {
    "hn": "huu nghi", "hhn": "hoi huu nghi", "dh": "dai hoc", "cd": "cao dang", "th": "tieu hoc", "ubnd": "uy ban nhan dan",
    "ub": "uy ban", "ubhb": "uy ban hoa binh", "tp": "thanh pho", "vn": "viet nam", "tq": "trung quoc", "hq": "han quoc",
    "nb": "nhat ban", "tw": "trung uong", "lh": "lien hiep", "hlhpn": "hoi lien hiep phu nu", "pn": "phu nu", "tn": "thanh nien",
    "sv": "sinh vien", "dsq": "dai su quan", "lsq": "lanh su quan", "tlsq": "tong lanh su quan", "bv": "benh vien",
    "tt": "trung tam", "cty": "cong ty", "ct": "cong ty", "mttq": "mat tran to quoc", "kt": "kinh te", "qt": "quoc te",
    "vh": "van hoa", "gd": "giao duc", "nd": "nhan dan", "qh": "quan he", "univ": "university", "assn": "association",
    "assoc": "association", "fed": "federation", "intl": "international", "int": "international", "inst": "institute",
    "govt": "government", "emb": "embassy", "dept": "department",
}  # fmt: skip

# A part of a name is taken for the whole only where it is most of it; less is offered, and a stray word is nothing.
CHOSEN_SHARE = 0.6
OFFERED_SHARE = 0.4
MOST_PARTNERS = 6
MOST_CHOICES = 6


@dataclass(frozen=True)
class Match:
    """The words from ``start`` to ``end`` of the line name one of ``candidates``; one alone is certain enough to be taken."""

    start: int
    end: int
    candidates: tuple[int, ...]
    is_certain: bool


@dataclass(frozen=True)
class _Spelt:
    """A word as it compares, after abbreviations were written out, and the word of the line that it comes from."""

    folded: str
    word: Word


@dataclass(frozen=True)
class _Fit:
    key: int
    first: int
    length: int
    whole: bool
    share: float


def spellings(words: Sequence[Word]) -> list[list[str]]:
    """The words as typed, and with abbreviations written out where there are any."""
    return [[spelt.folded for spelt in variant] for variant in _variants(words)]


def match_names(line: Line, names: Mapping[int, Iterable[str]]) -> list[Match]:
    """Find the partners that the line names and blot them out, the longest name first.

    ``names``: folded names by key. What is only likely is a match that is not certain, or has several candidates.
    """
    spelt_names = {key: [name.split() for name in folded] for key, folded in names.items()}
    found: list[Match] = []
    taken: set[int] = set()
    while len(found) < MOST_PARTNERS:
        match = _best(line, {key: of_key for key, of_key in spelt_names.items() if key not in taken})
        if match is None:
            break
        found.append(match)
        taken |= set(match.candidates)
        line.blot(match.start, match.end)
    return sorted(found, key=lambda match: match.start)


def _best(line: Line, names: Mapping[int, list[list[str]]]) -> Match | None:
    """The longest name of the line, the first of several as long; all that its words may mean."""
    fits = [(fit, *_span(variant, fit)) for variant in _variants(line.words()) for fit in _fits(variant, names)]
    if not fits:
        return None
    longest = max(_rank(fit) for fit, _start, _end in fits)
    start, end = min((start, end) for fit, start, end in fits if _rank(fit) == longest)
    meant = [fit for fit, *span in fits if _rank(fit) == longest and span == [start, end]]
    keys = tuple(dict.fromkeys(fit.key for fit in meant))
    certain = len(keys) == 1 and (meant[0].whole or meant[0].share >= CHOSEN_SHARE)
    return Match(start, end, keys[:MOST_CHOICES], certain)


def _span(variant: Sequence[_Spelt], fit: _Fit) -> tuple[int, int]:
    return variant[fit.first].word.start, variant[fit.first + fit.length - 1].word.end


def _rank(fit: _Fit) -> tuple[int, bool]:
    return fit.length, fit.whole


def _fits(variant: list[_Spelt], names: Mapping[int, list[list[str]]]) -> Iterable[_Fit]:
    places: dict[str, list[int]] = {}
    for place, spelt in enumerate(variant):
        places.setdefault(spelt.folded, []).append(place)
    for key, of_key in names.items():
        for name in of_key:
            for first in places.get(name[0], ()) if name else ():
                length = _common_beginning(variant[first:], name)
                share = length / len(name)
                if length == len(name) or (length > 1 and share >= OFFERED_SHARE):
                    yield _Fit(key, first, length, length == len(name), share)


def _common_beginning(spelt: Sequence[_Spelt], name: Sequence[str]) -> int:
    """How many words of the line, from the first on, are the beginning of the name."""
    length = 0
    while length < min(len(spelt), len(name)) and spelt[length].folded == name[length]:
        length += 1
    return length


def _variants(words: Sequence[Word]) -> list[list[_Spelt]]:
    typed = [_Spelt(word.folded, word) for word in words if word.folded]
    written_out = [_Spelt(part, spelt.word) for spelt in typed for part in ABBREVIATIONS.get(spelt.folded, spelt.folded).split()]
    return [typed] if len(written_out) == len(typed) and written_out == typed else [typed, written_out]
