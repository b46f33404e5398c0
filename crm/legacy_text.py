"""Vietnamese text of the time before Unicode: TCVN3 (fonts such as .VnTime), VNI, and UTF-8 that was read as Windows-1252.

In files of that time each letter is stored as a Latin letter or sign that only its font shows as Vietnamese, so
"Hà Nội" stands there as "Hµ Néi" (TCVN3) or "Haø Noäi" (VNI). Whether a text is of that kind is scored, not guessed by
single letters: of the words that hold a letter or sign outside ASCII, which share are Vietnamese syllables as they
stand, and which share once converted? A coding is believed from ``BELIEVED_FROM`` on, when converting raises the share
by at least ``GAIN``. What is believed is shown to people before it is stored; what is not, is not converted.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

BELIEVED_FROM = 0.7
GAIN = 0.3
# One converted syllable may be chance; so many different ones are not.
LEAST_WORDS = 2


class Coding(StrEnum):
    TCVN3 = "tcvn3"
    VNI = "vni"
    MISREAD_UTF8 = "misread"


# --- Tables ------------------------------------------------------------------------------------------

_TCVN3_RUNS = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ", 0xB5: "àảãáạ", 0xBB: "ằẳẵắ", 0xC6: "ặầẩẫấậè",
    0xCE: "ẻẽéẹềểễếệìỉ", 0xDC: "ĩíịò", 0xE1: "ỏõóọồổỗốộờởỡớợù", 0xF1: "ủũúụừửữứựỳỷỹýỵ",
}  # fmt: skip
_TCVN3 = {chr(start + place): letter for start, letters in _TCVN3_RUNS.items() for place, letter in enumerate(letters)}

# VNI writes a mark after its letter: the signs for each vowel, in the order of the letters they make.
_VNI_MARKED = {
    "a": ("áàảãạâấầẩẫậăắằẳẵặ", "ùøûõïâáàåãäêéèúüë"),
    "e": ("éèẻẽẹêếềểễệ", "ùøûõïâáàåãä"),
    "o": ("óòỏõọôốồổỗộ", "ùøûõïâáàåãä"),
    "u": ("úùủũụ", "ùøûõï"),
    "y": ("ýỳỷỹ", "ùøûõ"),
    "ô": ("ớờởỡợ", "ùøûõï"),
    "ö": ("ứừửữự", "ùøûõï"),
}
_VNI_SINGLE = dict(zip("ôöæóòîñ", "ơưỉĩịỵđ", strict=True))
_VNI = {base + sign: letter for base, (letters, signs) in _VNI_MARKED.items() for letter, sign in zip(letters, signs, strict=True)}
_VNI |= _VNI_SINGLE
_VNI |= {signs.upper(): letter.upper() for signs, letter in _VNI.items()}
# A capital is sometimes followed by the small sign.
_VNI |= {signs[0].upper() + signs[1]: letter.upper() for signs, letter in list(_VNI.items()) if len(signs) == 2 and signs.islower()}
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

# What a program showed for bytes of Windows-1252, back to the sign that the tables above know.
# Five codes are undefined there; programs pass them through as control signs.
_WINDOWS_LETTERS = {code: bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xA0)}
_WINDOWS_SIGNS = {letter: chr(code) for code, letter in _WINDOWS_LETTERS.items()}
_FORMER_FONTS = {Coding.TCVN3: re.compile(r"^\.vn", re.IGNORECASE), Coding.VNI: re.compile(r"^vni[- ]", re.IGNORECASE)}


def decode_windows(content: bytes) -> str:
    """Return bytes as programs of that time showed them: Windows-1252, no byte refused."""
    return content.decode("latin-1").translate(_WINDOWS_LETTERS)


def convert(text: str, coding: Coding, *, capitals: bool = False) -> str:
    """Return the text in Unicode (NFC). ``capitals``: the font shows small letters as capitals (.VnTimeH).

    Text that cannot be of that coding comes back as it is.
    """
    if coding is Coding.MISREAD_UTF8:
        return _read_again(text)
    if coding is Coding.VNI:
        return unicodedata.normalize("NFC", _VNI_PATTERN.sub(lambda found: _VNI[found[0]], text))
    converted = "".join(_TCVN3.get(_WINDOWS_SIGNS.get(sign, sign), sign) for sign in text)
    return converted.upper() if capitals else _with_capitals(text, converted)


def encode(text: str, coding: Coding) -> str:
    """Return Unicode text as the former fonts store it, for trying out and tests; ``convert`` is its inverse.

    TCVN3 has no capitals with tones: its fonts for capitals show the small letters, which is what comes out here.
    """
    composed = unicodedata.normalize("NFC", text)
    if coding is Coding.MISREAD_UTF8:
        return "".join(_WINDOWS_LETTERS.get(code, chr(code)) for code in composed.encode())
    table = {letter: signs for signs, letter in (_TCVN3 if coding is Coding.TCVN3 else _VNI).items() if not _is_mixed_case(signs)}
    return "".join(table.get(letter) or table.get(letter.lower(), letter) for letter in composed)


def font_coding(font: str | None) -> Coding | None:
    """Return the coding that a font of that name shows, or None for any other font."""
    return next((coding for coding, pattern in _FORMER_FONTS.items() if pattern.match(font or "")), None)


def font_shows_capitals(font: str | None) -> bool:
    """Whether the font is one of the TCVN3 fonts that show small letters as capitals (.VnTimeH, .VnArialH)."""
    return bool(font) and font_coding(font) is Coding.TCVN3 and str(font).endswith("H")


def _is_mixed_case(signs: str) -> bool:
    return len(signs) == 2 and signs[0].isupper() and signs[1].islower()


def _read_again(text: str) -> str:
    try:
        raw = bytes(ord(_WINDOWS_SIGNS.get(letter, letter)) for letter in text)
        return unicodedata.normalize("NFC", raw.decode())
    except (UnicodeDecodeError, ValueError):
        return text


def _with_capitals(text: str, converted: str) -> str:
    """TCVN3 typed in capitals keeps small letters where there is a tone ("Hµ NéI"): they follow the plain letters around."""
    if _is_in_capitals(text, least=3):
        return converted.upper()
    words = zip(text.split(" "), converted.split(" "), strict=True)
    return " ".join(after.upper() if _is_in_capitals(before, least=2) else after for before, after in words)


def _is_in_capitals(text: str, *, least: int) -> bool:
    plain = [letter for letter in text if letter.isascii() and letter.isalpha()]
    return len(plain) >= least and all(letter.isupper() for letter in plain)


# --- Scoring -----------------------------------------------------------------------------------------

_ONSETS = "ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx]"
_VOWELS = (
    "a|ă|â|e|ê|i|o|ô|ơ|u|ư|y|ia|iê|ya|yê|ua|uô|ưa|ươ|oa|oă|oe|oo|uâ|uê|uơ|uy|uya|uyê|"
    "ai|ao|au|ay|âu|ây|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|iêu|yêu|oai|oao|oay|oeo|uây|uôi|ươi|ươu|uyu|uêu"
)
_SYLLABLE = re.compile(rf"^(?:{_ONSETS})?(?:{_VOWELS})(?P<end>ngh|ng|nh|ch|[cmnpt])?$")
_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
# Vowels, and the marks that make â, ă and ơ of them.
_TONE_BEARERS = frozenset("aeiouy\u0302\u0306\u031b")
# Syllables that end in a stop have one of two tones, which rules out most words of other languages.
_STOPS = {"c", "ch", "p", "t"}
_STOP_TONES = {"\u0301", "\u0323"}
# A hard space after these is the second half of a misread letter: "LÃ\xa0o" is one word.
_BREAKS = re.compile(r"(?:[ \t-\r\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\d–—“”…]|(?<![ÃÄÆº»])\xa0)+")


@dataclass(frozen=True)
class Recognised:
    """A coding and how sure: shares (0 to 1) of Vietnamese syllables before and after converting."""

    coding: Coding
    before: float
    after: float


@lru_cache(maxsize=32_768)
def is_syllable(word: str) -> bool:
    """Whether the word could be a Vietnamese syllable: onset, vowels, ending, at most one tone, which a stop limits."""
    tones: list[str] = []
    letters: list[str] = []
    for sign in unicodedata.normalize("NFD", word.lower()):
        if sign not in _TONES:
            letters.append(sign)
        elif not letters or letters[-1] not in _TONE_BEARERS:
            return False
        else:
            tones.append(sign)
    match = _SYLLABLE.match(unicodedata.normalize("NFC", "".join(letters)))
    if match is None or len(tones) > 1:
        return False
    return not (match["end"] in _STOPS and not (tones and tones[0] in _STOP_TONES))


def recognise(texts: Iterable[str], *, hint: Coding | None = None) -> Recognised | None:
    """Return the coding in which these texts (the cells of a column, say) are written, or None for Unicode.

    ``hint``: what the font says; it makes up for few words, never against the score.
    """
    words = marked_words(texts)
    if not words:
        return None
    before = share_of_syllables(words)
    if before > 1 - GAIN:
        return None
    found = [Recognised(coding, before, _share_converted(words, coding)) for coding in Coding]
    best = max(found, key=lambda each: (each.after, each.coding is hint))
    enough = len(words) >= LEAST_WORDS or best.coding is hint
    return best if enough and best.after >= BELIEVED_FROM and best.after - before >= GAIN else None


def is_better_converted(text: str, coding: Coding) -> bool:
    """Whether this one cell of a column in that coding is of it too, so that cells typed in Unicode later stay as they are."""
    words = marked_words([text])
    if coding is not Coding.MISREAD_UTF8 and any(ord(_WINDOWS_SIGNS.get(sign, sign)) > 0xFF for sign in text if sign.isalpha()):
        return False
    return bool(words) and _share_converted(words, coding) > share_of_syllables(words)


def _share_converted(words: Iterable[str], coding: Coding) -> float:
    """Return the share of syllables among the converted words. Only VNI has letters that are the same in Unicode (í, ì)."""
    converted = [(word, convert(word, coding)) for word in words]
    return share_of_syllables([after if after != word or coding is Coding.VNI else "-" for word, after in converted])


def share_of_syllables(words: Iterable[str]) -> float:
    words = list(words)
    return sum(is_syllable(word) for word in words) / len(words) if words else 0.0


def marked_words(texts: Iterable[str]) -> list[str]:
    """The different words that hold something outside ASCII."""
    found = {word for text in texts if not text.isascii() for word in _BREAKS.split(unicodedata.normalize("NFC", text))}
    return sorted(word for word in found if word and not word.isascii())
