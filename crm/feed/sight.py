"""What a reader may know of records that changed: how they stand now, or that they are gone from sight."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from crm.choices import Confidentiality, FeedNoun
from crm.feed.nouns import SOURCES, FeedSource
from crm.models import User
from crm.models.records import Mergeable

Reason = Literal["archived", "merged", "not-visible"]


class Entry(NamedTuple):
    """A row of the feed as it is read."""

    transaction: int
    id: int
    at: datetime
    noun: str
    object_pk: int
    was_level: str
    was_unit: int | None
    was_user: int | None


@dataclass(frozen=True)
class Change:
    """A record changed. Its contents are read from the record itself, as far as the reader may.

    ``deleted``: archived, merged into another (``merged_into``, where the reader sees that one), or no longer visible to
    the reader; None for a record in use. ``revision`` is the one it has by now; None for what the reader may not see.
    """

    noun: FeedNoun
    id: UUID
    revision: int | None
    at: datetime
    deleted: Reason | None = None
    merged_into: UUID | None = None


def changes_of(told: dict[tuple[str, int], list[Entry]], reader: User) -> list[Change]:
    """Return what the reader may know of the records told of, in their order; a number of queries that nouns alone decide."""
    known: dict[tuple[str, int], Change] = {}
    for noun in sorted({noun for noun, _pk in told}):
        known |= _of_noun(SOURCES[noun], {pk: entries for (name, pk), entries in told.items() if name == noun}, reader)
    return [known[key] for key in told if key in known]


def _of_noun(source: FeedSource, told: dict[int, list[Entry]], reader: User) -> dict[tuple[str, int], Change]:
    model: Any = source.model
    noun = source.noun
    merges = issubclass(model, Mergeable)
    columns = ("pk", "public_id", "revision", "archived_at", *(["merged_into_id"] if merges else []))
    seen = {row[0]: row[1:] for row in model.objects.visible_to(reader).filter(pk__in=told).order_by().values_list(*columns)}
    survivors = _public_ids(model, {row[3] for row in seen.values() if row[3] is not None}, reader) if merges else {}
    changes: dict[tuple[str, int], Change] = {}
    for pk, (public_id, revision, archived_at, *merged) in seen.items():
        reason: Reason | None = "merged" if merged and merged[0] else "archived" if archived_at else None
        into = survivors.get(merged[0]) if merged else None
        changes[noun.value, pk] = Change(noun, public_id, revision, told[pk][-1].at, reason, into)
    for pk, public_id in _gone_from_sight(source, {pk: entries for pk, entries in told.items() if pk not in seen}, reader):
        changes[noun.value, pk] = Change(noun, public_id, None, told[pk][-1].at, "not-visible")
    return changes


def _public_ids(model: Any, pks: set[int], reader: User) -> dict[int, UUID]:
    return dict(model.objects.visible_to(reader).filter(pk__in=pks).order_by().values_list("pk", "public_id")) if pks else {}


def _gone_from_sight(source: FeedSource, told: dict[int, list[Entry]], reader: User) -> Iterable[tuple[int, UUID]]:
    """Of records that the reader does not see now, those that it could see before one of these changes."""
    perhaps = [pk for pk, entries in told.items() if any(entry.was_level for entry in entries)]
    if not perhaps:
        return
    model: Any = source.model
    for pk, public_id, maker in model._base_manager.filter(pk__in=perhaps).values_list("pk", "public_id", source.maker):
        if any(_could_see(entry, reader, made_it=maker == reader.pk) for entry in told[pk]):
            yield pk, public_id


def _could_see(entry: Entry, reader: User, *, made_it: bool) -> bool:
    """Whether the reader saw the record before the change, by the same rules as ``crm.scope.Scope.readable``."""
    scope = reader.scope
    if not entry.was_level or not scope.permissions:
        return False
    if entry.was_user == reader.pk or entry.was_level == Confidentiality.NETWORK:
        return True
    if entry.was_level == Confidentiality.UNIT:
        return scope.central or entry.was_unit in scope.unit_ids
    return scope.secretariat or made_it or entry.was_unit in scope.lead_unit_ids
