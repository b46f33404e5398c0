"""Two sides changed the same row: field by field, whose word stands, and where somebody must decide.

Pure: knows of no database. What an office's system pushes is compared with what it pushed last and with what stands here;
so are the cells of a workbook that came back after a week.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Values as JSON has them: text, number, true or false, null, list, object.
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Conflict:
    """Both sides changed one field, to different values. ``base`` is None where they never agreed on one."""

    base: Any
    theirs: Any
    current: Any


@dataclass(frozen=True)
class Merged:
    """What became of each field that the other side names: every one is in exactly one of these.

    ``apply``: field → value to be stored. ``conflicts``: changed on both sides. ``same``: both sides say the same already.
    ``kept``: only this side changed it, so what stands here stays.
    """

    apply: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    same: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)


def merge(base: Values, theirs: Values, current: Values, *, as_sets: Collection[str] = ()) -> Merged:
    """Compare field by field what the other side says with what it said last and with what stands here.

    ``base``: what both sides knew last. A field without a base has never been spoken of: a value fills an empty place, an
    empty place takes nothing away, and two different values are a conflict. Fields that ``theirs`` does not name are left
    alone. ``as_sets``: fields whose value is a list without order; there, what each side added and took away stands
    together, so that they never conflict. Raises KeyError where ``current`` lacks a field that ``theirs`` names.
    """
    merged = Merged()
    for name, value in theirs.items():
        if name in as_sets:
            _merge_sets(merged, name, base.get(name) or (), value or (), current[name] or ())
        else:
            _merge_values(merged, name, base, value, current[name])
    return merged


def is_blank(value: Any) -> bool:
    """Whether the value says nothing: null, no text, an empty list or object. Zero and false do say something."""
    return value is None or value in ("", [], {}, ())


def _merge_values(merged: Merged, name: str, base: Values, theirs: Any, current: Any) -> None:
    # Without a base, an empty place on either side is what both began from.
    known = name in base
    began = base[name] if known else (current if is_blank(current) else None)
    if same(theirs, current):
        merged.same.add(name)
    elif same(theirs, began) or (not known and is_blank(theirs)):
        merged.kept.add(name)
    elif same(current, began):
        merged.apply[name] = theirs
    else:
        merged.conflicts[name] = Conflict(began, theirs, current)


def _merge_sets(merged: Merged, name: str, base: Iterable[Any], theirs: Iterable[Any], current: Iterable[Any]) -> None:
    began, wanted, standing = _by_key(base), _by_key(theirs), _by_key(current)
    if wanted.keys() == standing.keys():
        merged.same.add(name)
        return
    taken_away = began.keys() - wanted.keys()
    kept = {key: value for key, value in standing.items() if key not in taken_away}
    result = kept | {key: value for key, value in wanted.items() if key not in began and key not in kept}
    if result.keys() == standing.keys():
        merged.kept.add(name)
    else:
        merged.apply[name] = list(result.values())


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where true is not 1 and the order of an object's names says nothing."""
    return one is other or key_of(one) == key_of(other)


def key_of(value: Any) -> str:
    """A text that is equal for equal JSON values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _by_key(values: Iterable[Any]) -> dict[str, Any]:
    return {key_of(value): value for value in values}
