"""Names of people, each in the order of its own culture: taken apart, put together, and used to address somebody.

Pure functions. A proposal is a guess from the card and the country; whoever enters the name corrects it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from partners.choices import NameOrder

FAMILY_FIRST = frozenset({"VN", "CN", "TW", "HK", "MO", "KR", "KP", "JP", "KH", "HU", "MN"})
PATRONYMIC = frozenset({"RU", "BY", "UA", "KZ", "KG", "UZ", "TJ", "TM"})
ONE_NAME = frozenset({"MM", "ID", "BT", "IS"})
TWO_FAMILY_NAMES = frozenset(
    {"ES", "CU", "MX", "AR", "CL", "CO", "PE", "VE", "EC", "BO", "UY", "PY", "NI", "SV", "GT", "HN", "CR", "PA", "DO"}
)
# There somebody is spoken to by the family name; in Viet Nam never, in Cambodia by the whole name.
SPOKEN_TO_BY_FAMILY = frozenset({"CN", "TW", "HK", "MO", "KR", "KP", "JP", "HU"})
SPOKEN_TO_BY_GIVEN = frozenset({"VN", "LA", "TH", "MN"})
SPOKEN_TO_BY_ALL = frozenset({"KH", *ONE_NAME})

# Two characters that are one family name; every other Chinese family name is one character.
_DOUBLE_FAMILY_NAMES = frozenset(
    {"欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "司徒", "东方", "東方", "皇甫", "尉迟", "公孙", "남궁", "황보", "제갈", "선우"}
)
# "Y Thông Niê", "H'Hen Niê": Y for a man and H' for a woman belong to the given name, which stands first (Ê Đê, M'Nông).
_HIGHLAND = re.compile(r"^(?:Y[\s'’-]|H[\s]?['’-])", re.IGNORECASE)
_PARTICLES = frozenset(
    {"de", "del", "della", "di", "da", "das", "do", "dos", "van", "von", "der", "den", "la", "las", "los", "y", "e", "bin", "binti", "al"}
)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "ông", "bà", "sir", "dato"})
_PATRONYMIC_ENDINGS = (
    "ович", "евич", "ич", "овна", "евна", "инична", "ична", "івна", "ovich", "evich", "ovna", "evna", "ichna", "ivna", "uulu", "qizi",
)  # fmt: skip


@dataclass(frozen=True)
class NameParts:
    """A name taken apart. ``middle`` is the patronymic where there is one; ``family`` both family names where there are two."""

    family: str = ""
    middle: str = ""
    given: str = ""
    order: str = NameOrder.GIVEN_FIRST


class Named(Protocol):
    """What the functions below ask of a person."""

    full_name: str
    latin_name: str
    native_name: str
    family_name: str
    middle_name: str
    given_name: str
    name_order: str
    how_to_address: str
    salutation_en: str
    salutation_native: str


def order_of(country: str | None) -> NameOrder:
    """The order in which most names of a country (ISO 3166 alpha-2) are written."""
    if country in FAMILY_FIRST:
        return NameOrder.FAMILY_FIRST
    if country in PATRONYMIC:
        return NameOrder.PATRONYMIC
    return NameOrder.GIVEN_FIRST


def propose_parts(full_name: str, country: str | None) -> NameParts:
    """Take a name as on the card apart, by the custom of the country. Nothing is proposed where nothing can be told."""
    words = _without_titles(full_name.split())
    if not words:
        return NameParts(order=order_of(country))
    if _HIGHLAND.match(" ".join(words)) and country in (None, "VN"):
        return _highland(words)
    if len(words) == 1:
        return _one_word(words[0], country)
    if country in ONE_NAME and country != "ID":
        return NameParts(given=" ".join(words), order=NameOrder.ONE_NAME)
    if country in FAMILY_FIRST:
        return _family_first(words, country)
    if country in PATRONYMIC and len(words) == 3:
        return _with_patronymic(words)
    given_count = _given_count(words, country)
    return NameParts(family=" ".join(words[given_count:]), given=" ".join(words[:given_count]), order=order_of(country))


def formal_name(person: Named) -> str:
    """The whole name in its own order, from its parts; the name as on the card where they are not known."""
    parts = {
        NameOrder.FAMILY_FIRST: (person.family_name, person.middle_name, person.given_name),
        NameOrder.ONE_NAME: (person.given_name or person.family_name,),
    }.get(NameOrder(person.name_order), (person.given_name, person.middle_name, person.family_name))
    known = person.given_name or person.family_name
    return _joined(parts) if known else person.full_name


def spoken_name(person: Named, country: str | None) -> str:
    """The part of the name by which somebody is spoken to: a Vietnamese by the given name, a Chinese by the family name.

    A Russian by given name and patronymic, a Lao or Thai by the given name, a Cambodian by all of it. A Spaniard by the
    first family name. Where the parts are not known, the name as on the card.
    """
    family, given = person.family_name, person.given_name
    if not (family or given):
        return person.full_name
    if person.name_order == NameOrder.ONE_NAME or country in SPOKEN_TO_BY_ALL:
        return formal_name(person)
    if person.name_order == NameOrder.PATRONYMIC:
        return _joined((given, person.middle_name)) or family
    if country in SPOKEN_TO_BY_FAMILY:
        return family or given
    if country in SPOKEN_TO_BY_GIVEN or person.name_order == NameOrder.FAMILY_FIRST or _HIGHLAND.match(given):
        return given or family
    return _first_family_name(family) if country in TWO_FAMILY_NAMES and family else family or given


def address_form(person: Named, country: str | None) -> str:
    """How to speak to somebody in Vietnamese: ``Ngài Đại sứ Tuấn``. A form that already ends in the name is left as it is."""
    name, form = spoken_name(person, country), person.how_to_address.strip()
    return form if form.casefold().endswith(name.casefold()) and form else _joined((form, name))


def salutation(person: Named, country: str | None, language: str) -> str:
    """How a letter begins: ``vi``, ``en``, or any other code for the person's own language. Empty where nobody has said."""
    if language == "vi":
        return f"Kính gửi {address_form(person, country)},"
    if language == "en":
        return person.salutation_en or f"Dear {person.latin_name or formal_name(person)},"
    return person.salutation_native


