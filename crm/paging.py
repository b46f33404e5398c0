"""Keyset pages: the next page begins after the last row seen, so page 2,000 costs what page 1 costs."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Q, QuerySet


class InvalidCursorError(ValueError):
    """The cursor was not made by this list in this order."""


@dataclass(frozen=True)
class KeysetPage:
    """One page of rows; a cursor is None where there is no page on that side."""

    rows: list[Any]
    next_cursor: str | None
    previous_cursor: str | None


def keyset_page(queryset: QuerySet, *, order: Sequence[str], cursor: str | None, size: int) -> KeysetPage:
    """Return the page of at most ``size`` rows after (or before) the cursor.

    ``order`` names columns that are never NULL and together unique, such as ``("sort_key", "id")`` or
    ``("-starts_on", "-id")``. Raises InvalidCursorError for a cursor of another order or a broken one.
    """
    backwards, position = _decode(cursor, order, queryset) if cursor else (False, None)
    effective = [_reverse(name) for name in order] if backwards else list(order)
    if position is not None:
        queryset = queryset.filter(_after(effective, position))
    rows = list(queryset.order_by(*effective)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, position is not None)
    return KeysetPage(
        rows=rows,
        next_cursor=_encode("n", rows[-1], order) if rows and has_next else None,
        previous_cursor=_encode("p", rows[0], order) if rows and has_previous else None,
    )


def _reverse(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], position: Sequence[Any]) -> Q:
    """Rows strictly after the position. The bound on the first column alone is what an index can use."""
    first = order[0]
    bound = Q(**{f"{first.lstrip('-')}__{'lte' if first.startswith('-') else 'gte'}": position[0]})
    branches = []
    for depth, name in enumerate(order):
        equal = {order[above].lstrip("-"): position[above] for above in range(depth)}
        branches.append(Q(**equal, **{f"{name.lstrip('-')}__{'lt' if name.startswith('-') else 'gt'}": position[depth]}))
    return bound & reduce(Q.__or__, branches)


def _value(row: Any, name: str) -> Any:
    value = row
    for part in name.lstrip("-").split("__"):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value.isoformat() if isinstance(value, date) else value


def _encode(direction: str, row: Any, order: Sequence[str]) -> str:
    payload = json.dumps([direction, list(order), [_value(row, name) for name in order]], ensure_ascii=False, default=str)
    return base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")


def _decode(cursor: str, order: Sequence[str], queryset: QuerySet) -> tuple[bool, list[Any]]:
    try:
        payload = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        direction, cursor_order, position = payload
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidCursorError(cursor[:80]) from error
    if direction not in ("n", "p") or cursor_order != list(order) or not isinstance(position, list) or len(position) != len(order):
        raise InvalidCursorError(cursor[:80])
    return direction == "p", [_checked(queryset, name, value) for name, value in zip(order, position, strict=True)]


def _checked(queryset: QuerySet, name: str, value: Any) -> Any:
    """Return the value as the column has it. Raises InvalidCursorError for one that the column could not hold, before the database does."""
    if not _is_plain(value):
        raise InvalidCursorError(name)
    field = _column(queryset, name.lstrip("-"))
    if field is None:
        return value
    try:
        checked = field.to_python(value)
    except (ValidationError, TypeError, ValueError, OverflowError) as error:
        raise InvalidCursorError(name) from error
    # What was written down from this column reads back as the same; anything else is another column's or nobody's.
    written = checked.isoformat() if isinstance(checked, date) else checked
    if type(written) is not type(value) or written != value:
        raise InvalidCursorError(name)
    return checked


def _column(queryset: QuerySet, name: str) -> Field | None:
    """The column, or the type of the expression, that the name orders by; None for a value reached through a relation."""
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field
    try:
        field = queryset.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) and not field.is_relation else None


def _is_plain(value: Any) -> bool:
    """Whether it is a number or a text that databases hold: no NUL, no half of a surrogate pair, at most 64 bits."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return type(value) is int and -(2**63) <= value < 2**63
