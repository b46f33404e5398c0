"""Records by the offices' own keys: one row at a time, and the list of keys to compare with.

A noun makes its views by naming its ``SourceNoun``; what the words mean is said in ``crm.actions.sources``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.actions.pushes import PushOutcomes
from crm.actions.sources import Outcome, SourceItem, SourceResult, moved_by_merging, refuse_foreign_unit, source_key
from crm.api.filters import refuse_unknown_parameters
from crm.api.office_view import OfficeView
from crm.api.pagination import PAGE_PARAMETERS, KeysetPagination
from crm.api.preconditions import ANY, etag_of, read_tags, revision_named
from crm.api.problems import KINDS, InvalidParameter, Problem
from crm.api.serializers import local
from crm.api.source_schema import SourceSchema
from crm.api.source_words import SourceNoun, WordIn, WordReader, push_words, refusal_of, word_serializer
from crm.models import Unit, User

# A tag that is none of ours names a revision that never was.
_NO_REVISION = 0


EXAMPLE_ANSWER = {
    "external_id": "HS-2026/114",
    "result": "created",
    "id": "019a9b70-11aa-7b3c-8d5e-0a1b2c3d4e5f",
    "revision": 1,
}
_EXAMPLE_KEY = {
    "external_id": "HS-2026/114",
    "id": "019a9b70-11aa-7b3c-8d5e-0a1b2c3d4e5f",
    "revision": 3,
    "merged_into": None,
    "version": 7,
    "changed_at": None,
    "pushed_at": "2026-11-02T16:05:00+07:00",
    "withdrawn_at": None,
}


@extend_schema_serializer(
    component_name="SourceAnswer",
    examples=[OpenApiExample("A new row", value=EXAMPLE_ANSWER, response_only=True, status_codes=["200", "201", "202"])],
)
class AnswerOut(serializers.Serializer):
    """What became of a word, and of which record."""

    external_id = serializers.CharField(help_text="As it is stored (NFC).")
    result = serializers.ChoiceField([(one.value, one.label) for one in Outcome if one is not Outcome.REFUSED])
    id = serializers.UUIDField(allow_null=True, help_text="The record; null for a key that was withdrawn before there was any.")
    revision = serializers.IntegerField(allow_null=True)
    merged_into = serializers.UUIDField(required=False, help_text="The record that it has become.")
    proposal = serializers.UUIDField(required=False, help_text="The change proposal in which the rest waits.")
    proposed = serializers.ListField(child=serializers.CharField(), required=False, help_text="Fields that wait in it.")


@extend_schema_serializer(component_name="SourceKey", examples=[OpenApiExample("A key", value=_EXAMPLE_KEY, response_only=True)])
class KeyOut(serializers.Serializer):
    """A key of the unit, the record that it stands for, and how far the source's word about it has come."""

    external_id = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    merged_into = serializers.UUIDField(
        allow_null=True, help_text="The record that it has become, if the one that the key was given for was merged; then the same as `id`."
    )
    version = serializers.IntegerField(allow_null=True)
    changed_at = serializers.DateTimeField(allow_null=True)
    pushed_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(
    component_name="SourceKeyPage",
    examples=[OpenApiExample("The only page", value={"items": [_EXAMPLE_KEY], "next": None, "previous": None}, response_only=True)],
)
class KeyPageOut(serializers.Serializer):
    """A page of keys."""

    items = KeyOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)


def told(result: SourceResult) -> dict[str, Any]:
    """A result as it is answered."""
    body: dict[str, Any] = {
        "external_id": result.external_id,
        "result": result.outcome.value,
        "id": result.id and str(result.id),
        "revision": result.revision,
    }
    more = {"merged_into": result.merged_into and str(result.merged_into), "proposal": result.proposal and str(result.proposal)}
    body |= {name: value for name, value in more.items() if value is not None}
    return body | {"proposed": list(result.proposed)} if result.proposed else body


