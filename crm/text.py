"""Text as people type it, as machines compare it, and as Vietnamese sorts it."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Letters that carry no combining mark and therefore survive NFD.
_UNMARKED = str.maketrans(
    {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
)

# The short way for plain names: what is no letter or digit parts words.
_ASCII_BREAKS = re.compile(r"[^0-9A-Za-z]+")

# Vietnamese order: a ă â b c d đ e ê … o ô ơ … u ư; tones decide only between words that are else equal.
_VIETNAMESE_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER_KEYS = {letter: f"{position:02d}" for position, letter in enumerate(_VIETNAMESE_LETTERS, start=40)}
_DIGIT_KEYS = {str(digit): f"{digit + 20:02d}" for digit in range(10)}
_TONE_KEYS = {"\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0301": "5", "\u0323": "6"}
_LETTER_MARKS = {"\u0302", "\u0306", "\u031b"}
SORT_KEY_LENGTH = 240


# Embeddings, overrides and isolates turn what follows round, so that a name may look like another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Arabic, the scripts of India, Thai, Lao, Burmese, Khmer, Mongolian: there joiners and word breaks shape or part words.
_JOINERS = frozenset("\u200b\u200c\u200d")
_JOINING_SCRIPTS = range(0x0600, 0x1D00)
_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")


def nfc(text: str) -> str:
    """Return the text composed (NFC), which is how everything is stored."""
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return a name or title as it is stored: composed, on one line, without marks that nobody sees and nobody means.

    Joiners stay inside the scripts that need them. Text of which nothing shows becomes empty. What ``unseemly`` names
    stays, to be refused.
    """
    text = nfc(text)
    if not text.isprintable():
        text = "".join(_meant(_LINE_BREAKS.sub(" ", text)))
    return text if shows(text) else ""


def shows(text: str) -> bool:
    """Whether a reader sees anything of the text: not of spaces, of a zero-width mark, of an accent without a letter."""
    return any(unicodedata.category(character)[0] in "LNPS" for character in text) or bool(unseemly(text))


def unseemly(text: str, *, lines: bool = False) -> str:
    """Return the first character that must not be stored, or an empty text: a control, half of a pair, one that turns text round.

    ``lines``: tabs and line breaks are welcome, and so is turning, as in a quotation from Arabic.
    """
    if text.isprintable():
        return ""
    for character in text:
        category = unicodedata.category(character)
        if lines and character in "\t\n\r":
            continue
        if category in ("Cc", "Cs") or (character in _TURNING and not lines):
            return character
    return ""


def turns(character: str) -> bool:
    """Whether the character turns round the text that follows."""
    return character in _TURNING


def _meant(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        joins = character in _JOINERS and _joins(text[place - 1 : place]) and _joins(text[place + 1 : place + 2])
        # Format characters are pasted along unseen: soft hyphens, byte order marks, marks of direction, tags.
        if joins or character in _TURNING or unicodedata.category(character) != "Cf":
            yield character


def _joins(neighbour: str) -> bool:
    return bool(neighbour) and ord(neighbour) in _JOINING_SCRIPTS


def fold(text: str) -> str:
    """Return the form in which names are compared: no case, no marks, đ as d, one space between words.

    ``Hoà Bình``, ``Hòa Bình`` and ``HOA BINH`` fold to the same; so do NFC and NFD. Scripts whose vowels
    are combining marks (Thai, Lao, Khmer, Burmese) keep them: only marks on Latin, Greek and Cyrillic go.
    """
    if text.isascii():
        return " ".join(_ASCII_BREAKS.sub(" ", text.replace("'", "").replace("`", "")).lower().split())
    folded: list[str] = []
    base_is_alphabetic_script = False
    for character in unicodedata.normalize("NFKD", text).casefold():
        if unicodedata.combining(character):
            if not base_is_alphabetic_script:
                folded.append(character)
            continue
        base_is_alphabetic_script = ord(character) < 0x0590
        category = unicodedata.category(character)
        folded.append(character if category[0] in "LNM" else " " if character not in "'’‘ʼ`´" else "")
    return " ".join("".join(folded).translate(_UNMARKED).split())


def sort_key(text: str) -> str:
    """Return an ASCII key whose byte order is Vietnamese dictionary order, on every database.

    Letters first (đ after d, ơ after ô), tones only as a tie-break, other scripts after Latin by code point.
    """
    letters: list[str] = []
    tones: list[str] = []
    for character in nfc(text).casefold():
        letter, tone = _split_tone(character)
        if key := _LETTER_KEYS.get(letter) or _DIGIT_KEYS.get(letter):
            letters.append(key)
            tones.append(tone)
        elif character.isspace() or unicodedata.category(character)[0] in "PZ":
            if letters and letters[-1] != "10":
                letters.append("10")
        else:
            letters.append(f"9{ord(character):06x}")
    return ("".join(letters) + "0" + "".join(tones))[:SORT_KEY_LENGTH]


@lru_cache(maxsize=4_096)
def _split_tone(character: str) -> tuple[str, str]:
    """Split one letter into its Vietnamese letter (ấ → â) and its tone digit (1 for none)."""
    tone = "1"
    kept: list[str] = []
    for part in unicodedata.normalize("NFD", character):
        if part in _TONE_KEYS:
            tone = _TONE_KEYS[part]
        elif part in _LETTER_MARKS or not unicodedata.combining(part):
            kept.append(part)
    return nfc("".join(kept)), tone
