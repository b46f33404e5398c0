"""Reading a policy version from its file: every key known, every number exact, every mistake named with its place."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activities.choices import Level, PointsClass

_SIDES = ("both", "one")
_CLASSES = [member.name.lower() for member in PointsClass]
_LEVELS = [member.name.lower() for member in Level]
_FACTORS = ("base_points", "level_factors", "sides_factors")
_KEYS = {
    "": [
        *("code", "name", "effective_from", "approved_on", "approver", "reason", "half_life_days", "window_days", "half_index_points"),
        *("base_points", "level_factors", "sides_factors", "caps", "bands", "cadences"),
    ],
    "base_points": _CLASSES,
    "level_factors": _LEVELS,
    "sides_factors": list(_SIDES),
    "caps": ["day_points", "letter_points", "letter_days"],
    "bands": ["thin", "kept", "close"],
}
_CADENCE_KEYS = ["required", "cadence_days", "least_level"]


class PolicyFile:
    """A policy version as its file says it. Raises ValidationError with one message for each mistake."""

    def __init__(self, text: str) -> None:
        try:
            self.content: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise ValidationError(_("This is no TOML file: %(error)s"), code="not-toml", params={"error": error}) from error
        if mistakes := [*self._key_mistakes()] or [*self._value_mistakes()]:
            raise ValidationError(mistakes, code="policy-file")

    @property
    def sha256(self) -> str:
        """The digest of what the file means: comments, blanks and the order of keys do not change it."""
        meaning = json.dumps(self.content, sort_keys=True, default=_canonical, ensure_ascii=False)
        return hashlib.sha256(meaning.encode()).hexdigest()

    def values(self) -> dict[str, Any]:
        """The columns of the policy version."""
        content, caps = self.content, self.content["caps"]
        plain = ["code", "name", "effective_from", "approved_on", "approver", "half_life_days", "window_days", "half_index_points"]
        return {
            **{key: content[key] for key in plain},
            "reason": content["reason"].strip(),
            "day_cap": _hundredths(caps["day_points"]),
            "letter_cap": _hundredths(caps["letter_points"]),
            "letter_cap_days": caps["letter_days"],
            **{f"band_{band}": start for band, start in content["bands"].items()},
        }

    def points(self) -> Iterator[tuple[PointsClass, Level, bool, int]]:
        """Yield (class, level, one-sided, hundredths of a point) for all 42 combinations: M1 = base × level × sides."""
        for points_class, level, sides in self._combinations():
            yield points_class, level, sides == "one", _hundredths(self._product(points_class, level, sides))

    def cadences(self) -> dict[str, dict[str, int]]:
        """What each tier asks, by tier code."""
        return {
            code: {**asked, "least_level": Level[asked["least_level"].upper()].value} for code, asked in self.content["cadences"].items()
        }

    def _combinations(self) -> Iterator[tuple[PointsClass, Level, str]]:
        return ((points_class, level, sides) for points_class in PointsClass for level in Level for sides in _SIDES)

    def _product(self, points_class: PointsClass, level: Level, sides: str) -> Decimal:
        content = self.content
        base, factor = content["base_points"][points_class.name.lower()], content["level_factors"][level.name.lower()]
        return Decimal(base) * Decimal(factor) * Decimal(content["sides_factors"][sides])

    def _key_mistakes(self) -> Iterator[str]:
        for table, keys in _KEYS.items():
            found = self.content.get(table, {}) if table else self.content
            yield from _compare_keys(table, found, keys)
        cadences = self.content.get("cadences")
        for code, asked in cadences.items() if isinstance(cadences, dict) else ():
            yield from _compare_keys(f"cadences.{code}", asked, _CADENCE_KEYS)

    def _value_mistakes(self) -> Iterator[str]:
        content = self.content
        yield from _not_of(content, ["code", "name", "approver", "reason"], str, _("a text in quotes"))
        yield from _not_of(content, ["effective_from", "approved_on"], date, _("a day such as 2025-01-31"))
        yield from _not_of(content, ["half_life_days", "window_days", "half_index_points"], int, _("a whole number from 1"))
        yield from _not_of(content["caps"], ["letter_days"], int, _("a whole number from 1"), table="caps")
        yield from _not_of(content["bands"], _KEYS["bands"], int, _("a whole number from 1"), table="bands")
        for code, asked in content["cadences"].items():
            yield from _not_of(asked, ["required", "cadence_days"], int, _("a whole number from 1"), table=f"cadences.{code}")
            if asked["least_level"] not in _LEVELS:
                yield _("cadences.%(code)s.least_level must be one of %(levels)s.") % {"code": code, "levels": ", ".join(_LEVELS)}
        numbers = {f"{table}.{key}": value for table in _FACTORS for key, value in content[table].items()}
        numbers |= {f"caps.{key}": content["caps"][key] for key in ("day_points", "letter_points")}
        if wrong := [key for key, value in numbers.items() if not _is_exact_number(value)]:
            yield from (_("%(key)s must be a number from 0 to 1000, such as 1.5.") % {"key": key} for key in wrong)
        else:
            yield from self._inexact_points()

    def _inexact_points(self) -> Iterator[str]:
        """Points are whole hundredths, so that sums are exact."""
        for points_class, level, sides in self._combinations():
            product = self._product(points_class, level, sides)
            if product * 100 % 1:
                place = f"{points_class.name.lower()} × {level.name.lower()} × {sides}"
                yield _("%(place)s makes %(points)s points, which are no whole hundredths.") % {"place": place, "points": product}


def _compare_keys(table: str, found: Any, keys: list[str]) -> Iterator[str]:
    prefix = f"{table}." if table else ""
    if not isinstance(found, Mapping):
        yield _("%(key)s must be a table.") % {"key": table}
        return
    for key in keys:
        if key not in found:
            yield _("%(key)s is missing.") % {"key": f"{prefix}{key}"}
    for key in found:
        if key not in keys:
            yield _("%(key)s is not known here; remove it or correct its spelling.") % {"key": f"{prefix}{key}"}


def _not_of(found: Mapping[str, Any], keys: list[str], kind: type, expected: str, *, table: str = "") -> Iterator[str]:
    for key in keys:
        value = found[key]
        if type(value) is not kind or (isinstance(value, int) and not 1 <= value <= 32_767):
            name = f"{table}.{key}" if table else key
            yield _("%(key)s must be %(expected)s.") % {"key": name, "expected": expected}


def _is_exact_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value <= 1000


def _hundredths(points: int | Decimal) -> int:
    return int(Decimal(points) * 100)


def _canonical(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value.normalize())
    return value.isoformat() if isinstance(value, date) else str(value)
