"""Reasons against a write that apps above know of. They register a check here; whoever takes words of sources asks it.

A *place* is a host unit and a day: where and when an exchange counts. A check is asked for many places at once.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date

from django.core.exceptions import ValidationError

Place = tuple[int, date]
WriteCheck = Callable[[Collection[Place]], Mapping[Place, ValidationError]]

_checks: list[WriteCheck] = []


def register_write_check(check: WriteCheck) -> WriteCheck:
    """Let every place be shown to the check, which returns those that are closed, each with why, keyed by field."""
    _checks.append(check)
    return check


def closed_places(places: Collection[Place]) -> dict[Place, ValidationError]:
    """Return the places at which exchanges may not be written from outside any more, each with why."""
    closed: dict[Place, ValidationError] = {}
    if places:
        for check in _checks:
            closed |= check(places)
    return closed
