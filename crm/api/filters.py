"""The pages' filters, read strictly: a parameter that is not known is an error, never ignored."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework.filters import BaseFilterBackend

from crm.api.pagination import PAGE_PARAMETERS
from crm.api.problems import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django_filters import FilterSet
    from rest_framework.request import Request
    from rest_framework.views import APIView


_REPEATED = ("repeated", _("This parameter may be given once."))
# A program whose variable is empty must not be answered with everything.
_EMPTY = ("blank", _("Write a value, or leave the parameter out."))
_NO_DAY = ("invalid", _("Write a day of the calendar as YYYY-MM-DD."))


def refuse_unknown_parameters(request: Request, known: Iterable[str], *, repeatable: Iterable[str] = ()) -> None:
    """Raise InvalidParameter (400) for every parameter that is not among the known ones, and for one said twice outside the filters."""
    known = set(known)
    wrong = {name: ("unknown-parameter", _("This address has no such parameter.")) for name in request.query_params if name not in known}
    wrong |= {name: _REPEATED for name, said in request.query_params.lists() if name in known - set(repeatable) and len(said) > 1}
    if wrong:
        raise InvalidParameter(wrong)


def read_day(request: Request, name: str, *, default: Any) -> Any:
    """Return the day given as ``?name=2026-11-21``, or the default. Raises InvalidParameter."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _is_day(text):
        raise InvalidParameter({name: _NO_DAY})
    return date.fromisoformat(text)


class StrictFilterBackend(BaseFilterBackend):
    """Filter by the view's ``filterset_class``. What the page would pass over in silence is a 400 here."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: APIView) -> QuerySet:
        filterset_class: type[FilterSet] | None = getattr(view, "filterset_class", None)
        if filterset_class is None:
            return queryset
        filterset = filterset_class(request.query_params, queryset=queryset, request=request)
        filters = list(filterset.form.fields)
        known = [*filters, *PAGE_PARAMETERS, *getattr(view, "extra_parameters", ())]
        refuse_unknown_parameters(request, known, repeatable=filters)
        wrong = {**_form_errors(filterset), **_passed_over(filterset)}
        if wrong:
            raise InvalidParameter(wrong)
        filtered: QuerySet = filterset.qs
        return filtered

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """The filters as OpenAPI parameters (called by the schema generator)."""
        filterset_class: type[FilterSet] | None = getattr(view, "filterset_class", None)
        if filterset_class is None:
            return []
        return [
            _parameter(name, field)
            for name, field in filterset_class(queryset=filterset_class._meta.model.objects.none()).form.fields.items()
        ]


def _form_errors(filterset: FilterSet) -> dict[str, tuple[str, Any]]:
    return {name: (errors[0].code or "invalid", errors[0].messages[0]) for name, errors in filterset.form.errors.as_data().items()}


def _passed_over(filterset: FilterSet) -> dict[str, tuple[str, Any]]:
    """What the form is lenient about: nothing said, a word that is no boolean, a value said twice, a day as people write it."""
    wrong: dict[str, tuple[str, Any]] = {}
    for name, field in filterset.form.fields.items():
        said = filterset.data.getlist(name)
        if "" in said:
            wrong[name] = _EMPTY
        elif isinstance(field, forms.NullBooleanField) and said and said[-1].lower() not in ("true", "false"):
            wrong[name] = ("invalid", _("Write “true” or “false”."))
        elif len(said) > 1 and not isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
            wrong[name] = _REPEATED
        elif isinstance(field, forms.DateField) and said and not _is_day(said[-1]):
            wrong[name] = _NO_DAY
    return wrong


def _is_day(text: str) -> bool:
    """Whether it is a day as programs write it, whatever ways of writing days the reader's language has besides."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_SCHEMAS: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
    (forms.NullBooleanField, {"type": "boolean"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.UUIDField, {"type": "string", "format": "uuid"}),
    (forms.ModelMultipleChoiceField, {"type": "array", "items": {"type": "string"}}),
)


def _parameter(name: str, field: forms.Field) -> dict[str, Any]:
    schema: dict[str, Any] = next((dict(schema) for kind, schema in _SCHEMAS if isinstance(field, kind)), {"type": "string"})
    if isinstance(field, forms.MultipleChoiceField):
        schema = {"type": "array", "items": {"type": "string", "enum": [str(value) for value, _label in cast("Any", field.choices)]}}
    elif schema == {"type": "string"}:
        schema["minLength"] = 1
    if isinstance(field, forms.CharField) and field.max_length:
        schema["maxLength"] = field.max_length
    repeats = schema["type"] == "array"
    description = str(field.label or name) + (". May be given several times." if repeats else "")
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema} | (
        {"explode": True} if repeats else {}
    )
