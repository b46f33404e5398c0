"""Words of the offices' own systems as requests write them: read for any noun, and answered row by row.

A row is the same in a single PUT, in a batch and in a line of a file: ``{"version", "changed_at", "same_as", "data"}``, in
the latter two with ``external_id`` and, for a row that is gone, ``"delete": true`` instead of ``data``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crm.actions.sources import (
    AmbiguousMatchError,
    Candidate,
    ChangedMeanwhileError,
    ChangedOnBothSidesError,
    SourceItem,
    SourceResult,
)
from crm.api.preconditions import etag_of
from crm.api.problems import Problem, rule_errors
from crm.api.rows_read import RowsRead
from crm.api.serializers import StrictSerializer, TextField, TruthField, WholeNumberField
from crm.models import Unit, User
from crm.models.sources import SourceKey
from crm.permissions import Permission

MOST_VERSION = 2**63 - 1


@dataclass(frozen=True)
class SourceNoun:
    """A kind of record that offices write by their own keys.

    ``name`` as addresses have it. ``body``: the serializer of ``data``. ``push``: the action that takes many words, each to
    its own result. ``record_of``: the foreign key of the keys to their record. ``represent``: a record as its own address
    shows it, for whoever is told that it was changed.
    """

    name: str
    noun: str
    keys: type[SourceKey]
    record_of: str
    body: type[StrictSerializer]
    push: Callable[..., list[SourceResult]]
    represent: Callable[[Any, Any], Mapping[str, Any]]
    permission: Permission
    write_permission: Permission


class MomentField(serializers.DateTimeField):
    """A moment in ISO 8601 with its offset: without one nobody can say when it was."""

    default_error_messages = {
        "no_zone": _("Write the moment with its offset, such as 2026-11-02T16:05:00+07:00."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601")
        moment: datetime = super().to_internal_value(value)
        return moment

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("no_zone")
        try:
            # Databases keep UTC, which the first and last moments of the calendar do not reach from every zone.
            value.astimezone(UTC)
        except OverflowError:
            self.fail("invalid", format="ISO 8601")
        return value


class WordIn(StrictSerializer):
    """One word about a row: how young it is, what is meant, and what the row says now."""

    read_only_names = frozenset({"result", "id", "revision", "status"})

    version = WholeNumberField(
        min_value=0, max_value=MOST_VERSION, required=False, allow_null=True, help_text="Rises with every change of the row at the source."
    )
    changed_at = MomentField(required=False, allow_null=True, help_text="When the row was changed at the source, instead of a version.")
    same_as = serializers.UUIDField(
        required=False, allow_null=True, help_text="`id` of the record that a new key stands for; null: certainly a new one."
    )


class RowIn(WordIn):
    """A word with its key, or that the row of the key is gone."""

    external_id = TextField(trim_whitespace=False, help_text="The key of the row at the source.")
    delete = TruthField(required=False, default=False, help_text="The row is gone at the source; leave out `data`.")
    if_match = WholeNumberField(
        min_value=1,
        max_value=MOST_VERSION,
        required=False,
        allow_null=True,
        help_text="The revision that the source has seen, as `If-Match` says it of a single row.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("delete") and given.get("data") is not None:
            raise serializers.ValidationError({"data": _("A row that is gone says nothing else.")}, code="not-with-delete")
        if not given.get("delete") and given.get("data") is None:
            raise serializers.ValidationError({"data": _("Say what the row holds, or “delete”.")}, code="required")
        return given


@cache
def word_serializer(noun: SourceNoun) -> type[WordIn]:
    """The body of a PUT."""
    return type(f"{noun.noun.capitalize()}Word", (WordIn,), {"data": noun.body(), "__doc__": WordIn.__doc__})


@cache
def row_serializer(noun: SourceNoun) -> type[RowIn]:
    """A row of a batch or a line of a file."""
    return type(f"{noun.noun.capitalize()}Row", (RowIn,), {"data": noun.body(required=False, allow_null=True), "__doc__": RowIn.__doc__})


Read = SourceItem | serializers.ValidationError


class WordReader:
    """Reads many rows by one serializer; what they point at is read once for all of them."""

    def __init__(self, serializer: type[WordIn], context: Mapping[str, Any]) -> None:
        self.context = dict(context)
        self.serializer = serializer(context=self.context)

    def read(self, rows: Sequence[Any], **about: Any) -> list[Read]:
        """Return each row as the action takes it, or what is wrong with it."""
        bodies = [row.get("data") for row in rows if isinstance(row, Mapping)]
        self.context["rows_read"] = RowsRead(cast("StrictSerializer", self.serializer.fields["data"]), bodies)
        return [self._one(row, about) for row in rows]

    def _one(self, row: Any, about: Mapping[str, Any]) -> Read:
        try:
            given = self.serializer.run_validation(row)
        except serializers.ValidationError as error:
            return error
        return item_of({**given, **about})


def item_of(given: Mapping[str, Any]) -> SourceItem:
    """Return validated values of a row as the action takes them."""
    return SourceItem(
        external_id=given["external_id"],
        values=given.get("data") or {},
        version=given.get("version"),
        changed_at=given.get("changed_at"),
        withdraw=bool(given.get("delete")),
        same_as=given.get("same_as"),
        certainly_new="same_as" in given and given["same_as"] is None,
        if_match=given.get("if_match"),
    )


def push_words(noun: SourceNoun, read: Sequence[Read], *, unit: Unit, by: User) -> list[SourceResult | serializers.ValidationError]:
    """Hand the readable ones to the action, in their order; return for every row what became of it."""
    results = iter(noun.push([one for one in read if isinstance(one, SourceItem)], unit=unit, by=by))
    return [next(results) if isinstance(one, SourceItem) else one for one in read]


def refusal_of(error: Exception, noun: SourceNoun, request: Any) -> Exception:
    """Return the error as the API says it: with the candidates, the record that stands, or both sides' values."""
    if isinstance(error, AmbiguousMatchError):
        return Problem("ambiguous-match", candidates=told_candidates(error.candidates))
    if isinstance(error, ChangedMeanwhileError) and error.record is None:
        # A revision was named of what is not there.
        return Problem("changed-meanwhile", current=None, differs=None)
    if isinstance(error, ChangedMeanwhileError):
        current = noun.represent(error.record, request)
        return Problem("changed-meanwhile", headers={"ETag": etag_of(error.record.revision)}, current=current, differs=list(error.differs))
    if isinstance(error, ChangedOnBothSidesError):
        conflicts = [
            {"field": name, "base": one.base, "theirs": one.theirs, "current": one.current} for name, one in error.conflicts.items()
        ]
        return Problem("changed-on-both-sides", headers={"ETag": etag_of(error.record.revision)}, conflicts=conflicts)
    if isinstance(error, ValidationError) and getattr(error, "code", None) != "changed-meanwhile":
        return Problem("validation-failed", errors=in_row(list(rule_errors(error))))
    return error


def told_candidates(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Records that a new one may mean, as they are answered."""
    return [
        {"id": str(one.id), "name": one.name, "score": round(one.score, 2), "reasons": [str(reason) for reason in one.reasons]}
        for one in candidates
    ]


# What stands beside ``data`` in a row; all else that rules name stands below it.
_BESIDE = frozenset({"external_id", "version", "changed_at", "same_as", "delete", "if_match", "data"})


def in_row(errors: list[dict[str, str]]) -> list[dict[str, str]]:
    """Lead the pointers of an action's rules, which name fields of the record, to their places in a row."""
    return [
        {**one, "pointer": f"/data{one['pointer']}"} if one["pointer"] and one["pointer"].split("/")[1] not in _BESIDE else one
        for one in errors
    ]
