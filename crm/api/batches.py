"""Many rows of an office's system in one request: each to its own status, all or none where that is asked for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.actions.pushes import PushOutcomes
from crm.actions.sources import Outcome, SourceItem, SourceResult
from crm.api.problems import KINDS, Problem, problem_details
from crm.api.pushes import codes_of
from crm.api.serializers import StrictSerializer, TruthField
from crm.api.source_views import EXAMPLE_ANSWER, AnswerOut, SourceView, UnitSourceView, error_of, status_of, told
from crm.api.source_words import Read, SourceNoun, WordReader, push_words, refusal_of, row_serializer
from crm.choices import PushKind
from crm.models import Unit, User

if TYPE_CHECKING:
    from datetime import datetime

MOST_ROWS = 500
# What a row tells of a refusal; the rest of problem details is the same for all rows.
_TOLD = ("status", "code", "detail", "errors", "candidates", "conflicts", "differs", "current")


class BatchIn(StrictSerializer):
    """Rows in the order in which they are to be taken; several about one key are as if sent one after the other."""

    default_error_messages = {"too_many": _("At most %(most)d rows are accepted. Send the rest in another request, or all as a file.")}

    atomic = TruthField(required=False, default=False, help_text="Store all rows or none.")
    items: Any = serializers.ListField(allow_empty=False, help_text="At most 500 rows; one that is wrong stops no other.")

    def validate_items(self, items: list[Any]) -> list[Any]:
        if len(items) > MOST_ROWS:
            raise serializers.ValidationError(self.error_messages["too_many"] % {"most": MOST_ROWS}, code="too-many")
        return items


@extend_schema_serializer(component_name="SourceRowAnswer")
class RowOut(AnswerOut):
    """What became of a row: the status that it would have had by itself, and where it was refused, why."""

    external_id = serializers.CharField(allow_null=True, help_text="Null where the row named none that could be read.")
    status = serializers.IntegerField(min_value=200, max_value=599)
    result = serializers.ChoiceField(Outcome.choices)
    code = serializers.CharField(required=False, help_text="The code of the problem.")
    detail = serializers.CharField(required=False)
    errors = serializers.ListField(child=serializers.DictField(), required=False, help_text="Pointers lead from the row.")  # type: ignore[assignment]  # DRF takes declared fields out of the class
    candidates = serializers.ListField(child=serializers.DictField(), required=False)
    conflicts = serializers.ListField(child=serializers.DictField(), required=False)
    differs = serializers.ListField(child=serializers.CharField(), required=False, allow_null=True)
    current = serializers.DictField(required=False, allow_null=True, help_text="What stands; null where a revision was named of no record.")


_REFUSED = {
    "external_id": "HS-2026/115",
    "result": "refused",
    "id": None,
    "revision": None,
    "status": 422,
    "code": "validation-failed",
    "detail": "Correct the places named in “errors”.",
    "errors": [{"in": "body", "pointer": "/data/kind", "code": "unknown", "detail": "“PARTY” is not known here."}],
}
_EXAMPLE = {"items": [{"status": 201, **EXAMPLE_ANSWER}, _REFUSED], "counts": {"created": 1, "refused": 1}}


@extend_schema_serializer(component_name="SourceBatchAnswer", examples=[OpenApiExample("Two rows", value=_EXAMPLE, response_only=True)])
class BatchOut(serializers.Serializer):
    """A row for each row that was sent, in its order, and how many had which result."""

    items = RowOut(many=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class RowWriter:
    """Writes rows of one unit and noun: reads them, hands them to the action, and tells what became of each."""

    def __init__(self, noun: SourceNoun, unit: Unit, by: User, request: Any) -> None:
        self.noun, self.unit, self.by, self.request = noun, unit, by, request
        self.reader = WordReader(row_serializer(noun), {"request": request, "unit": unit})
        # When the youngest row was changed at the source.
        self.youngest_change: datetime | None = None

    def write(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return for every row what became of it; what is good is stored."""
        read = self.reader.read(rows)
        moments = [one.changed_at for one in read if isinstance(one, SourceItem) and one.changed_at is not None]
        self.youngest_change = max(moments, default=None)
        results = push_words(self.noun, read, unit=self.unit, by=self.by)
        return [self._told(row, one, result) for row, one, result in zip(rows, read, results, strict=True)]

    def _told(self, row: Any, read: Read, result: SourceResult | serializers.ValidationError) -> dict[str, Any]:
        if isinstance(result, SourceResult) and result.error is None:
            return {"status": status_of(result), **told(result)}
        error = error_of(result)
        answer = problem_details(refusal_of(error, self.noun, self.request), {"request": self.request})
        if answer is None:
            raise error
        body = {name: answer.data[name] for name in _TOLD if name in answer.data}
        key = read.external_id if isinstance(read, SourceItem) else _key_said(row)
        return {"external_id": key, "result": Outcome.REFUSED.value, "id": None, "revision": None, **body}


