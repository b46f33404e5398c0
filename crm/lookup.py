"""Finding a country or a province by whatever it is called; what has two meanings is asked, never guessed."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz, process

from crm.models import Country, Province
from crm.text import fold, nfc

SUGGESTIONS = 3
LEAST_LIKENESS = 70


class NotFound(ValidationError):  # noqa: N818  (reads as what happened: raise NotFound)
    """Nothing is called that, or was on the day. ``suggestions``: what comes nearest, as rows of the table."""

    def __init__(self, text: str, suggestions: Sequence[Any] = (), *, on: date | None = None) -> None:
        # Of two provinces of one name, of today and before, one is enough.
        once: dict[str, Any] = {}
        for row in suggestions:
            once.setdefault(str(row), row)
        self.text, self.suggestions = text, list(once.values())[:SUGGESTIONS]
        near = ", ".join(str(suggestion) for suggestion in self.suggestions)
        if on and near:
            message = _("“%(text)s” did not exist on %(day)s. Did you mean: %(near)s?")
        elif near:
            message = _("“%(text)s” is not known. Did you mean: %(near)s?")
        else:
            message = _("“%(text)s” is not known.")
        day = date_format(on, "SHORT_DATE_FORMAT") if on else ""
        super().__init__(message, code="not-found", params={"text": text[:80], "near": near, "day": day})


class Ambiguous(ValidationError):  # noqa: N818  (reads as what happened: raise Ambiguous)
    """Several things are called that. ``candidates``: which, as rows of the table."""

    def __init__(self, text: str, candidates: Sequence[Any], *, a_day_would_help: bool = False) -> None:
        self.text, self.candidates = text, list(candidates)
        choices = ", ".join(str(candidate) for candidate in self.candidates)
        if a_day_would_help:
            message = _("“%(text)s” has meant: %(choices)s. Say which one, or on which day.")
        else:
            message = _("“%(text)s” may mean: %(choices)s. Say which one.")
        super().__init__(message, code="ambiguous", params={"text": text[:80], "choices": choices})


class Spelling(NamedTuple):
    """A spelling and the days on which it was in use, ``[start, end)``."""

    target: int
    start: date | None
    end: date | None

    def holds_on(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


class _Spellings:
    """Spellings by the text as written (case apart), by folded text, and codes by themselves.

    A text with marks means what is spelt with these marks ("Áo" is no Angola, "Mỹ" no Malaysia). A code is read
    as one only when written as one: in capitals, or all in small letters where no name is spelt so.
    """

    def __init__(self) -> None:
        self.written: dict[str, list[Spelling]] = {}
        self.folded: dict[str, list[Spelling]] = {}
        self.codes: dict[str, list[Spelling]] = {}

    def add(self, name: str, folded: str, spelling: Spelling) -> None:
        self.written.setdefault(_as_written(name), []).append(spelling)
        self.folded.setdefault(folded, []).append(spelling)

    def add_code(self, code: str | None, spelling: Spelling) -> None:
        if code:
            self.codes.setdefault(code, []).append(spelling)

    def of(self, text: str) -> list[Spelling]:
        written = self.written.get(_as_written(text), [])
        stripped = text.strip()
        if stripped.upper() == stripped:
            written = written + self.codes.get(stripped, [])
        if written:
            return written
        return self.folded.get(fold(text), []) + (self.codes.get(stripped.upper(), []) if stripped.islower() else [])

    def nearest(self, text: str) -> list[int]:
        """Targets of the most similar spellings, the nearest first: at most ten spellings, so a few targets more than are shown."""
        found = process.extract(fold(text), self.folded.keys(), scorer=fuzz.token_sort_ratio, limit=10, score_cutoff=LEAST_LIKENESS)
        targets = dict.fromkeys(spelling.target for name, _score, _index in found for spelling in self.folded[name])
        return list(targets)


def _as_written(text: str) -> str:
    return " ".join(nfc(text).casefold().split())


def _rows(model: type[Model], keys: Iterable[int]) -> list[Any]:
    rows = model._default_manager.in_bulk(list(keys))
    return [rows[key] for key in dict.fromkeys(keys) if key in rows]


class CountryIndex:
    """All names and codes of all countries, read in one query; for imports, which ask a thousand times."""

    def __init__(self) -> None:
        self._spellings = _Spellings()
        self._countries: dict[int, Country] = {}
        named = ("names__name", "names__folded", "names__valid_from", "names__valid_to")
        own = set()
        for key, alpha2, alpha3, name_vi, name_en, name, folded, start, end in Country.objects.values_list(
            "pk", "alpha2", "alpha3", "name_vi", "name_en", *named
        ):
            if key not in own:
                own.add(key)
                always = Spelling(key, None, None)
                self._spellings.add_code(alpha2, always)
                self._spellings.add_code(alpha3, always)
                for own_name in (name_vi, name_en):
                    self._spellings.add(own_name, fold(own_name), always)
            if name is not None:
                self._spellings.add(name, folded, Spelling(key, start, end))

    def find(self, text: str, *, on: date | None = None) -> Country:
        """Return the country that the text names, on the day if one is given.

        Raises NotFound or Ambiguous. A former name is understood on any day when nothing else was called so then.
        """
        spellings = self._spellings.of(text)
        if on:
            spellings = [spelling for spelling in spellings if spelling.holds_on(on)] or spellings
        targets = list(dict.fromkeys(spelling.target for spelling in spellings))
        if not targets:
            raise NotFound(text, _rows(Country, self._spellings.nearest(text)))
        if len(targets) > 1:
            raise Ambiguous(text, _rows(Country, targets))
        if targets[0] not in self._countries:
            self._countries[targets[0]] = Country.objects.get(pk=targets[0])
        return self._countries[targets[0]]


class ProvinceIndex:
    """All names and codes of all provinces, of today and before, read in one query."""

    def __init__(self) -> None:
        self._spellings = _Spellings()
        self._lives: dict[int, Spelling] = {}
        self._names: dict[int, str] = {}
        read = Province.objects.values_list("pk", "valid_from", "valid_to", "name_vi", "names__name", "names__folded", "codes__code")
        for key, start, end, own_name, name, folded, code in read:
            life = self._lives.setdefault(key, Spelling(key, start, end))
            self._names[key] = fold(own_name)
            self._spellings.add(own_name, self._names[key], life)
            self._spellings.add_code(code, life)
            if name is not None:
                self._spellings.add(name, folded, life)

    def find(self, text: str, *, on: date | None = None) -> Province:
        """Return the province that the text names, on the day if one is given; see ``find_province``.

        Spreadsheets drop the zero of a code such as 01, so it is put back.
        """
        spellings = self._spellings.of(text) or self._spellings.of(_without_kind(text)) or self._spellings.of(text.strip().zfill(2))
        targets = list(dict.fromkeys(spelling.target for spelling in spellings))
        if not targets:
            raise NotFound(text, _rows(Province, self._spellings.nearest(text)))
        existing = [target for target in targets if self._lives[target].holds_on(on or timezone.localdate())]
        if on and not existing:
            related = Q(predecessions__predecessor__in=targets) | Q(successions__successor__in=targets)
            raise NotFound(text, list(Province.objects.on(on).filter(related).distinct()), on=on)
        one_name = len({self._names[target] for target in targets}) == 1
        chosen = existing if on or (existing and one_name) else targets
        if len(chosen) > 1:
            raise Ambiguous(text, _rows(Province, chosen), a_day_would_help=on is None)
        return Province.objects.get(pk=chosen[0])


def find_province(text: str, *, on: date | None = None) -> Province:
    """Return the province called so on the day, by any name, with or without marks, or by its statistical code.

    Without a day the province of today is meant where one of the same name ended ("Gia Lai"), and a former one by a
    name that no longer exists ("Bình Định"). A code that passed to a province of another name (52) is asked.
    Raises NotFound or Ambiguous.
    """
    return ProvinceIndex().find(text, on=on)


def _without_kind(text: str) -> str:
    """The text without the word for the kind of unit: "TP Đà Nẵng", "tỉnh Gia Lai", "Gia Lai province"."""
    return re.sub(r"^(tinh|thanh pho|tp|t p|t) | (province|city)$", "", fold(text))
