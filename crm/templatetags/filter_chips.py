"""The filters in force on a list, in words, each with the address that drops it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import template
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.template import Context
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django_filters import FilterSet, MultipleChoiceFilter

from crm.filters import RecordIdFilter, SearchFilter

register = template.Library()


@dataclass(frozen=True)
class Chip:
    """One value of one filter: field, operator, value, and the address without it. A second value of a field goes without its name."""

    label: str | Promise
    value: str
    remove_url: str
    operator: str | Promise = ""


@register.inclusion_tag("crm/components/chips.html", takes_context=True)
def filter_chips(context: Context, filtered: FilterSet) -> dict[str, Any]:
    """Show a chip for each value of each filter in force."""
    request = context["request"]
    parameters = request.GET.copy()
    for name in ("cursor", "export"):
        parameters.pop(name, None)
    return {"chips": chips_of(filtered, request.path, parameters), "clear_url": request.path}


def chips_of(filtered: FilterSet, path: str, parameters: QueryDict) -> list[Chip]:
    """Return a chip for each value of each filter that was given and understood.

    ``parameters``: the address, which may begin from a saved view; a filter of that view is dropped by saying it empty.
    """
    if not filtered.is_valid():
        return []
    chips: list[Chip] = []
    for name, field in filtered.form.fields.items():
        given = filtered.data.getlist(name)
        values = _values(filtered, name, field, given)
        for place, (raw, words) in enumerate(values):
            label, operator = ("", _("or")) if place else (field.label or name, operator_of(filtered, name))
            chips.append(Chip(label, words, _without(path, parameters, name, given, raw), operator))
    return chips


def operator_of(filtered: FilterSet, name: str) -> str:
    """How the filter compares, where its label does not say so already."""
    by = filtered.filters[name]
    if isinstance(by, SearchFilter):
        return _("contains")
    return _("is") if isinstance(by, MultipleChoiceFilter | RecordIdFilter) else ""


def _values(filtered: FilterSet, name: str, field: Any, given: list[str]) -> list[tuple[str, str]]:
    """Return (as in the address, as the reader reads it) for each value of one filter."""
    cleaned = filtered.form.cleaned_data.get(name)
    if not given or cleaned in (None, ""):
        return []
    by = filtered.filters[name]
    if isinstance(by, RecordIdFilter):
        return [(given[-1], by.words(cleaned, filtered.request.user))]
    if not isinstance(cleaned, list | QuerySet):
        return [(given[-1], _in_words(cleaned))]
    if all(isinstance(single, Model) for single in cleaned):
        return [(str(field.prepare_value(single)), str(single)) for single in cleaned]
    labels = {str(value): label for value, label in field.choices}
    return [(raw, str(labels.get(raw, raw))) for raw in given]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    return str(value)


def _without(path: str, parameters: QueryDict, name: str, given: list[str], raw: str) -> str:
    rest = parameters.copy()
    left = [value for value in given if value and value != raw]
    rest.setlist(name, left or ([""] if "view" in parameters else []))
    return f"{path}?{rest.urlencode()}" if rest.urlencode() else path