def sorting_name(person: Named) -> str:
    """The name as Vietnamese lists sort it: by the given name, then by the whole name."""
    given = person.given_name
    if not given and person.name_order == NameOrder.FAMILY_FIRST and _is_latin(person.full_name):
        given = person.full_name.split()[-1] if person.full_name.split() else ""
    return _joined((given, person.full_name))


def _highland(words: Sequence[str]) -> NameParts:
    given_count = 2 if words[0].casefold() in ("y", "h", "h'", "h’") else 1
    return NameParts(family=" ".join(words[given_count:]), given=" ".join(words[:given_count]), order=NameOrder.GIVEN_FIRST)


def _one_word(word: str, country: str | None) -> NameParts:
    if country in FAMILY_FIRST and not _is_latin(word) and 2 <= len(word) <= 4 and country != "KH":
        family_length = 2 if word[:2] in _DOUBLE_FAMILY_NAMES and len(word) > 2 else 1
        if country != "JP":
            return NameParts(family=word[:family_length], given=word[family_length:], order=NameOrder.FAMILY_FIRST)
    return NameParts(given=word, order=NameOrder.ONE_NAME)


def _family_first(words: Sequence[str], country: str | None) -> NameParts:
    if country == "VN":
        return NameParts(words[0], " ".join(words[1:-1]), words[-1], NameOrder.FAMILY_FIRST)
    # Cards meant for abroad often turn the name round and set the family name in capitals: "Wei WANG".
    if country != "KH" and words[-1].isupper() and not words[0].isupper() and len(words[-1]) > 1:
        return NameParts(family=words[-1], given=" ".join(words[:-1]), order=NameOrder.GIVEN_FIRST)
    return NameParts(family=words[0], given=" ".join(words[1:]), order=NameOrder.FAMILY_FIRST)


def _with_patronymic(words: Sequence[str]) -> NameParts:
    if _is_patronymic(words[2]) and not _is_patronymic(words[1]):
        # Official lists write the family name first: "Иванов Иван Петрович".
        return NameParts(words[0], words[2], words[1], NameOrder.PATRONYMIC)
    return NameParts(words[2], words[1], words[0], NameOrder.PATRONYMIC)


def _is_patronymic(word: str) -> bool:
    return word.casefold().endswith(_PATRONYMIC_ENDINGS)


def _given_count(words: Sequence[str], country: str | None) -> int:
    """How many words at the beginning are given names."""
    particle = next((place for place, word in enumerate(words) if place and word.casefold() in _PARTICLES), None)
    if particle is not None:
        before = particle - 1 if country in TWO_FAMILY_NAMES and particle > 1 else particle
        return max(before, 1)
    if country in TWO_FAMILY_NAMES:
        return max(1, len(words) - 2)
    if country in ("LA", "TH"):
        return 1
    return len(words) - 1


def _first_family_name(family: str) -> str:
    """``García Márquez`` is spoken to as ``García``, ``de la Cruz Soto`` as ``de la Cruz``."""
    words = family.split()
    kept: list[str] = []
    for word in words:
        kept.append(word)
        if word.casefold() not in _PARTICLES:
            break
    return " ".join(kept)


def _without_titles(words: Sequence[str]) -> Sequence[str]:
    while len(words) > 1 and words[0].casefold().strip(".") in _TITLES:
        words = words[1:]
    return words


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha())


def _joined(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)
