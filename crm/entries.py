"""Change sets in words: the columns of their list, and their entries with names instead of numbers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import ForeignKey, Model
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.choices import ChangeAction
from crm.columns import Column, SortKey, day_column, joined, link, number_column, related, status_column, text_column, under
from crm.models import ChangeSet, ChangeSetEntry, User

LONGEST_VALUE = 160
# What every save moves, and what machines keep for themselves.
_UNTOLD = frozenset({"id", "public_id", "revision", "created_at", "created_by_id", "updated_at", "updated_by_id", "search_key", "sort_key"})


def _title(change_set: ChangeSet) -> SafeString:
    kind = change_set.get_kind_display()
    return SafeString(link(change_set.get_absolute_url(), change_set.message or kind) + under(kind if change_set.message else ""))


CHANGE_SET_COLUMNS = (
    Column("message", gettext_lazy("What for"), _title, str, heads_row=True),
    day_column(
        "when", gettext_lazy("When"), lambda change_set: timezone.localtime(change_set.created_at).date(), sort=SortKey(("id",))
    ),
    text_column("who", gettext_lazy("Who"), lambda change_set: change_set.created_by, fetch=related("created_by")),
    text_column("unit", gettext_lazy("Unit"), lambda change_set: change_set.unit.display, fetch=related("unit")),
    number_column("rows", gettext_lazy("Rows"), lambda change_set: change_set.rows_total),
    status_column("state", gettext_lazy("State"), "state"),
    text_column("kind", gettext_lazy("Kind"), lambda change_set: change_set.get_kind_display(), standard=False),
    text_column(
        "undone_by", gettext_lazy("Undone by"), lambda change_set: change_set.undone_by, fetch=related("undone_by"), standard=False
    ),
)  # fmt: skip


@dataclass(frozen=True)
class EntryLine:
    """One entry as it is read. ``label`` is empty for a record that is out of the reader's scope; then nothing of it is told."""

    action: str
    noun: str
    label: str
    address: str
    changes: list[tuple[str, str, str]]


def entries_as_lines(entries: Sequence[ChangeSetEntry], *, user: User) -> list[EntryLine]:
    """Return the entries in words, in a few queries for each model among them."""
    names = _Names(entries, user=user)
    return [_line(entry, names) for entry in entries]


def only_readable(rows: Sequence[dict[str, Any]], *, user: User) -> list[dict[str, Any]]:
    """Return what was left of a change set; the label of a record that is out of the reader's scope is empty."""
    seen: dict[str, set[int]] = {}
    for label in {row["model"] for row in rows}:
        model: Any = _model_of(label)
        if model is None:
            seen[label] = set()
            continue
        pks = [row["pk"] for row in rows if row["model"] == label]
        # A plain row is told by its owner, which has an entry of its own.
        scoped = hasattr(model._default_manager.all(), "visible_to")
        seen[label] = set(model._default_manager.visible_to(user).filter(pk__in=pks).values_list("pk", flat=True)) if scoped else set()
    return [row if row["pk"] in seen[row["model"]] else {**row, "label": ""} for row in rows]


def _model_of(label: str) -> type[Model] | None:
    """The model of an entry; None for one that the product has no more, since entries outlive tables."""
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def _line(entry: ChangeSetEntry, names: "_Names") -> EntryLine:
    action, model = ChangeAction(entry.action).label, _model_of(entry.model)
    if model is None:
        return EntryLine(str(action), entry.model, "", "", [])
    row, noun = names.row_of(entry, model), str(model._meta.verbose_name)
    if row is None:
        return EntryLine(str(action), noun, "", "", [])
    address = row.get_absolute_url() if hasattr(row, "get_absolute_url") else ""
    return EntryLine(str(action), noun, names.label_of(row), address, _changes(entry, model, names))


def _changes(entry: ChangeSetEntry, model: type[Model], names: "_Names") -> list[tuple[str, str, str]]:
    if entry.action != ChangeAction.CHANGED:
        return []
    before, after = entry.before or {}, entry.after or {}
    return [
        (_label(model, name), names.value(model, name, before[name]), names.value(model, name, after.get(name)))
        for name in before
        if name not in _UNTOLD
    ]


