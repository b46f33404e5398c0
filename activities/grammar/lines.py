"""A line as typed, beside its shadow: the same length, without case and marks, from which what is read is blotted out."""

import re
import unicodedata

from crm.text import fold, nfc

LONGEST = 4000
BLOT = "\x00"
_PUNCTUATION = " ,;:.-–—"
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Words that only join what was read, and so are no news once it is gone.
_JOINING = frozenset(["va", "voi", "cua", "cung", "tai", "o", "do", "cho", "and", "with", "of", "the", "from", "at", "to", "in", "by"])


class Word:
    """A word of the line: where it stands, and how it compares."""

    __slots__ = ("end", "folded", "start", "typed")

    def __init__(self, typed: str, start: int) -> None:
        self.typed, self.start, self.end = typed, start, start + len(typed)
        self.folded = fold(typed)


class Line:
    """``text`` is NFC, without control characters; offsets into it and into the shadow are the same."""

    def __init__(self, text: str) -> None:
        self.text = "".join(" " if unicodedata.category(letter) in {"Cc", "Cf"} else letter for letter in nfc(text))[:LONGEST]
        self.shadow = "".join(map(_shadow_of, self.text))

    def find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first place where the pattern, written without marks, fits what has not been read yet."""
        return pattern.search(self.shadow)

    def blot(self, start: int, end: int) -> None:
        """Mark a part as read: nothing else is read out of it."""
        self.shadow = f"{self.shadow[:start]}{BLOT * (end - start)}{self.shadow[end:]}"

    def typed(self, start: int, end: int) -> str:
        return " ".join(self.text[start:end].split())

    def words(self) -> list[Word]:
        """The words not read yet, in order."""
        return [Word(self.text[match.start() : match.end()], match.start()) for match in WORD.finditer(self.shadow)]

    def rest(self) -> str:
        """What has not been read, as typed; empty where only joining words and punctuation are left."""
        if all(word.folded in _JOINING for word in self.words()):
            return ""
        return _without_loose_ends(self._left())

    def rest_of_task(self) -> str:
        """The same of something to be done, which begins with its verb: "cho mượn phòng", "in kỷ yếu"."""
        return self._left().strip(_PUNCTUATION) if any(word.folded not in _JOINING for word in self.words()) else ""

    def _left(self) -> str:
        kept = "".join(" " if shadow == BLOT else letter for letter, shadow in zip(self.text, self.shadow, strict=True))
        return re.sub(r"\s+([,;.:])", r"\1", " ".join(kept.split()))


def _without_loose_ends(text: str) -> str:
    """Drop joining words and punctuation at the beginning, and punctuation at the end."""
    text = text.strip(_PUNCTUATION)
    first, _space, after = text.partition(" ")
    if after and fold(first) in _JOINING:
        return _without_loose_ends(after)
    return text


def _shadow_of(letter: str) -> str:
    """One character for one character, so that offsets stay: the folded letter, or what stands for punctuation."""
    folded = fold(letter)
    if len(folded) == 1:
        return folded
    return letter if len(letter.casefold()) != 1 else letter.casefold()
