"""What a card says of a person, whichever version it was written in."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# The language that a script tells; Latin letters tell none.
_SCRIPTS = {
    "LAO": "lo", "THAI": "th", "KHMER": "km", "MYANMAR": "my", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh",
    "CYRILLIC": "ru", "ARABIC": "ar", "GREEK": "el", "HEBREW": "he", "DEVANAGARI": "hi", "GEORGIAN": "ka", "ARMENIAN": "hy",
}  # fmt: skip


@dataclass(frozen=True)
class CardPost:
    """A post: the organisation, and the title by language code; under an empty code one whose language nobody told."""

    organisation: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """A person as a card tells. ``latin_name`` and ``native_name``: other forms of ``full_name``. ``native_parts`` are only written."""

    full_name: str = ""
    latin_name: str = ""
    native_name: str = ""
    family: str = ""
    middle: str = ""
    given: str = ""
    native_parts: tuple[str, str, str] = field(default=("", "", ""), compare=False)
    posts: tuple[CardPost, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    note: str = ""
    uid: str = ""
    revised_at: datetime | None = None


def language_of(text: str) -> str:
    """The language that the script of the text tells (``lo``, ``zh``, ``ru`` …); empty for Latin letters and for none."""
    for character in text:
        if character.isalpha():
            script = unicodedata.name(character, "").split(" ")[0]
            if language := _SCRIPTS.get(script):
                return "ja" if language == "zh" and re.search("[\u3040-\u30ff]", text) else language
    return ""
