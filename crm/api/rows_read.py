"""What many bodies point at, read once for all of them: a query for each kind of reference instead of one for each body."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from crm.api.serializers import ReferenceField


class RowsRead:
    """The rows that the bodies name, by field and public key. A row that the account may not name is not among them."""

    def __init__(self, body: serializers.Serializer, bodies: Iterable[Any]) -> None:
        bodies = [one for one in bodies if isinstance(one, Mapping)]
        self._rows: dict[str, dict[str, Model]] = {}
        for name, field in body.fields.items():
            if isinstance(field, ReferenceField):
                keys = {key for one in bodies if name in one for key in _readable(field, one[name])}
                self._rows[name] = field.read_rows(sorted(keys)) if keys else {}

    def of(self, field: ReferenceField) -> dict[str, Model]:
        return self._rows[str(field.field_name)]


def _readable(field: ReferenceField, said: Any) -> Iterable[str]:
    """The keys in what a body says, as far as they can be compared at all; what is wrong with others is told with their body."""
    for value in said if isinstance(said, list) else [said]:
        try:
            yield field.readable_key(value)
        except serializers.ValidationError:
            continue
