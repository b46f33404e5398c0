"""How the rows of a merged record pass to the one that survives: one rule for each relation, from whichever app.

Every foreign key to a partner or a person must have its rule here; ``unknown_relations`` finds those that have none, and
merging refuses while there are any, so that nothing is ever left behind unseen.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from django.db import models
from django.utils.functional import Promise
from simple_history.models import HistoricalChanges

from crm.actions.noted_writes import NotedWrites


@dataclass
class Merging(NotedWrites):
    """One merge under way: who goes into whom, and the ways to touch a row, each of which notes what it did."""

    survivor: Any
    merged: Any
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    # Copies are made again whenever what they were made from changes: no part of what a merge does or takes back.
    unnoted: ClassVar[frozenset[str]] = NotedWrites.unnoted | {"search_key", "sort_key", "last_contact_on"}


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
