"""Kinds of cells: how a value of the API stands in a cell, and what a cell that came back says in the API's terms.

What a cell says is taken for a value without judging it: a word that is on no list goes on as it is, and the body of the
API refuses it with the code it has for everybody. Only what a spreadsheet program itself may have spoilt is refused here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl.utils.datetime import from_excel

from crm.text import nfc
from crm.workbooks.words import Words
from crm.written import read_day

Raw = str | int | float | bool | date | datetime | None
# Days as spreadsheets number them, where the format of the cell was lost: from 1927 to 2119.
_DAY_NUMBERS = range(10_000, 80_000)


class UnreadableCellError(Exception):
    """The cell no longer says what was typed. ``code`` is stable; ``str(error)`` is for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def plain(raw: Raw) -> Raw:
    """A cell as people see it: composed, without blanks around it, with one kind of line break."""
    if isinstance(raw, str):
        return nfc(raw.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")).strip()
    return raw


def is_empty(raw: Raw) -> bool:
    return raw is None or raw == ""


@dataclass(frozen=True)
class Cell:
    """Text. ``blank``: what an empty cell says."""

    blank: Any = ""
    width: int = 24
    is_set: bool = False

    def written(self, value: Any, words: Words) -> Raw:
        """What stands in the cell for a value."""
        return None if value is None else str(value)

    def read(self, raw: Raw, words: Words) -> Any:
        """The value that a cell with something in it says. Raises UnreadableCellError."""
        if isinstance(raw, date):
            message = _("The program turned this text into a day. Format the cell as text and type it again.")
            raise UnreadableCellError("cell-turned-into-day", message)
        return _digits(raw)

    def says_the_same(self, raw: Raw, written: Raw) -> bool:
        """Whether the cell is as it was written, also where a spreadsheet program took text for a number."""
        if is_empty(raw) or is_empty(written):
            return is_empty(raw) and is_empty(written)
        if isinstance(raw, int | float) and isinstance(written, str):
            return _digits(raw) == written.lstrip("+0").replace(" ", "")
        return plain(raw) == plain(written)

    def offered(self, words: Words) -> list[str]:
        """What the cell may be chosen from; empty where anything may be typed."""
        return []


@dataclass(frozen=True)
class NumberCell(Cell):
    blank: Any = None
    width: int = 10

    def written(self, value: Any, words: Words) -> Raw:
        number: int | None = value
        return number

    def read(self, raw: Raw, words: Words) -> Any:
        if isinstance(raw, float) and raw.is_integer():
            return int(raw)
        if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 16:
            return int(raw)
        return raw.isoformat() if isinstance(raw, date) else raw


@dataclass(frozen=True)
class DayCell(Cell):
    """A day; its value is ISO 8601."""

    blank: Any = None
    width: int = 12

    def written(self, value: Any, words: Words) -> Raw:
        return date.fromisoformat(value) if value else None

    def read(self, raw: Raw, words: Words) -> Any:
        if isinstance(raw, datetime):
            return raw.date().isoformat()
        if isinstance(raw, date):
            return raw.isoformat()
        if isinstance(raw, int | float) and not isinstance(raw, bool) and int(raw) in _DAY_NUMBERS:
            return from_excel(int(raw)).date().isoformat()
        found = read_day(str(raw), today=timezone.localdate())
        # A month or a year alone is no day: the body of the API says so.
        return found.day.isoformat() if found and found.precision == "day" else str(raw)

    def says_the_same(self, raw: Raw, written: Raw) -> bool:
        return plain(raw.date() if isinstance(raw, datetime) else raw) == written


@dataclass(frozen=True)
class ChoiceCell(Cell):
    """One entry of a closed list; its value is the code. ``name``: of the vocabulary."""

    blank: Any = None
    name: str = ""

    def written(self, value: Any, words: Words) -> Raw:
        return None if value is None else words.lists[self.name].word(value)

    def read(self, raw: Raw, words: Words) -> Any:
        text = _digits(raw)
        return words.lists[self.name].code(text) or text

    def offered(self, words: Words) -> list[str]:
        return words.lists[self.name].words()


@dataclass(frozen=True)
class ChoicesCell(Cell):
    """Several entries of a closed list, parted by semicolons, in no order; their value is the list of codes."""

    blank: Any = ()
    name: str = ""
    width: int = 30
    is_set: bool = True

    def written(self, value: Any, words: Words) -> Raw:
        return "; ".join(words.lists[self.name].word(code) for code in value or ()) or None

    def read(self, raw: Raw, words: Words) -> Any:
        vocabulary = words.lists[self.name]
        return [vocabulary.code(part) or part for part in parts_of(raw)]


@dataclass(frozen=True)
class RecordCell(Cell):
    """Another record, by its label; its value is the public identifier. ``noun``: whose references."""

    blank: Any = None
    noun: str = ""
    width: int = 36

    def written(self, value: Any, words: Words) -> Raw:
        return words.records[self.noun].label(value) if value else None

    def read(self, raw: Raw, words: Words) -> Any:
        return words.records[self.noun].public_id(_digits(raw)) or _digits(raw)


@dataclass(frozen=True)
class RecordsCell(RecordCell):
    """Several records, parted by semicolons, in their order."""

    blank: Any = ()
    width: int = 48

    def written(self, value: Any, words: Words) -> Raw:
        return "; ".join(words.records[self.noun].label(one) for one in value or ()) or None

    def read(self, raw: Raw, words: Words) -> Any:
        references = words.records[self.noun]
        return [references.public_id(part) or part for part in parts_of(raw)]


def parts_of(raw: Raw) -> list[str]:
    """What a cell names one after the other, parted by semicolons or line breaks, each once."""
    if is_empty(raw):
        return []
    return list(dict.fromkeys(part.strip() for part in _digits(raw).replace("\n", ";").split(";") if part.strip()))


def _digits(raw: Raw) -> str:
    """Text as it reads; a number without “.0”."""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(plain(raw))
