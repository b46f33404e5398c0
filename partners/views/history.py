"""The versions of a record as a page: who, when, and what changed from what to what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, ClassVar

from django.db.models import Field, ForeignKey, Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from crm.generic import DetailView
from crm.models import User
from partners.views.history_parts import SHOWN_LETTERS, Change, Part, changes_of_parts, seen_rows
from partners.views.history_records import Related, versions_of_related

SHOWN_VERSIONS = 100
UNSEEN = "—"
MACHINE_FIELDS = frozenset({"revision", "created_at", "created_by", "updated_at", "updated_by", "archived_by", "public_id", "is_demo"})


@dataclass(frozen=True)
class Version:
    """``is_first``: the record was made; then ``changes`` is empty, since all of it is new."""

    at: datetime
    by: User | None
    is_first: bool
    changes: Sequence[Change]


class HistoryView(DetailView):
    """All versions of one record that the reader may see, newest first, with the rows that belong to it: ``parts``."""

    template_name = "partners/history.html"
    parts: ClassVar[Sequence[Part]] = ()
    related: ClassVar[Sequence[Related]] = ()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        record = self.get_object()
        versions: list[Any] = [*versions_of(record, self.request.user, self.parts)]
        versions += versions_of_related(record, self.related, reader=self.request.user)
        return self.show(object=record, versions=sorted(versions, key=lambda version: version.at, reverse=True))


def versions_of(record: Any, reader: User, parts: Sequence[Part] = ()) -> list[Version]:
    """Compare each stored version with the one before it, as the reader may know them.

    A fixed number of queries, whatever the number of versions.
    """
    lists = record.history.model._history_m2m_fields if hasattr(record.history.model, "_history_m2m_fields") else []
    accessors = {field: f"historical{record._meta.model_name}_{field.name}_set" for field in lists}
    rows = record.history.select_related("history_user").prefetch_related(*accessors.values()).order_by("-history_date", "-history_id")
    saved = _one_per_save(list(rows[: SHOWN_VERSIONS + 1]))
    states = [_state(row, accessors) for row in saved]
    words = _Words(states, reader)
    of_parts = changes_of_parts(record, parts, began=[row.began for row in saved], reader=reader)
    versions = [
        Version(row.history_date, row.history_user, is_first=False, changes=[*words.changes(before, after), *rows_changed])
        for row, (after, before), rows_changed in zip(saved, pairwise(states), of_parts, strict=False)
    ]
    if saved and saved[-1].history_type == "+":
        versions.append(Version(saved[-1].history_date, saved[-1].history_user, is_first=True, changes=()))
    return [version for version in versions if version.is_first or version.changes]


def _one_per_save(rows: Iterable[Any]) -> list[Any]:
    """Keep the last row of each save, and when the save ``began``: the record and its lists leave one each, of the same revision."""
    kept: list[Any] = []
    for row in rows:
        if kept and kept[-1].revision == row.revision:
            kept[-1].history_type = row.history_type if row.history_type == "+" else kept[-1].history_type
        else:
            kept.append(row)
        kept[-1].began = row.history_date
    return kept


def _state(row: Any, accessors: dict[Any, str]) -> dict[Field, Any]:
    """What one version held: the raw value of each column, and for lists the set of keys."""
    columns = {
        field: getattr(row, field.attname)
        for field in row.tracked_fields
        if field.name not in MACHINE_FIELDS and field.concrete and not field.many_to_many
    }
    lists = {
        field: frozenset(getattr(link, f"{field.m2m_reverse_field_name()}_id") for link in getattr(row, accessor).all())
        for field, accessor in accessors.items()
    }
    return columns | lists


class _Words:
    """Values as a reader knows them. The rows that foreign keys and lists point at are read once per table.

    A row that the reader may not see is not named.
    """

    def __init__(self, states: Sequence[dict[Field, Any]], reader: User) -> None:
        wanted: dict[type[Model], set[Any]] = defaultdict(set)
        for before, after in pairwise(states):
            for field in after:
                if field.related_model and before[field] != after[field]:
                    for value in (before[field], after[field]):
                        wanted[field.related_model] |= value if isinstance(value, frozenset) else {value} - {None}
        self.rows = {(model, pk): row for model, keys in wanted.items() for pk, row in seen_rows(model, reader).in_bulk(keys).items()}

    def changes(self, before: dict[Field, Any], after: dict[Field, Any]) -> Iterable[Change]:
        for field, value in after.items():
            if before[field] != value:
                yield Change(str(field.verbose_name), self._say(field, before[field]), self._say(field, value))

    def _say(self, field: Field, value: Any) -> str:
        if value in (None, "", frozenset()):
            return _("empty")
        if isinstance(value, frozenset):
            return ", ".join(sorted(self._name(field, pk) for pk in value))
        if isinstance(field, ForeignKey):
            return self._name(field, value)
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        text = f"{value:%d/%m/%Y}" if hasattr(value, "strftime") else str(value)
        return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"

    def _name(self, field: Any, pk: Any) -> str:
        return str(self.rows.get((field.related_model, pk), UNSEEN))