_STATUS = {Outcome.CREATED: status.HTTP_201_CREATED, Outcome.PROPOSED: status.HTTP_202_ACCEPTED}


def status_of(result: SourceResult) -> int:
    return _STATUS.get(result.outcome, status.HTTP_200_OK)


class UnitSourceView(OfficeView):
    """An address below ``/sources/{unit}/``: only for accounts that write for the unit; to others it does not exist."""

    noun: ClassVar[SourceNoun]
    schema = SourceSchema()
    # For the description: what each method does here, in which words, and what it answers with which status.
    does: ClassVar[Mapping[str, str]] = {}
    summaries: ClassVar[Mapping[str, str]] = {}
    answers: ClassVar[Mapping[str, type[serializers.Serializer]]] = {}
    codes: ClassVar[Mapping[str, tuple[int, ...]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # No unit is called so, and PostgreSQL would fail over the question.
        unit = None if "\x00" in kwargs["unit"] else Unit.objects.filter(code=kwargs["unit"]).first()
        if unit is None:
            raise NotFound
        refuse_foreign_unit(unit, by=self.account)
        self.unit = unit

    @property
    def account(self) -> User:
        return cast("User", self.request.user)

    @property
    def push_noun(self) -> str:  # type: ignore[override]  # known by the noun
        return self.noun.name

    def reading_context(self) -> dict[str, Any]:
        return {"request": self.request, "unit": self.unit}


class SourceView(UnitSourceView):
    """One row by its key: say what it is now, ask what became of it, or say that it is gone.

    A row may be said again at any time and in any order: the youngest word stands (`version` or `changed_at`).
    """

    http_method_names = ["get", "head", "options", "put", "delete"]
    does = {"get": "read", "put": "put", "delete": "withdraw"}
    summaries = {
        "read": "Read what stands under a key of the unit",
        "put": "Say what the %(noun)s of a key is now",
        "withdraw": "Say that the %(noun)s of a key is gone",
    }
    answers = {"read": KeyOut, "put": AnswerOut, "withdraw": AnswerOut}
    codes = {"read": (200,), "put": (200, 201, 202), "withdraw": (200,)}
    matching: ClassVar[dict[str, bool]] = {"put": False}
    extra_parameters = ("version", "changed_at")

    def body_class(self) -> type[serializers.Serializer]:
        return word_serializer(self.noun)

    def get(self, request: Request, **key: Any) -> Response:
        refuse_unknown_parameters(request, ())
        try:
            value = source_key(self.kwargs["external_id"])
        except ValidationError as error:
            raise NotFound from error
        row = keys_of(self.noun, self.unit).filter(value=value).first()
        if row is None:
            raise NotFound
        answer = Response(rows_of(self.noun, [row])[0])
        if row["revision"]:
            answer["ETag"] = etag_of(row["revision"])
        return answer

    def put(self, request: Request, **key: Any) -> Response:
        refuse_unknown_parameters(request, ("dry_run",))
        if request.stream is None:
            raise ParseError(str(KINDS["malformed-body"].detail))
        reader = WordReader(word_serializer(self.noun), self.reading_context())
        return self._push(reader.read([request.data], external_id=self.kwargs["external_id"], if_match=self._seen())[0])

    def delete(self, request: Request, **key: Any) -> Response:
        item = SourceItem(external_id=self.kwargs["external_id"], withdraw=True, **self._age_in_address())
        try:
            return self._push(item)
        except Problem as problem:
            for error in problem.errors or ():
                if error["pointer"].removeprefix("/") in self.extra_parameters:
                    error["in"] = "query"
            raise

    def _push(self, read: SourceItem | serializers.ValidationError) -> Response:
        if isinstance(read, serializers.ValidationError):
            raise read
        (result,) = push_words(self.noun, [read], unit=self.unit, by=self.account)
        self.push_outcomes = PushOutcomes()
        if isinstance(result, serializers.ValidationError) or result.error is not None:
            self.push_outcomes = None
            raise refusal_of(error_of(result), self.noun, self.request)
        self.push_outcomes.add(result.outcome.value, changed_at=read.changed_at)
        answer = Response(told(result), status=status_of(result))
        if result.revision is not None:
            answer["ETag"] = etag_of(result.revision)
        if result.outcome is Outcome.CREATED:
            answer["Location"] = self.request.build_absolute_uri(f"/api/v1/{self.noun.name}/{result.id}/")
        elif result.proposal is not None:
            answer["Location"] = self.request.build_absolute_uri(f"/api/v1/proposals/{result.proposal}/")
        return answer

    def _seen(self) -> Any:
        """The revision that the source has seen, by If-Match."""
        tags = read_tags(self.request)
        if tags is None:
            return None
        return "*" if tags == [ANY] else (revision_named(tags) or _NO_REVISION)

    def _age_in_address(self) -> dict[str, Any]:
        """A request that deletes has no body: how young the word is stands in the address."""
        given: dict[str, Any] = {
            name: self.request.query_params[name] for name in self.extra_parameters if name in self.request.query_params
        }
        if "version" in given:
            text = given["version"]
            if not (text.isascii() and text.isdigit() and len(text) < 20):
                raise InvalidParameter({"version": ("invalid", _("Write a whole number."))})
            given["version"] = int(text)
        word = WordIn(data=given)
        if not word.is_valid():
            raise InvalidParameter({name: (errors[0].code, errors[0]) for name, errors in word.errors.items()})
        return dict(word.validated_data)


def error_of(result: SourceResult | serializers.ValidationError) -> Exception:
    """Why a word was refused: by its reading, or by the action."""
    error = result.error if isinstance(result, SourceResult) else result
    return error or RuntimeError("The word was refused without a reason.")


class SourceListView(UnitSourceView):
    """All keys of the unit, in their order, to compare with what the source holds."""

    http_method_names = ["get", "head", "options"]
    does = {"get": "list"}
    summaries = {"list": "List the keys of the unit"}
    answers = {"list": KeyPageOut}
    codes = {"list": (200,)}
    order = ("value",)

    def get(self, request: Request, **key: Any) -> Response:
        refuse_unknown_parameters(request, PAGE_PARAMETERS)
        pages = KeysetPagination()
        rows = pages.paginate_queryset(keys_of(self.noun, self.unit), request, self) or []
        answer: Response = pages.get_paginated_response(rows_of(self.noun, rows))
        return answer


def keys_of(noun: SourceNoun, unit: Unit) -> QuerySet:
    """The unit's keys with the record that each stands for."""
    record = noun.record_of
    columns = {"record": F(f"{record}__public_id"), "revision": F(f"{record}__revision")}
    if hasattr(noun.keys._meta.get_field(record).related_model, "merged_into"):
        columns["merged_into"] = F(f"{record}__merged_into__public_id")
    return noun.keys._default_manager.filter(unit=unit).values(
        "pk", "value", "version", "changed_at", "pushed_at", "withdrawn_at", **columns
    )


def rows_of(noun: SourceNoun, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keys as they are answered: ``merged_into`` where their record was merged into the one that they mean now. One query."""
    moved = moved_by_merging(noun.keys, (row["pk"] for row in rows))
    return [_row_of(row, merged_into=row["record"] if row["pk"] in moved else row.get("merged_into")) for row in rows]


def _row_of(row: dict[str, Any], *, merged_into: UUID | None) -> dict[str, Any]:
    moments = {name: local(row[name]) for name in ("changed_at", "pushed_at", "withdrawn_at")}
    return {
        "external_id": row["value"],
        "id": row["record"] and str(row["record"]),
        "revision": row["revision"],
        "merged_into": merged_into and str(merged_into),
        "version": row["version"],
        **moments,
    }
