"""What cells say for codes and identifiers, and back: in the words of either language, or by the code itself."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import translation

from crm.models.records import reads_english
from crm.text import fold, nfc


class Vocabulary:
    """A closed list: codes with their words in Vietnamese and English."""

    def __init__(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """``entries``: code, Vietnamese, English."""
        self._words = {code: (vietnamese, english) for code, vietnamese, english in entries}
        self._exact: dict[str, str] = {}
        folded: defaultdict[str, set[str]] = defaultdict(set)
        for code, words in self._words.items():
            for word in (*words, code):
                self._exact.setdefault(_key(word), code)
                folded[fold(word)].add(code)
        self._folded = {word: codes.pop() for word, codes in folded.items() if word and len(codes) == 1}

    @classmethod
    def of_choices(cls, choices: Iterable[tuple[Any, Any]]) -> "Vocabulary":
        """From choices as a field has them, the labels to be translated."""
        listed = list(choices)
        spoken = {}
        for language in ("vi", "en"):
            with translation.override(language):
                spoken[language] = [str(label) for _code, label in listed]
        return cls(zip((str(code) for code, _label in listed), spoken["vi"], spoken["en"], strict=True))

    def word(self, code: str) -> str:
        """What the reader's language says for the code; a code that is no longer known stands for itself."""
        return self._words.get(code, (code, code))[int(reads_english())]

    def words(self) -> list[str]:
        """All words of the reader's language, in the order of the list."""
        return [words[int(reads_english())] for words in self._words.values()]

    def code(self, text: str) -> str | None:
        """The code that the text means, in either language and however marked; None where it is none or could be two."""
        return self._exact.get(_key(text)) or self._folded.get(fold(text))


class References:
    """Records that cells name: the labels that one workbook uses, and whose they are.

    ``labels``: public identifier → label. A label stands for one record only. ``ambiguous``: words that could mean several.
    """

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        self.labels: dict[str, str] = {}
        self.ambiguous: set[str] = set()
        self._ids: dict[str, str] = {}
        for public_id, label in (labels or {}).items():
            self.add(public_id, label)

    def add(self, public_id: str, label: str) -> str:
        """Give the record a label of its own, made from the one wished for; return it."""
        if public_id in self.labels:
            return self.labels[public_id]
        own, number = _plain(label), 1
        while _key(own) in self._ids:
            number += 1
            own = f"{_plain(label)} ({number})"
        self.labels[public_id], self._ids[_key(own)] = own, public_id
        return own

    def remember(self, text: str, public_id: str) -> None:
        """Another word by which the record is meant."""
        self._ids.setdefault(_key(text), public_id)
        self.labels.setdefault(public_id, text)

    def label(self, public_id: str) -> str:
        return self.labels.get(public_id, public_id)

    def public_id(self, label: str) -> str | None:
        return self._ids.get(_key(label))


class Words:
    """Everything that the cells of one workbook may say. ``lists``: vocabularies by name; ``records``: references by noun."""

    def __init__(self, lists: Mapping[str, Vocabulary], records: Mapping[str, References]) -> None:
        self.lists = lists
        self.records = records


def _key(text: str) -> str:
    return nfc(text).strip().casefold()


def _plain(label: str) -> str:
    """A label on one line, without the sign that parts several."""
    return " ".join(label.replace(";", ",").split())[:200]
