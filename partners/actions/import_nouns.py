"""Which records a list can bring. Each noun says how its rows are read and written; apps above add theirs when they start."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.utils.functional import Promise

from crm.choices import ImportNoun
from crm.models import ImportJob
from crm.permissions import Permission
from crm.tabular import Table
from partners.actions.import_rows import Outcome, Problem


class NumberedRow(Protocol):
    """A row with its words turned into values."""

    @property
    def number(self) -> int: ...


class Planned(Protocol):
    """What becomes of one row, as the check shows it. ``likely``: records that it may mean; ``repeats``: an earlier row."""

    @property
    def row(self) -> NumberedRow: ...
    @property
    def name(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def likely(self) -> tuple[Any, ...]: ...
    @property
    def new_names(self) -> tuple[Any, ...]: ...
    @property
    def repeats(self) -> int: ...
    def shown(self) -> dict[str, tuple[Any, Any]]:
        """Field of the list → (before, after), in words or as keys of kinds (``kind_id``) and countries (``country_id``)."""


class ReadsRows(Protocol):
    """A ``ListResource``: which fields a list may fill, by which headers they are known, and the one that none may lack."""

    labels: ClassVar[Mapping[str, str | Promise]]
    usual_headers: ClassVar[Mapping[str, tuple[str, ...]]]
    required: ClassVar[str]


@dataclass(frozen=True)
class Reading:
    """A list on its way: its rows, and the actions on what they are.

    ``plan`` and ``write`` take a chunk of rows, ``by`` and ``run``, and return what becomes of each row, in order.
    """

    column_of: Mapping[str, str]
    rows: Iterator[Any]
    run: Any
    plan: Callable[..., Iterable[Planned]]
    write: Callable[..., Iterable[Planned]]
    # What the page of the check asks about beside the rows, by the name under which its preview is kept.
    found: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True)
class ImportedNoun:
    """What the imports know of one noun.

    ``silent``: which of "kind" and "country" may be said once for rows that do not say. ``rights``: what the account needs
    beside the right to import. ``row_by_row``: whether each row may be left out, and not only those that look known.
    """

    resource: type[ReadsRows]
    read: Callable[[ImportJob, Table, bool], Reading]
    not_required: str | Promise
    column_heading: str | Promise
    new_heading: str | Promise
    rights: tuple[Permission, ...] = ()
    silent: tuple[str, ...] = ()
    row_by_row: bool = False


_NOUNS: dict[ImportNoun, ImportedNoun] = {}


def register_noun(noun: ImportNoun, imported: ImportedNoun) -> None:
    """Let lists bring this noun. Called once, when its app starts."""
    _NOUNS[noun] = imported


def imported_noun(noun: str) -> ImportedNoun:
    """Return what is known of a noun. Raises LookupError for one that no list can bring."""
    return _NOUNS[ImportNoun(noun)]


def noun_choices() -> list[tuple[str, str | Promise]]:
    """The nouns that a list can bring, in the order of their names in the code."""
    return [(noun.value, noun.label) for noun in ImportNoun if noun in _NOUNS]