def _key_said(row: Any) -> str | None:
    key = row.get("external_id") if isinstance(row, dict) else None
    return key[:200] if isinstance(key, str) else None


def codes_of_row(answer: dict[str, Any]) -> set[str]:
    """Why a row was refused; nothing where it was not."""
    return codes_of(answer) if answer["result"] == Outcome.REFUSED else set()


def outcomes_of_rows(answers: Iterable[dict[str, Any]]) -> PushOutcomes:
    """What the health of the connection keeps of them."""
    outcomes = PushOutcomes()
    for answer in answers:
        outcomes.add(answer["result"], codes_of_row(answer))
    return outcomes


def counted(answers: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Return how many rows had which result."""
    return dict(Counter(answer["result"] for answer in answers))


class BesideKeys(UnitSourceView):
    """An address that stands where keys stand: by other methods it is the row of the key that is so called."""

    single: ClassVar[type[SourceView]]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD", "PUT", "DELETE"):
            name = request.path.rstrip("/").rpartition("/")[2]
            answer: HttpResponseBase = self.single.as_view()(request, *args, external_id=name, **kwargs)
            return answer
        return super().dispatch(request, *args, **kwargs)


class BatchView(BesideKeys):
    """Up to 500 rows at once. New ones are written together, so that a row costs a tenth of what it costs alone."""

    http_method_names = ["options", "post"]
    does = {"post": "batch"}
    summaries = {"batch": "Say up to 500 rows at once"}
    answers = {"batch": BatchOut}
    codes = {"batch": (200,)}
    push_kind = PushKind.BATCH

    def body_class(self) -> type[serializers.Serializer]:
        rows = row_serializer(self.noun)(many=True)
        return type(f"{self.noun.noun.capitalize()}Batch", (BatchIn,), {"items": rows, "__doc__": BatchIn.__doc__})

    def post(self, request: Request, **key: Any) -> Response:
        if request.stream is None:
            raise ParseError(str(KINDS["malformed-body"].detail))
        body = BatchIn(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            writer = RowWriter(self.noun, self.unit, self.account, request)
            answers = writer.write(body.validated_data["items"])
            self.push_outcomes = outcomes_of_rows(answers)
            self.push_outcomes.youngest_change = writer.youngest_change
            if body.validated_data["atomic"] and any(answer["result"] == Outcome.REFUSED for answer in answers):
                raise _nothing_stored(answers)
        return Response({"items": answers, "counts": counted(answers)})


def _nothing_stored(answers: Sequence[dict[str, Any]]) -> Problem:
    """All or none was asked for, and one was refused: every row is told all the same, with what it would have been."""
    errors = [
        {**one, "pointer": f"/items/{place}{one['pointer']}"} for place, answer in enumerate(answers) for one in answer.get("errors", ())
    ]
    items = [answer | {"id": None, "revision": None} if answer["result"] == Outcome.CREATED else answer for answer in answers]
    return Problem("validation-failed", errors=errors, items=items, counts=counted(answers))
