"""vCard 4.0 (RFC 6350): UTF-8, CRLF, lines of at most 75 octets that never part a character."""

from collections.abc import Iterable, Iterator
from datetime import UTC

from partners.vcards.cards import Card, CardPost, language_of

LINE_OCTETS = 75
_ESCAPED = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": None})


def write_cards(cards: Iterable[Card]) -> Iterator[str]:
    """Yield the text of each card, so that a long list is never held whole."""
    for card in cards:
        yield "".join(f"{folded(line)}\r\n" for line in _lines(card))


def folded(line: str) -> str:
    """Fold one line: each piece at most 75 octets, the following ones begin with a space."""
    if len(line.encode()) <= LINE_OCTETS:
        return line
    pieces: list[str] = []
    piece, octets, room = "", 0, LINE_OCTETS
    for character in line:
        size = len(character.encode())
        if octets + size > room:
            pieces.append(piece)
            piece, octets, room = "", 0, LINE_OCTETS - 1
        piece += character
        octets += size
    return "\r\n ".join([*pieces, piece])


def _lines(card: Card) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield "KIND:individual"
    if card.uid:
        yield f"UID:urn:uuid:{card.uid}"
    if card.revised_at:
        yield f"REV:{card.revised_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield from _names(card)
    for number, post in enumerate(card.posts, start=1):
        yield from _post(post, number)
    yield from (f"EMAIL:{_text(email)}" for email in card.emails)
    yield from (f"TEL;VALUE=text:{_text(phone)}" for phone in card.phones)
    yield from (f"LANG;PREF={place}:{_text(code)}" for place, code in enumerate(card.languages, start=1))
    if card.note:
        yield f"NOTE:{_text(card.note)}"
    yield "END:VCARD"


def _names(card: Card) -> Iterator[str]:
    """The name as on the card first; then its form in Latin letters and in own script as alternatives of the same name."""
    yield f"FN;ALTID=1;PREF=1:{_text(card.full_name)}"
    if card.latin_name:
        yield f"FN;ALTID=1;LANGUAGE=und-Latn:{_text(card.latin_name)}"
    language = language_of(card.native_name) or "und"
    if card.native_name:
        yield f"FN;ALTID=1;LANGUAGE={language}:{_text(card.native_name)}"
    yield f"N;ALTID=1:{_text(card.family)};{_text(card.given)};{_text(card.middle)};;"
    if any(card.native_parts):
        family, middle, given = card.native_parts
        yield f"N;ALTID=1;LANGUAGE={language}:{_text(family)};{_text(given)};{_text(middle)};;"


def _post(post: CardPost, number: int) -> Iterator[str]:
    """A group ties the titles of a post, one in each language, to its organisation."""
    if post.organisation:
        yield f"post{number}.ORG:{_text(post.organisation)}"
    for language, title in post.titles.items():
        tag = f";LANGUAGE={language}" if language else ""
        yield f"post{number}.TITLE;ALTID={number}{tag}:{_text(title)}"


def _text(text: str) -> str:
    return text.translate(_ESCAPED)
