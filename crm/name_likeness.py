"""How alike two names of organisations are: word by word, so that one different word tells two bodies apart.

Letters alone mislead: "Hội Hữu nghị tỉnh Quảng Bình" and "… Quảng Ninh" differ in one letter and are two, while
"Hội HN Lào-Việt" and "Hội Hữu nghị Lào - Việt Nam" differ in half and are one.
"""

import re
from collections import Counter
from functools import lru_cache

from rapidfuzz.distance import OSA

from crm.abbreviations import spelt_out

# One word for what is written in several ways; phrases first.
_SAME = {
    "viet nam": "viet",
    "vietnam": "viet",
    "vietnamese": "viet",
    "vietnamien": "viet",
    "vietnamienne": "viet",
    "vietnamesische": "viet",
    "vietnamita": "viet",
    "laos": "lao",
    "ha noi": "hanoi",
    "vieng chan": "vientiane",
    "luong pha bang": "luangprabang",
    "luang prabang": "luangprabang",
    "luang phabang": "luangprabang",
    "phnom penh": "phnompenh",
    "society": "association",
    "associations": "association",
    "hiep hoi": "hoi",
    "thanh pho": "",
    "cong hoa dan chu nhan dan": "",
}
_SAME_PATTERN = re.compile(rf"\b({'|'.join(sorted(_SAME, key=len, reverse=True))})\b")
# Words that a name has or leaves out without becoming another.
_IDLE_WORDS = "the of and for in de la le du des et y e der die das und cua va cho tai ve nuoc tinh truong city province"
_IDLE_FORMS = "inc ltd llc gmbh ev co jsc asbl"
_IDLE = frozenset(f"{_IDLE_WORDS} {_IDLE_FORMS}".split())
_NUMBERS = re.compile(r"\d+")
# A Vietnamese syllable without its marks. Two of them are two words, however alike their letters.
_SYLLABLE = re.compile(r"(?:ngh|ch|gh|gi|kh|ng|nh|ph|qu|th|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ch|ng|nh|[cmnpt])?")

COST_OF_AN_ERROR = 0.025
COST_OF_A_WORD = 0.12
FEW_WORDS = 2


@lru_cache(maxsize=65_536)
def telling_words(folded: str) -> tuple[str, ...]:
    """Return the words of a folded name that tell it apart, spelt out, each in one way; never empty for a name."""
    text = _SAME_PATTERN.sub(lambda found: _SAME[found[0]], spelt_out(folded))
    words = text.split()
    return tuple(word for word in words if word not in _IDLE) or tuple(words) or tuple(folded.split())


def first_letters(folded: str) -> frozenset[str]:
    """Return how a name may be written as initials: with its small words, and without ("of", "de", "và")."""
    words = folded.split()
    return frozenset(("".join([word[0] for word in words]), "".join([word[0] for word in words if word not in _IDLE])))


def likeness(one: tuple[str, ...], other: tuple[str, ...], *, implied: frozenset[str] = frozenset()) -> float:
    """Return how alike two names are, 0 to 1, given their telling words, in any order.

    0 when each has a word that the other lacks, or other numbers. A word that only one has costs, unless it is ``implied``
    (the city, given beside the name); a letter wrong costs little, but not between words of Vietnamese, which are short.
    """
    if one == other or _run_together(one) == _run_together(other):
        return 1.0
    left, right = Counter(one), Counter(other)
    only_one, only_other = list((left - right).elements()), list((right - left).elements())
    if _numbers(only_one) != _numbers(only_other):
        return 0.0
    errors = _pair_off(only_one, only_other)
    only_one = [word for word in only_one if word not in implied]
    only_other = [word for word in only_other if word not in implied]
    if only_one and only_other:
        return 1.0 if "".join(sorted(only_one)) == "".join(sorted(only_other)) else 0.0
    shared = min(len(one), len(other))
    cost = errors * COST_OF_AN_ERROR * (2 if shared <= FEW_WORDS else 1) + COST_OF_A_WORD * (len(only_one) + len(only_other))
    return max(0.0, 1 - cost)


def _run_together(words: tuple[str, ...]) -> str:
    return "".join(words).replace("vietnam", "viet")


def _numbers(words: list[str]) -> list[str]:
    return sorted(number for word in words for number in _NUMBERS.findall(word))


def _pair_off(only_one: list[str], only_other: list[str]) -> int:
    """Take out of both lists the words that differ by a slip of the hand; return how many letters were wrong."""
    errors = 0
    for word in list(only_one):
        wrong, near = min(((slips(word, other), other) for other in only_other), default=(99, ""))
        if wrong <= slips_allowed(word, near):
            only_one.remove(word)
            only_other.remove(near)
            errors += wrong
    return errors


# Latin spellings of one sound, as names from Lao, Thai, Khmer or Russian are written.
_SOUNDS = (("ph", "f"), ("ck", "k"), ("th", "t"), ("kh", "k"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("y", "i"), ("j", "i"), ("x", "s"))
_TWICE = re.compile(r"(.)\1+")


def sounds_like(word: str, other: str) -> bool:
    """Whether two words are Latin spellings of one sound; never two words of Vietnamese."""
    if all(_SYLLABLE.fullmatch(each) for each in (word, other)):
        return False
    return _sound(word) == _sound(other)


def _sound(word: str) -> str:
    for letters, sound in _SOUNDS:
        word = word.replace(letters, sound)
    return _TWICE.sub(r"\1", word)


def slips(word: str, other: str) -> int:
    """How many letters are wrong, left out, too many or changed over."""
    return OSA.distance(word, other)


def slips_allowed(word: str, other: str) -> int:
    """How many wrong letters still leave it the same word: none where both are words of their own."""
    shorter = min(len(word), len(other))
    own_words = [bool(_SYLLABLE.fullmatch(each)) for each in (word, other)]
    if all(own_words) or shorter < 3 or any(each.isdigit() for each in (word, other)):  # two letters are a word or a sign
        return 0
    if shorter <= 4 and not any(own_words):  # short words of other languages: "Iran" is not "Iraq"
        return 0
    return 2 if shorter >= 10 else 1
