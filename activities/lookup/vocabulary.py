"""Provinces, countries, fields, kinds and colleagues by their folded words, each table read in one query."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.utils import timezone

from activities.grammar.lines import Word
from activities.models import ExchangeKind
from crm.models import Country, Field, Province, ProvinceName, User
from crm.text import fold

Row = TypeVar("Row")
_KINDS_OF_PLACE = ("tinh ", "thanh pho ", "tp ", "t p ")
LONGEST_LABEL = 8


def longest_named(words: Sequence[Word], find: Callable[[str], tuple[Row, ...]]) -> tuple[int, tuple[Row, ...]]:
    """Ask for the longest beginning of the words that names something: how many words it has, and all that it may mean."""
    for length in range(min(len(words), LONGEST_LABEL), 0, -1):
        if rows := find(" ".join(word.folded for word in words[:length])):
            return length, rows
    return 0, ()


class Provinces:
    """All names of all provinces; of one name, those that existed on the day are meant. One query, and one for what was found."""

    def __init__(self, day: date) -> None:
        self._by_name: dict[str, set[int]] = {}
        self._alive: set[int] = set()
        for name in ProvinceName.objects.select_related("province"):
            province = name.province
            self._by_name.setdefault(name.folded, set()).add(province.pk)
            self._by_name.setdefault(fold(province.name_vi), set()).add(province.pk)
            if (province.valid_from is None or province.valid_from <= day) and (province.valid_to is None or day < province.valid_to):
                self._alive.add(province.pk)

    def find(self, folded: str) -> tuple[Province, ...]:
        keys = self._keys(folded)
        return tuple(Province.objects.filter(pk__in=(keys & self._alive) or keys).order_by("sort_key", "pk")) if keys else ()

    def _keys(self, folded: str) -> set[int]:
        bare = next((folded.removeprefix(kind) for kind in _KINDS_OF_PLACE if folded.startswith(kind)), folded)
        return self._by_name.get(folded) or self._by_name.get(bare, set())


class Countries:
    """Countries by their names in Vietnamese and English. One query."""

    def __init__(self) -> None:
        self._by_name = {fold(name): country for country in Country.objects.all() for name in (country.name_en, country.name_vi)}

    def find(self, folded: str) -> tuple[Country, ...]:
        return (self._by_name[folded],) if folded in self._by_name else ()


class Fields:
    """Fields of cooperation by label or code: the whole label, else its beginning, else words that begin its words. One query."""

    def __init__(self) -> None:
        today = timezone.localdate()
        offered = Field.objects.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today)).order_by("bit")
        self._labels = [(field, (fold(field.label_vi), fold(field.label_en), fold(field.code))) for field in offered]

    def find(self, folded: str) -> tuple[Field, ...]:
        tests: tuple[Callable[[str], bool], ...] = (
            lambda label: label == folded,
            lambda label: label.startswith(f"{folded} "),
            lambda label: label.startswith(folded),
            lambda label: all(f" {word}" in f" {label}" for word in folded.split()),
        )
        for test in tests if len(folded) > 1 else ():
            if found := tuple(field for field, labels in self._labels if any(map(test, labels))):
                return found
        return ()


def kind_labels(kinds: Iterable[ExchangeKind]) -> dict[tuple[str, ...], str]:
    """The labels of the kinds as words. "Khác" and "Other" are too common to mean a kind."""
    labels = {
        tuple(fold(label).split()): kind.code for kind in kinds if kind.code != "OTHER" for label in (kind.label_en, kind.label_vi) if label
    }
    return {words: code for words, code in labels.items() if words}


def colleagues() -> QuerySet[User]:
    """Who may be given something to do."""
    return User.objects.filter(is_active=True, is_program=False).order_by("pk")


def find_colleague(typed: str) -> User | None:
    """The one active colleague of that name; None where there is none, or more than one."""
    return colleague_among(colleagues(), typed) if fold(typed) else None


def colleague_among(people: Iterable[User], typed: str) -> User | None:
    """The one whose name ends with, or holds, all the words; None where there is none, or more than one."""
    words = fold(typed).split()
    named: Mapping[str, list[Any]] = {"last": [], "any": []}
    for user in people:
        name = fold(f"{user.full_name}").split()
        if name[-len(words) :] == words or fold(user.username).split() == words:
            named["last"].append(user)
        elif all(word in name for word in words):
            named["any"].append(user)
    found = named["last"] or named["any"]
    return found[0] if len(found) == 1 else None
