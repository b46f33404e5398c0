"""How the rows of a merged record pass to the one that survives: one rule for each relation, from whichever app.

Every foreign key to a partner or a person must have its rule here; ``unknown_relations`` finds those that have none, and
merging refuses while there are any, so that nothing is ever left behind unseen.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from simple_history.models import HistoricalChanges

from crm.actions.change_sets import columns_of, note_changed, note_created, note_removed
from crm.actions.versions import is_versioned, record_changes, record_first_versions
from crm.models import ChangeSet, User
from crm.models.records import Record

BATCH = 500


@dataclass
class Merging:
    """One merge under way: who goes into whom, and the three ways to touch a row, each of which notes what it did."""

    survivor: Any
    merged: Any
    by: User
    change_set: ChangeSet
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    touched: list[models.Model] = field(default_factory=list)

    @property
    def reason(self) -> str:
        return str(self.change_set)[:100]

    def change(self, rows: Iterable[models.Model], set_values: Callable[[Any], None]) -> int:
        """Set values on rows, save them with a version each, and note what they were; return how many."""
        listed = list(rows)
        for start in range(0, len(listed), BATCH):
            self._change(listed[start : start + BATCH], set_values)
        return len(listed)

    def remove(self, rows: Iterable[models.Model]) -> int:
        """Remove plain rows, noted whole, so that they can come back; records are archived instead, never removed."""
        listed = list(rows)
        note_removed(self.change_set, listed)
        self.touched += [type(row)(pk=row.pk) for row in listed]
        for row in listed:
            row._history_user, row._change_reason = self.by, self.reason  # type: ignore[attr-defined]  # read by django-simple-history
            row.delete()
        return len(listed)

    def create(self, rows: Iterable[models.Model]) -> int:
        """Add plain rows, with their first version."""
        listed = list(rows)
        if listed:
            model = type(listed[0])
            model._base_manager.bulk_create(listed)
            record_first_versions(model, [row.pk for row in listed], by=self.by, reason=self.reason)
            note_created(self.change_set, listed)
            self.touched += listed
        return len(listed)

    def archive(self, rows: Iterable[Any], set_values: Callable[[Any], None] = lambda row: None) -> int:
        """Take records out of use that would say the same twice."""
        now = timezone.now()

        def archive(row: Any) -> None:
            set_values(row)
            row.archived_at, row.archived_by = now, self.by

        return self.change(rows, archive)

    def _change(self, rows: Sequence[Any], set_values: Callable[[Any], None]) -> None:
        before = [columns_of(row) for row in rows]
        for row in rows:
            set_values(row)
            if isinstance(row, Record):
                row.revision += 1
                row.updated_at, row.updated_by = timezone.now(), self.by
        if not rows:
            return
        model: Any = type(rows[0])
        names = {name for row, old in zip(rows, before, strict=True) for name, value in columns_of(row).items() if old[name] != value}
        if names:
            model._base_manager.bulk_update(rows, sorted({model._meta.get_field(name).name for name in names}), batch_size=200)
        if is_versioned(model):
            record_changes(rows, by=self.by, reason=self.reason)
        kept = [{name: value for name, value in old.items() if name not in DERIVED} for old in before]
        note_changed(self.change_set, zip(rows, kept, strict=True))
        self.touched += rows


# Made from other columns and rows, and made again whenever those change: no part of what a merge does or takes back.
DERIVED = frozenset({"search_key", "sort_key", "last_contact_on", "updated_at", "updated_by_id"})


class Link(NamedTuple):
    """A foreign key to partners or people: the model that has it, and its name there."""

    source: type[models.Model]
    foreign_key: str


Move = Callable[[Merging, Link], None]
Conflicts = Callable[[Any, Any], Sequence[str | Promise]]


@dataclass(frozen=True)
class Rule:
    """How one relation passes over. ``label``: what its rows are called on the page, empty for what no reader counts.

    ``move`` gets the merging and the name of the foreign key; ``conflicts`` says in words what cannot simply pass over.
    """

    label: str | Promise
    move: Move
    conflicts: Conflicts | None = None


RULES: dict[str, Rule] = {}


def rule_for(relation: str, *, label: str | Promise = "", move: Move, conflicts: Conflicts | None = None) -> None:
    """Say how a relation passes over; ``relation`` is "app.model.foreign_key" in lower case."""
    RULES[relation] = Rule(label, move, conflicts)


def relations_of(model: type[models.Model]) -> dict[str, Link]:
    """Return every foreign key to the model, also the hidden ones, as "app.model.foreign_key"; tables of versions left out."""
    found = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)):
            continue
        source: Any = relation.related_model
        if not issubclass(source, HistoricalChanges) and not source.__name__.startswith("Historical"):
            name = relation.field.name  # type: ignore[union-attr]  # a reverse relation has it
            found[f"{source._meta.label_lower}.{name}"] = Link(source, name)
    return found


def unknown_relations(model: type[models.Model]) -> list[str]:
    """Return the relations that have no rule."""
    return sorted(relations_of(model).keys() - RULES.keys())


def move_all(merging: Merging) -> None:
    """Pass every relation over by its rule, in the order of their names."""
    for name, link in sorted(relations_of(type(merging.survivor)).items()):
        rule = RULES[name]
        before = rows_of(link, merging.merged).count()
        rule.move(merging, link)
        if rule.label and before:
            merging.counts[name] = before


# --- Rules that serve many relations --------------------------------------------------------------------


def rows_of(link: Link, record: models.Model) -> models.QuerySet[Any]:
    """The rows whose foreign key names the record."""
    return link.source._base_manager.filter(**{link.foreign_key: record.pk})


def held(link: Link, record: models.Model) -> list[Any]:
    """The rows of the record, locked until the transaction ends."""
    return list(rows_of(link, record).select_for_update(of=("self",)).order_by("pk"))


def pass_over(merging: Merging, link: Link) -> None:
    """The foreign key now names the survivor; nothing else changes."""
    merging.change(held(link, merging.merged), lambda row: setattr(row, link.foreign_key, merging.survivor))


def leave(merging: Merging, link: Link) -> None:
    """The rows stay with the merged record, or are made anew from others."""


def unite_by(*columns: str) -> Move:
    """Rows that agree with one of the survivor's in these columns are removed, the others pass over."""

    def move(merging: Merging, link: Link) -> None:
        there = {tuple(getattr(row, name) for name in columns) for row in held(link, merging.survivor)}
        passing: list[Any] = []
        twice: list[Any] = []
        for row in held(link, merging.merged):
            (twice if tuple(getattr(row, name) for name in columns) in there else passing).append(row)
        merging.remove(twice)
        merging.change(passing, lambda row: setattr(row, link.foreign_key, merging.survivor))

    return move