def _label(model: type[Model], attname: str) -> str:
    field = _field(model, attname)
    return str(field.verbose_name) if field is not None else attname


def _field(model: type[Model], attname: str) -> Any:
    try:
        return model._meta.get_field(attname)
    except FieldDoesNotExist:
        return next((field for field in model._meta.concrete_fields if field.attname == attname), None)


class _Names:
    """The rows of the entries and of what they point at, as far as the reader may see them."""

    def __init__(self, entries: Iterable[ChangeSetEntry], *, user: User) -> None:
        self.user = user
        wanted: dict[Any, set[int]] = defaultdict(set)
        for entry in entries:
            model = _model_of(entry.model)
            if model is None:
                continue
            wanted[model].add(entry.object_pk)
            for values in (entry.before or {}, entry.after or {}):
                for name, value in values.items():
                    field = _field(model, name)
                    if isinstance(field, ForeignKey) and isinstance(value, int):
                        wanted[field.related_model].add(value)
        self.rows = {model: self._readable(model, pks) for model, pks in wanted.items()}

    def _readable(self, model: Any, pks: set[int]) -> dict[int, Any]:
        rows: dict[int, Any] = model._base_manager.select_related().in_bulk(pks)
        manager = model._default_manager
        if hasattr(manager, "visible_to") or hasattr(manager.all(), "visible_to"):
            seen = set(manager.visible_to(self.user).filter(pk__in=pks).values_list("pk", flat=True))
            return {pk: row for pk, row in rows.items() if pk in seen}
        return rows

    def row_of(self, entry: ChangeSetEntry, model: type[Model]) -> Any:
        """The row itself; for one that is gone, what it was made of. None where the reader may not see it or what it belongs to."""
        row = self.rows[model].get(entry.object_pk)
        if row is None and entry.action == ChangeAction.REMOVED and entry.before:
            row = model(**{field.attname: field.to_python(entry.before.get(field.attname)) for field in model._meta.concrete_fields})
        return row if row is not None and self._owners_are_seen(row) else None

    def _owners_are_seen(self, row: Any) -> bool:
        """Whether all that a plain row links is in scope. Records answer for themselves."""
        if hasattr(type(row)._default_manager.all(), "visible_to"):
            return True
        for field in type(row)._meta.concrete_fields:
            target = getattr(row, field.attname)
            if isinstance(field, ForeignKey) and target is not None and target not in self._seen(field.related_model, {target}):
                return False
        return True

    def _seen(self, model: Any, pks: set[int]) -> dict[int, Any]:
        known = self.rows.setdefault(model, {})
        if missing := pks - set(known):
            known.update(self._readable(model, missing))
        return known

    def label_of(self, row: Any) -> str:
        if not type(row)._meta.auto_created:
            return str(row)[:LONGEST_VALUE]
        links = [field for field in type(row)._meta.concrete_fields if isinstance(field, ForeignKey)]
        return joined((self.value(type(row), field.attname, getattr(row, field.attname)) for field in links), separator=" · ")

    def value(self, model: type[Model], attname: str, value: Any) -> str:
        """A stored value in words."""
        if value in (None, ""):
            return "—"
        field = _field(model, attname)
        if isinstance(field, ForeignKey):
            row = self._seen(field.related_model, {value}).get(value)
            return str(row)[:LONGEST_VALUE] if row is not None else _("a record that you may not see")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        choices = dict(field.flatchoices) if field is not None else {}
        if value in choices:
            return str(choices[value])
        kind = field.get_internal_type() if field is not None and isinstance(value, str) else ""
        if kind == "DateField" and (day := parse_date(value)):
            return date_format(day, "SHORT_DATE_FORMAT")
        if kind == "DateTimeField" and (moment := parse_datetime(value)):
            return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
        return str(value)[:LONGEST_VALUE]
