"""Reading cards: what is written half is offered half, and what cannot be read is told."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.text import one_line
from partners.vcards.cards import Card, CardPost, language_of
from partners.vcards.lines import Property, decoded, logical_lines, parse

MOST_BYTES = 12 * 1024 * 1024
MOST_CARDS = 200
# Of each card and of each file; more is no list of people but an attempt to keep the site busy.
MOST_PROPERTIES = 1_000
MOST_FAULTS = 50
MOST_LETTERS = 20_000
MOST_COMPONENTS = 20
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PLACE = re.compile(r"[0-9]{1,3}")
_COMPONENT = re.compile(r"((?:[^\\;]|\\.|\\$)*)(;|$)", re.DOTALL)
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class ReadCard:
    """One card of a file: its place in it, what it says, and what of it could not be read."""

    number: int
    card: Card
    faults: tuple[str | Promise, ...] = ()


@dataclass(frozen=True)
class Reading:
    """All cards of a file that name somebody, and what is wrong with the file as a whole."""

    cards: tuple[ReadCard, ...] = ()
    faults: tuple[str | Promise, ...] = ()


def read_cards(data: bytes) -> Reading:
    """Read a file of cards. Never raises: whatever the bytes are, there is a reading that says what was wrong."""
    if len(data) > MOST_BYTES:
        return Reading(faults=(_("The file is larger than 12 MB. Export fewer cards at a time, or without pictures."),))
    text, certain = decoded(data)
    found: list[ReadCard] = []
    faults: list[str | Promise] = []
    for number, (properties, broken) in enumerate(_cards(text, certain=certain), start=1):
        if number > MOST_CARDS:
            faults.append(_("Only the first 200 cards are read. Split the file and bring the rest afterwards."))
            break
        card, told = _card(properties)
        if card.full_name:
            found.append(ReadCard(number, card, (*broken, *told)))
        elif len(faults) < MOST_FAULTS:
            faults.append(_("Card %(number)s names nobody and is left out.") % {"number": number})
    if not found and not faults:
        faults.append(_("There is no vCard in this. A card begins with the line BEGIN:VCARD."))
    if not certain and found:
        faults.append(_("The file does not say in which encoding it is. Check the letters of the names."))
    return Reading(tuple(found), tuple(faults))


def _cards(text: str, *, certain: bool) -> Iterable[tuple[list[Property], list[str | Promise]]]:
    """Yield the properties of each card. A card inside a card (2.1 AGENT) is skipped; a missing end is told."""
    properties: list[Property] | None = None
    unreadable = inside = 0
    for line in logical_lines(text):
        mark = line.strip().upper().replace(" ", "")
        if mark == "BEGIN:VCARD":
            if properties is not None and properties and properties[-1].name == "AGENT":
                inside += 1
                continue
            if properties is not None:
                yield properties, [*_told(unreadable), _("The end of the card is missing.")]
            properties, unreadable, inside = [], 0, 0
        elif mark == "END:VCARD" and inside:
            inside -= 1
        elif mark == "END:VCARD" and properties is not None:
            yield properties, _told(unreadable)
            properties, unreadable = None, 0
        elif properties is not None and not inside and len(properties) + unreadable < MOST_PROPERTIES and line.strip():
            found = parse(line.strip(), certain=certain)
            unreadable += found is None
            properties += [found] if found else []
    if properties is not None:
        yield properties, [*_told(unreadable), _("The end of the card is missing.")]


def _told(unreadable: int) -> list[str | Promise]:
    return [_("%(lines)s lines could not be read.") % {"lines": unreadable}] if unreadable else []


def _card(properties: Sequence[Property]) -> tuple[Card, list[str | Promise]]:
    by_name: dict[str, list[Property]] = defaultdict(list)
    for one in properties:
        by_name[one.name].append(one)
    told: list[str | Promise] = []
    names = [(one, _line(one.value)) for one in _preferred(by_name["FN"]) if _line(one.value)]
    parts = _parts(by_name["N"])
    full_name = names[0][1] if names else " ".join(part for part in (parts[2], parts[1], parts[0]) if part)
    if not names and full_name:
        told.append(_("There is no display name; it was put together from the parts."))
    emails, phones = _values(by_name["EMAIL"]), tuple(phone.removeprefix("tel:") for phone in _values(by_name["TEL"]))
    if len(emails) > 1 or len(phones) > 1:
        told.append(_("Only the first e-mail and the first phone are taken over."))
    if any(_TURNING.search(one.value) or _CONTROLS.search(one.value) for one in properties):
        told.append(_("Invisible or control characters were left out."))
    card = Card(
        full_name=full_name,
        latin_name=_other_form(names, latin=True),
        native_name=_other_form(names, latin=False),
        family=parts[0], middle=parts[1], given=parts[2],
        posts=_posts(by_name["ORG"], by_name["TITLE"]),
        emails=emails, phones=phones,
        languages=tuple(code.lower() for code in _values(by_name["LANG"])),
        note=_unescaped(next(iter(by_name["NOTE"]), Property("NOTE", "")).value)[:MOST_LETTERS],
        uid=_uid(by_name["UID"]),
        revised_at=_moment(next((one.value for one in by_name["REV"]), "")),
    )  # fmt: skip
    return card, told


def _other_form(names: Sequence[tuple[Property, str]], *, latin: bool) -> str:
    """The name in Latin letters, or in another script, among the names after the first."""
    for one, name in names[1:]:
        tag = one.first("LANGUAGE")
        is_latin = tag.endswith("-Latn") or (not tag and not language_of(name))
        if is_latin is latin:
            return name
    return ""


def _parts(names: Sequence[Property]) -> tuple[str, str, str]:
    """Family, middle and given name: those of the name without a language where there are several."""
    if not names:
        return "", "", ""
    chosen = next((one for one in names if not one.first("LANGUAGE")), names[0])
    family, given, middle, *_rest = [*(_line(part) for part in _split(chosen.value)), "", "", ""]
    return family, middle, given


def _posts(organisations: Sequence[Property], titles: Sequence[Property]) -> tuple[CardPost, ...]:
    """Titles go with the organisation of their group; without groups with the first one."""
    grouped: dict[str, tuple[list[str], dict[str, str]]] = defaultdict(lambda: ([], {}))
    for one in organisations:
        grouped[one.group][0].append(", ".join(part for part in (_line(part) for part in _split(one.value)) if part))
    for one in titles:
        if title := _line(one.value):
            grouped[one.group if one.group in grouped or one.group else ""][1].setdefault(one.first("LANGUAGE").lower(), title)
    posts = []
    for names, by_language in grouped.values():
        known = [name for name in names if name]
        posts += [CardPost(name, by_language if not place else {}) for place, name in enumerate(known or [""])]
    return tuple(post for post in posts if post.organisation or post.titles)


def _preferred(properties: Sequence[Property]) -> list[Property]:
    """In the order of the file, the preferred ones first: PREF=1 (4.0), TYPE=pref (3.0), PREF (2.1)."""
    return sorted(properties, key=lambda one: int(one.first("PREF")) if _PLACE.fullmatch(one.first("PREF")) else _by_type(one))


def _by_type(one: Property) -> int:
    return 1 if "PREF" in one.parameters.get("TYPE", ()) or one.parameters.get("PREF") == [""] else 100


def _values(properties: Sequence[Property]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for one in _preferred(properties) if (value := _line(one.value))))


def _split(value: str) -> list[str]:
    """The components of a structured value, still escaped."""
    return [piece for piece, _end in _COMPONENT.findall(value[:MOST_LETTERS])][:MOST_COMPONENTS]


def _line(value: str) -> str:
    """One line of text, as names are stored."""
    return one_line(_unescaped(value)[:MOST_LETTERS]).strip()


def _unescaped(value: str) -> str:
    text = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
    return _CONTROLS.sub("", _TURNING.sub("", text))


def _uid(properties: Sequence[Property]) -> str:
    """The UUID of the card, where its UID is one."""
    try:
        return str(UUID(properties[0].value.strip().removeprefix("urn:uuid:"))) if properties else ""
    except ValueError:
        return ""


def _moment(value: str) -> datetime | None:
    for form in ("%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(value.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
