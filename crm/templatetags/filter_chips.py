"""The filters in force on a list, in words, each with the address that drops it."""

from collections.abc import Iterator
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
from django_filters import FilterSet

register = template.Library()


@dataclass(frozen=True)
class Chip:
    label: str | Promise
    value: str
    remove_url: str


@register.inclusion_tag("crm/components/chips.html", takes_context=True)
def filter_chips(context: Context, filtered: FilterSet) -> dict[str, Any]:
    """Show a chip for each value of each filter in force."""
    request = context["request"]
    parameters = request.GET.copy()
    parameters.pop("cursor", None)
    return {"chips": chips_of(filtered, request.path, parameters), "clear_url": request.path}


def chips_of(filtered: FilterSet, path: str, parameters: QueryDict) -> list[Chip]:
    """Return a chip for each value of each filter that was given and understood."""
    if not filtered.is_valid():
        return []
    chips: list[Chip] = []
    for name, field in filtered.form.fields.items():
        for raw, words in _values(field, filtered.form.cleaned_data.get(name), parameters.getlist(name)):
            chips.append(Chip(field.label or name, words, _without(path, parameters, name, raw)))
    return chips


def _values(field: Any, cleaned: Any, given: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (as in the address, as the reader reads it) for each value of one filter."""
    if not given or cleaned in (None, ""):
        return
    if not isinstance(cleaned, list | QuerySet):
        yield given[-1], _in_words(cleaned)
        return
    for single in cleaned:
        if isinstance(single, Model):
            yield str(field.prepare_value(single)), str(single)
        else:
            yield str(single), str(dict(field.choices).get(single, single))


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    return str(value)


def _without(path: str, parameters: QueryDict, name: str, raw: str) -> str:
    rest = parameters.copy()
    rest.setlist(name, [value for value in rest.getlist(name) if value != raw] if len(rest.getlist(name)) > 1 else [])
    return f"{path}?{rest.urlencode()}" if rest.urlencode() else path
