"""What an office's own system says of its rows, put in order: the steps that are the same whatever the rows are of.

A program sends a row again, sends rows in any order, and sends an old one late. Each word about a key therefore says how
young it is, by a ``version`` that rises with every change or by the moment of the change; the younger one stands. The key is
held by a lock on its row, so that of two words at once the second sees what the first one did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSetEntry, Unit, User
from crm.models.sources import SourceKey
from crm.text import nfc, shows, unseemly
from crm.three_way import Conflict, Merged, same

MOST_CHARACTERS = 200
# Clocks of offices run fast; a moment further ahead would shut out every true word until then.
CLOCK_TOLERANCE = timedelta(minutes=5)

IfMatch = int | Literal["*"] | None
KeyT = TypeVar("KeyT", bound=SourceKey)


class Outcome(models.TextChoices):
    """What became of one word of a source."""

    CREATED = "created", _("created")
    CHANGED = "changed", _("changed")
    UNCHANGED = "unchanged", _("unchanged")
    OLDER = "older", _("older than what stands, not applied")
    LINKED = "linked", _("linked to a record that was there")
    PROPOSED = "proposed", _("proposed to the unit that leads")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REFUSED = "refused", _("refused")


@dataclass(frozen=True, kw_only=True)
class SourceItem:
    """One word of a source about one of its rows.

    ``values``: what the body says, validated, as the noun's action takes it; only fields that it names. ``version`` or
    ``changed_at`` say how young the word is. ``withdraw``: the row is gone at the source. ``same_as``: the public id of the
    record that is meant; ``certainly_new``: none that is there. ``if_match``: the revision that the source has seen, or "*"
    for whatever stands: then its word overrules what was changed here.
    """

    external_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    changed_at: datetime | None = None
    withdraw: bool = False
    same_as: UUID | None = None
    certainly_new: bool = False
    if_match: IfMatch = None


@dataclass(frozen=True, kw_only=True)
class SourceResult:
    """What became of one word: of which record, at which revision.

    ``id`` is None where there is no record: a key withdrawn before its record was made, a word that was refused.
    ``merged_into``: the key was given for a record that has become this other one. ``proposal`` and ``proposed``: the change
    proposal, and the names of the fields that wait in it. ``error``: why the word was refused, in a batch.
    """

    external_id: str
    outcome: Outcome
    id: UUID | None = None
    revision: int | None = None
    merged_into: UUID | None = None
    proposal: UUID | None = None
    proposed: tuple[str, ...] = ()
    error: Exception | None = None


@dataclass(frozen=True)
class Candidate:
    """A record that a new key may mean: how likely (0 to 1), and why in the reader's language."""

    id: UUID
    name: str
    score: float
    reasons: tuple[str, ...] = ()


class AmbiguousMatchError(Exception):
    """A new key may mean records that are there; the source says which with ``same_as``."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        super().__init__(f"{len(candidates)} records may be meant.")
        self.candidates = tuple(candidates)


class ChangedMeanwhileError(Exception):
    """The record is no longer at the revision that the source has seen, or there is none (None).

    ``differs``: the fields in which both sides say something else.
    """

    def __init__(self, record: Any, differs: Sequence[str]) -> None:
        super().__init__("The record is not at the revision that was seen.")
        self.record, self.differs = record, tuple(differs)


class ChangedOnBothSidesError(Exception):
    """The source changed fields that people here changed too, and has not seen it: somebody there decides, field by field."""

    def __init__(self, record: Any, conflicts: Mapping[str, Conflict]) -> None:
        super().__init__(f"{record} differs in {', '.join(conflicts)}.")
        self.record, self.conflicts = record, dict(conflicts)


class Age(Enum):
    """How a word stands to the last one about the same key."""

    NEWER = "newer"
    REPEATED = "repeated"
    OLDER = "older"


def refuse_foreign_unit(unit: Unit, *, by: User) -> None:
    """Raise PermissionDenied where the account may not write with the keys of the unit."""
    if not by.scope.may_write_for(unit.pk):
        raise PermissionDenied(_("These are the keys of another unit."))


def source_key(text: str) -> str:
    """Return an external id as it is stored (NFC), so that both ways to write a letter find the same row.

    Raises ValidationError where it is empty, too long, or has characters that nobody sees and nobody means.
    """
    value = nfc(text)
    if not shows(value):
        raise ValidationError({"external_id": ValidationError(_("Give the identifier of the row at the source."), code="blank")})
    if len(value) > MOST_CHARACTERS:
        message = _("At most %(most)d characters are accepted.")
        raise ValidationError({"external_id": ValidationError(message, code="max_length", params={"most": MOST_CHARACTERS})})
    if unseemly(value):
        message = _("Control characters are not allowed.")
        raise ValidationError({"external_id": ValidationError(message, code="control_characters_not_allowed")})
    return value


def refuse_future(item: SourceItem) -> None:
    """Raise ValidationError for a change that is still to come: the source's clock is wrong."""
    if item.changed_at is not None and item.changed_at > timezone.now() + CLOCK_TOLERANCE:
        message = _("This moment is still to come. Set the clock of the program, and send the offset of its time zone.")
        raise ValidationError({"changed_at": ValidationError(message, code="in_the_future")})


