"""What differs between an earlier revision of a record and what stands now, read from its versions."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from crm.models.records import Record

# What every save moves, and what no reader knows by name.
_UNTOLD = frozenset({"id", "revision", "updated_at", "updated_by", "created_at", "created_by", "archived_by"})


def changed_since(record: Record, revision: int, *, parts: Mapping[str, tuple[type[models.Model], str]]) -> set[str] | None:
    """Return the names of the record's fields, links and parts that differ from what the revision said; None where it never was.

    ``parts``: name → (model of versioned rows that hang on the record, name of their foreign key to it).
    """
    versions = record.history.filter(id=record.pk)  # type: ignore[attr-defined]  # added by django-simple-history
    # Links are versioned after the row itself, under the same revision: the last version of it is the whole of it.
    then = versions.filter(revision=revision).order_by("history_id").last()
    if then is None:
        return None
    return _changed_columns(record, then) | _changed_links(record, then) | _changed_parts(record, versions, revision, parts)


def _changed_columns(record: Record, then: Any) -> set[str]:
    columns = (field for field in then.tracked_fields if field.name not in _UNTOLD)
    return {field.name for field in columns if getattr(then, field.attname) != getattr(record, field.attname)}


def _changed_links(record: Record, then: Any) -> set[str]:
    changed = set()
    for field in type(then)._history_m2m_fields:
        target = field.m2m_reverse_field_name()
        linked_then = set(getattr(then, field.name).values_list(f"{target}_id", flat=True))
        if linked_then != set(getattr(record, field.name).values_list("pk", flat=True)):
            changed.add(field.name)
    return changed


def _changed_parts(record: Record, versions: Any, revision: int, parts: Mapping[str, tuple[type[models.Model], str]]) -> set[str]:
    """Parts written at or after the moment at which the next revision was made."""
    next_one = versions.filter(revision__gt=revision).order_by("history_id").first()
    if next_one is None:
        return set()
    since = next_one.history_date
    return {
        name
        for name, (model, owner) in parts.items()
        if model.history.filter(**{owner: record.pk}, history_date__gte=since).exists()  # type: ignore[attr-defined]  # as above
    }
