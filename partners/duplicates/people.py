"""Is this a person we already know? By the words of the name in any order, and by what stands beside it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from crm.name_likeness import slips, slips_allowed, sounds_like
from crm.text import fold
from partners.duplicates.reasons import Reason

LIKELY_FROM = 0.92
SAME_WORDS = 0.9
NEARLY = 0.84
SHORTENED = 0.8
PHONE_DIGITS = 8
_TITLES = (
    *("ong", "ba", "gs", "ts", "pgs", "ths", "bs", "ks", "dai su", "giao su", "tien si", "tham tan", "ngai"),
    *("mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "madame", "mme", "herr", "frau", "he", "hon"),
)
_TITLES_BEFORE = re.compile(rf"(?:(?:{'|'.join(_TITLES)}) )+")


@dataclass(eq=False, slots=True)
class KnownPerson:
    """A person as far as comparing needs it. ``partners``: keys of the partners at which posts are held, now or before."""

    names: tuple[str, ...]
    country_id: int | None = None
    email: str = ""
    phone: str = ""
    partners: frozenset[int] = frozenset()
    pk: int | None = None
    words: tuple[tuple[str, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.words = tuple(dict.fromkeys(name_words(name) for name in self.names if name))
        self.email = self.email.strip().casefold()
        self.phone = re.sub(r"\D", "", self.phone)[-PHONE_DIGITS:]

    @classmethod
    def of(cls, *, forms: Iterable[str], country_id: int | None, email: str, phone: str, partners: Iterable[int]) -> "KnownPerson":
        names = tuple(dict.fromkeys(folded for form in forms if (folded := fold(form))))
        return cls(names, country_id, email, phone, frozenset(partners))


def name_words(folded: str) -> tuple[str, ...]:
    """The words of a name in alphabetical order, titles left out."""
    before = _TITLES_BEFORE.match(folded)
    words = folded[before.end() :].split() if before else folded.split()
    return tuple(sorted(words if len(words) > 1 else folded.split()))


def person_keys(person: KnownPerson) -> set[str]:
    """Under what a person is looked up: each pair of words of a name, the e-mail address, the phone number."""
    keys = {f"{first[:4]} {second[:4]}" for words in person.words for first, second in pairwise(words)}
    keys |= {" ".join((words[0][:4], words[-1][:4])) for words in person.words if words}
    keys |= {f"@{person.email}"} if person.email else set()
    return keys | ({f"+{person.phone}"} if len(person.phone) == PHONE_DIGITS else set())


def compare_people(one: KnownPerson, other: KnownPerson) -> tuple[float, tuple[Reason, ...]] | None:
    """Return how likely two people are the same (0 to 1) and why, or None.

    Many people share a name: the same name counts only where nothing speaks against it, and a similar one only
    where a partner, an address or a number speaks for it.
    """
    similarity, reason = max(
        (_name_likeness(first, second) for first in one.words for second in other.words), default=(0.0, "name"), key=lambda pair: pair[0]
    )
    same_email = bool(one.email) and one.email == other.email
    same_phone = len(one.phone) == PHONE_DIGITS and one.phone == other.phone
    shared = one.partners & other.partners
    countries_differ = one.country_id is not None and other.country_id is not None and one.country_id != other.country_id
    apart = bool(one.partners and other.partners) and not shared
    score = similarity + 0.3 * same_email + 0.25 * same_phone + 0.12 * bool(shared) - 0.2 * countries_differ - 0.05 * apart
    score += 0.03 if one.country_id == other.country_id and one.country_id is not None else 0.0
    score -= 0.05 if one.email and other.email and not same_email and not shared else 0.0
    if similarity < SHORTENED or score < LIKELY_FROM:
        return None
    found: list[Reason] = [(reason, f"{similarity:.2f}")]
    found += [("country", "")] if one.country_id == other.country_id and one.country_id is not None else []
    found += [("partner", "")] if shared else []
    found += [("email", "")] if same_email else []
    found += [("phone", "")] if same_phone else []
    return min(score, 1.0), tuple(found)


def _name_likeness(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[float, str]:
    if one == other:
        return SAME_WORDS, "name"
    if "".join(one) == "".join(other):
        return SAME_WORDS, "name"
    only_one = [word for word in one if word not in other]
    only_other = [word for word in other if word not in one]
    shared = len(one) - len(only_one)
    if len(only_one) == len(only_other) == 1 and shared:
        wrong = slips(only_one[0], only_other[0])
        if 0 < wrong <= slips_allowed(only_one[0], only_other[0]) or sounds_like(only_one[0], only_other[0]):
            return NEARLY, "name"
        if _is_initial(only_one[0], only_other[0]):
            return SHORTENED, "shortened"
    if shared >= 2 and not (only_one and only_other):
        return SHORTENED, "shortened"
    return 0.0, "name"


def _is_initial(one: str, other: str) -> bool:
    return (len(one) == 1 or len(other) == 1) and one[0] == other[0]
