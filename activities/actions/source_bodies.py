"""An exchange as the body of a source says it: the same JSON for what was pushed, what stands here and what is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from activities.choices import Direction, ExchangeStatus, Level, Sides
from activities.models import Exchange
from crm.choices import Confidentiality
from crm.models import Unit
from crm.text import one_line

# Lists without an order: what each side added or took away stands together.
SETS = frozenset({"provinces", "co_units", "fields"})
# Rows that hang on the exchange; all else are columns.
RELATED = ("partners", "fields", "provinces", "co_units")
# Kept on one line, as ``NameField`` stores them.
_TEXTS = frozenset({"title", "place"})
_KEYS = {
    "kind": "code",
    "country": "alpha2",
    "host_unit": "code",
    "policy_document": "code",
    "parent": "public_id",
    "provinces": "slug",
    "co_units": "code",
    "partners": "public_id",
    "fields": "code",
}
# The whole of what a body says where it says nothing: a word is about all of the exchange, so that of two words the
# younger stands alone, in whatever order they come.
_LEFT_OUT: dict[str, Any] = {
    "title": "",
    "ends_on": None,
    "direction": Direction.MUTUAL.value,
    "level": Level.WORKING.value,
    "sides": Sides.BOTH.value,
    "status": ExchangeStatus.HELD.value,
    "place": "",
    "country": None,
    "provinces": (),
    "co_units": (),
    "fields": (),
    "summary": "",
    "outcome": "",
    "policy_document": None,
    "confidentiality": Confidentiality.UNIT.value,
    "people_count": None,
    "parent": None,
}


def whole(values: Mapping[str, Any], *, unit: Unit) -> dict[str, Any]:
    """Return the values with what was left out; the host is the source's own unit unless it says otherwise."""
    return {**_LEFT_OUT, "host_unit": unit, **values}


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a body says them."""
    return {name: _said(name, value) for name, value in values.items()}


def standing(exchange: Exchange) -> dict[str, Any]:
    """Return what stands here, rows included, as the action takes it."""
    columns = {name: getattr(exchange, name) for name in (*_LEFT_OUT, "host_unit", "kind", "starts_on") if name not in RELATED}
    return columns | {
        "partners": [row.partner for row in exchange.participations.all()],
        "fields": list(exchange.fields.all()),
        "provinces": list(exchange.provinces.all()),
        "co_units": [row.unit for row in exchange.co_units.all()],
    }


def rows_named(name: str, keys: Sequence[str], *sides: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a set by their public keys, from the sides that may hold them."""
    known = {_key(name, row): row for side in sides for row in side[name]}
    return [known[key] for key in keys]


@dataclass
class Split:
    """Values parted into columns of the exchange and rows that hang on it."""

    columns: dict[str, Any] = field(default_factory=dict)
    related: dict[str, Any] = field(default_factory=dict)


def split(values: Mapping[str, Any]) -> Split:
    """Part the values as the actions take them."""
    parts = Split()
    for name, value in values.items():
        (parts.related if name in RELATED else parts.columns)[name] = value
    return parts


def _said(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in RELATED:
        keys = [_key(name, row) for row in value]
        return sorted(keys) if name in SETS else keys
    if name in _KEYS:
        return _key(name, value)
    if name == "level":
        return Level(value).name.lower()
    if name in _TEXTS:
        return one_line(value)
    return value.isoformat() if isinstance(value, date) else value


def _key(name: str, row: Any) -> str:
    return str(getattr(row, _KEYS[name]))