# --- Keys, held ------------------------------------------------------------------------------------------------


def hold_keys(model: type[KeyT], values: Iterable[str], *, unit: Unit) -> dict[str, KeyT]:
    """Lock the unit's keys until the transaction ends, and return them by value. Three queries, however many there are.

    A key that is not there yet is made first, withdrawn and without a record: of two requests that both bring it, the
    second waits here for the first, and then finds what that one made. ``is_unspoken`` tells such a key; whoever holds it
    gives it its record or leaves nothing behind, by rolling back.
    """
    wanted = sorted(set(values))
    keys: Any = model._default_manager
    there = set(keys.filter(unit=unit, value__in=wanted).values_list("value", flat=True))
    now = timezone.now()
    # In one order for everybody, so that two batches never wait for each other.
    missing = [model(unit=unit, value=value, withdrawn_at=now) for value in wanted if value not in there]
    keys.bulk_create(missing, ignore_conflicts=True)
    held = keys.filter(unit=unit, value__in=wanted).order_by("value").select_for_update(of=("self",))
    return {key.value: key for key in held}


def is_unspoken(key: SourceKey) -> bool:
    """Whether nothing has ever been said about the key: it was made just now, to be held."""
    return key.withdrawn_at is not None and key.pushed_at is None


def drop_unspoken(model: type[KeyT], keys: Iterable[KeyT]) -> None:
    """Delete the keys that were made only to be held, since every word about them was refused."""
    if unspoken := [key.pk for key in keys if is_unspoken(key)]:
        model._default_manager.filter(pk__in=unspoken).delete()


def moved_by_merging(model: type[SourceKey], pks: Iterable[int]) -> set[int]:
    """Of keys those that were given for another record, which was merged into the one that they mean now. One query."""
    moves = ChangeSetEntry.objects.filter(
        model=model._meta.label_lower, object_pk__in=list(pks),
        change_set__kind=ChangeKind.MERGE, change_set__state=ChangeState.APPLIED,
    )  # fmt: skip
    return set(moves.values_list("object_pk", flat=True))


def age_of(item: SourceItem, key: SourceKey, body: Mapping[str, Any]) -> Age:
    """Say whether the word is younger than the last one about the key.

    By ``version`` where both have one, and by ``changed_at`` where the versions are equal or missing. Of a PUT and a
    DELETE that are equally young the DELETE stands. What says nothing of its age is applied as it comes, but wakes no
    key that was withdrawn. Raises ValidationError for another body under the same version: one of the two would be lost,
    and nobody could say which; a source that has seen the record as it stands (``if_match``) knows what it does.
    ``body``: what the word says, as JSON.
    """
    if is_unspoken(key):
        return Age.NEWER
    order = _order(item, key)
    if order:
        return Age.NEWER if order > 0 else Age.OLDER
    if item.withdraw:
        return Age.REPEATED if key.withdrawn_at else Age.NEWER
    if key.withdrawn_at:
        return Age.OLDER
    if key.pushed_at and all(name in key.pushed and same(value, key.pushed[name]) for name, value in body.items()):
        return Age.REPEATED
    if order is None or item.if_match is not None:
        return Age.NEWER
    name = "version" if item.version is not None else "changed_at"
    message = _("Other values came with the same version before. Let it rise with every change.")
    raise ValidationError({name: ValidationError(message, code="version_reused")})


def _order(item: SourceItem, key: SourceKey) -> int | None:
    """Above zero: younger than the last word; below: older; zero: as young; None: nobody can tell."""
    pairs = ((item.version, key.version), (item.changed_at, key.changed_at))
    told = [(said, known) for said, known in pairs if said is not None and known is not None]
    for said, known in told:
        if said != known:
            return 1 if said > known else -1  # type: ignore[operator]  # two of a kind
    return 0 if told else None


def note_word(key: SourceKey, item: SourceItem, body: Mapping[str, Any]) -> None:
    """Put the word onto the key, to be saved by the caller. ``body`` is what the next word is compared with.

    Fields that this word does not name keep what an earlier one said of them.
    """
    now = timezone.now()
    if not item.withdraw:
        key.withdrawn_at, key.pushed = None, {**key.pushed, **body}
    elif is_unspoken(key) or key.withdrawn_at is None:
        key.withdrawn_at = now
    key.version = item.version if item.version is not None else key.version
    key.changed_at = item.changed_at if item.changed_at is not None else key.changed_at
    key.pushed_at = now


# The columns of a key that a word changes.
WORD_COLUMNS = ("version", "changed_at", "pushed", "pushed_at", "withdrawn_at")


# --- Conflicts -------------------------------------------------------------------------------------------------


def overrule(merged: Merged, item: SourceItem, *, revision: int) -> tuple[dict[str, Any], dict[str, Conflict]]:
    """Return the values to be applied, and the conflicts that are left.

    A source that has seen the record as it stands, or does not mind, decides a conflict by its own word.
    """
    if item.if_match == "*" or item.if_match == revision:
        return {**merged.apply, **{name: conflict.theirs for name, conflict in merged.conflicts.items()}}, {}
    return merged.apply, merged.conflicts
