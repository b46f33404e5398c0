"""Bodies read strictly: what is not known is refused by name, text is NFC, references are public codes and identifiers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from crm.models import User
from crm.text import nfc, shows, unseemly

MOST_REFERENCES = 500
MOST_QUOTED = 60


class StrictSerializer(serializers.Serializer):
    """A body in which every name is known. A typing error in a name must not lose what was sent under it."""

    default_error_messages = {
        "unknown_field": _("There is no such field here."),
        "read_only": _("This field is set by the server; leave it out."),
    }
    # Names that the representation has and the body may not have: told apart from typing errors.
    read_only_names: frozenset[str] = frozenset()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            unknown = {name: [self._unknown(name)] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown)
        values: dict[str, Any] = super().to_internal_value(data)
        return values

    def _unknown(self, name: str) -> serializers.ErrorDetail:
        key = "read_only" if name in self.read_only_names else "unknown_field"
        return serializers.ErrorDetail(str(self.error_messages[key]), code=key)


class TextField(serializers.CharField):
    """Text, and only text: a number is not taken for its digits. Stored NFC; NUL and other controls are refused.

    Text of which nothing shows, such as a zero-width space or a lone mark, is as blank as none. What may stand in one
    line of text is the model field's to say (``crm.models.fields.NameField``).
    """

    default_error_messages = {"control_characters_not_allowed": _("Control characters are not allowed.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = nfc(super().to_internal_value(data))
        if "\x00" in text:
            return text  # the framework's own validator names it
        if unseemly(text, lines=True):
            self.fail("control_characters_not_allowed")
        if text and not shows(text):
            self.fail("blank")
        return text


class WholeNumberField(serializers.IntegerField):
    """A JSON number without a fraction: not the digits in a string, not true."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class TruthField(serializers.BooleanField):
    """JSON's true or false: a word or a number that is meant so may be meant otherwise."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "string"})
class ReferenceField(serializers.Field):
    """One row, named by a public key: a code, a two-letter country code, a public identifier.

    ``rows`` takes the account and returns the rows it may name, so that a row out of scope is as unknown as none.
    """

    default_error_messages = {
        "invalid": _("Write the identifier as text."),
        "unknown": _("“%(value)s” is not known here."),
    }

    def __init__(self, rows: Callable[[User], models.QuerySet], *, key: str = "code", **kwargs: Any) -> None:
        self.rows, self.key = rows, key
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> models.Model:
        wanted = self.readable_key(data)
        row = self.find([wanted]).get(wanted)
        if row is None:
            raise self.unknown(data)
        return row

    def find(self, keys: Sequence[str]) -> Mapping[str, models.Model]:
        """Return the rows of these keys; from those read for many bodies at once, where they were."""
        rows_read = self.context.get("rows_read")
        return self.read_rows(keys) if rows_read is None else rows_read.of(self)

    def read_rows(self, keys: Sequence[str]) -> dict[str, models.Model]:
        """Read the rows of these keys. One query."""
        rows = self.rows(self.context["request"].user).filter(**{f"{self.key}__in": keys})
        return {str(getattr(row, self.key)): row for row in rows}

    def to_representation(self, value: models.Model) -> str:
        return str(getattr(value, self.key))

    def readable_key(self, data: Any) -> str:
        """Return the key as text that the database can compare. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        if "\x00" in data or (self.key == "public_id" and not _is_uuid(data)):
            raise self.unknown(data)
        return data.lower() if self.key == "public_id" else data

    def unknown(self, data: str) -> serializers.ValidationError:
        quoted = data.replace("\x00", "�")[:MOST_QUOTED]
        return serializers.ValidationError(self.error_messages["unknown"] % {"value": quoted}, code="unknown")


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class ReferencesField(ReferenceField):
    """Several rows by their public keys, read in one query, in the order given, each once."""

    default_error_messages = {
        "not_a_list": _("Write a list."),
        "too_many": _("At most {most} are accepted."),
        "empty": _("Name at least one."),
    }

    def __init__(self, rows: Callable[[User], models.QuerySet], *, allow_empty: bool = True, **kwargs: Any) -> None:
        self.allow_empty = allow_empty
        super().__init__(rows, **kwargs)

    def to_internal_value(self, data: Any) -> list[models.Model]:  # type: ignore[override]  # a list where the base has one
        if not isinstance(data, list):
            self.fail("not_a_list")
        if not data and not self.allow_empty:
            self.fail("empty")
        if len(data) > MOST_REFERENCES:
            self.fail("too_many", most=MOST_REFERENCES)
        wanted = list(dict.fromkeys(self._keys(data)))
        found = self.find(wanted)
        missing: dict[Any, Any] = {data.index(value): self.unknown(value).detail for value in data if self.readable_key(value) not in found}
        if missing:
            raise serializers.ValidationError(missing)
        return [found[key] for key in wanted]

    def to_representation(self, value: Sequence[models.Model]) -> list[str]:  # type: ignore[override]  # a list where the base has one
        return [str(getattr(row, self.key)) for row in value]

    def _keys(self, data: list[Any]) -> list[str]:
        keys: list[str] = []
        wrong: dict[Any, Any] = {}
        for position, value in enumerate(data):
            try:
                keys.append(self.readable_key(value))
            except serializers.ValidationError as error:
                wrong[position] = error.detail
        if wrong:
            raise serializers.ValidationError(wrong)
        return keys


def words_of(choices: type[models.IntegerChoices]) -> list[tuple[str, Any]]:
    """The words by which the API says choices that tables keep as numbers, each with its label."""
    return [(one.name.lower(), one.label) for one in choices]


class NamedNumberField(serializers.ChoiceField):
    """A choice that the table keeps as a small number and the API says in a word: 2 is ``leader``."""

    def __init__(self, choices: type[models.IntegerChoices], **kwargs: Any) -> None:
        self.numbers = choices
        if (default := kwargs.get("default", empty)) is not empty:
            kwargs["default"] = choices(default)
        super().__init__(choices=words_of(choices), **kwargs)

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]  # the number behind the word
        return int(self.numbers[super().to_internal_value(data).upper()])

    def to_representation(self, value: int) -> str:  # type: ignore[override]  # the word for the number
        return self.numbers(value).name.lower()


def grouped(rows: Iterable[tuple[Any, ...]]) -> defaultdict[Any, list[tuple[Any, ...]]]:
    """Return the rows by their first value, each without it."""
    groups: defaultdict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for key, *values in rows:
        groups[key].append(tuple(values))
    return groups


def local(moment: datetime | None) -> str | None:
    """Return the moment as ISO 8601 with the offset of Viet Nam, to the second."""
    return None if moment is None else timezone.localtime(moment).isoformat(timespec="seconds")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
