"""Why a row is not written, in the codes of the API."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from rest_framework import exceptions


@dataclass(frozen=True)
class Refusal:
    """``column``: the name of the field; empty where the rule is about the row. ``message``: what is wrong and what to do."""

    code: str
    message: str
    column: str = ""


def refusals_of(error: Exception) -> list[Refusal]:
    """What an error of the body or the action of a noun says, field by field."""
    if isinstance(error, exceptions.ValidationError):
        return list(_of_fields(error.detail, ""))
    if isinstance(error, ValidationError):
        return list(_of_rules(error))
    if isinstance(error, PermissionDenied):
        return [Refusal("permission-denied", _("The account's role or unit does not allow this. Ask the unit that keeps the record."))]
    raise error


def _of_rules(error: ValidationError) -> Iterator[Refusal]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in by_field.items():
        for one in errors:
            for message in one.messages:
                yield _refusal(one.code, message, "" if name == NON_FIELD_ERRORS else name)


def _of_fields(detail: Any, column: str) -> Iterator[Refusal]:
    if isinstance(detail, dict):
        for name, below in detail.items():
            yield from _of_fields(below, column or ("" if name == "non_field_errors" else str(name)))
    elif isinstance(detail, list):
        for below in detail:
            yield from _of_fields(below, column)
    else:
        yield _refusal(detail.code, str(detail), column)


def _refusal(code: str | None, message: str, column: str) -> Refusal:
    return Refusal((code or "invalid").replace("_", "-"), message, column)
