"""How well likely duplicates are told from look-alikes: precision and recall over pairs judged by hand.

The pairs are in ``tests/partners/gold_pairs.csv``, one a line: whether they are the same, what they are, and the two, each
as ``name; other name [city] <host>``, for people ``name; form (country) <e-mail> +phone @partner``. Every second line is
kept out of all tuning; both halves are printed.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from partners.duplicates import KnownPartner, KnownPerson, compare, compare_people

GOLD = Path(__file__).parents[1] / "tests" / "partners" / "gold_pairs.csv"
_MARKS = {"city": r"\[([^\]]*)\]", "host": r"<([^>]*)>", "country": r"\(([A-Z]{2})\)", "phone": r"(\+[\d ]{8,})", "partner": r"@(\d+)"}


@dataclass(frozen=True)
class Pair:
    """Two names as a person judged them. ``held_out``: kept out of all tuning."""

    same: bool
    noun: str
    one: str
    other: str
    held_out: bool

    @property
    def called_same(self) -> bool:
        """What the product says of the two."""
        if self.noun == "partner":
            return compare(_partner(self.one), _partner(self.other)) is not None
        return compare_people(_person(self.one), _person(self.other)) is not None


@dataclass(frozen=True)
class Score:
    """Of the pairs called the same, the share that are (precision); of those that are, the share called so (recall)."""

    pairs: int
    precision: float
    recall: float


def gold_pairs() -> list[Pair]:
    with GOLD.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [Pair(row["same"] == "yes", row["noun"], row["one"], row["other"], number % 2 == 1) for number, row in enumerate(rows)]


def score(pairs: list[Pair]) -> Score:
    called = [pair for pair in pairs if pair.called_same]
    right = sum(pair.same for pair in called)
    return Score(len(pairs), right / max(1, len(called)), right / max(1, sum(pair.same for pair in pairs)))


def _partner(text: str) -> KnownPartner:
    values, names = _read(text, "city", "host")
    return KnownPartner.of(
        name=names[0],
        other_names=names[1:],
        country_id=1,
        city=values["city"],
        website=f"https://{values['host']}" if values["host"] else "",
    )


def _person(text: str) -> KnownPerson:
    values, names = _read(text, "country", "host", "phone", "partner")
    country = sum(ord(letter) << (8 * place) for place, letter in enumerate(values["country"])) or None
    partners = [int(values["partner"])] if values["partner"] else []
    return KnownPerson.of(forms=names, country_id=country, email=values["host"], phone=values["phone"], partners=partners)


def _read(text: str, *marks: str) -> tuple[dict[str, str], list[str]]:
    values = {}
    for mark in marks:
        found = re.search(_MARKS[mark], text)
        values[mark] = found[1] if found else ""
        text = re.sub(_MARKS[mark], "", text)
    return values, [name.strip() for name in text.split(";") if name.strip()]
