"""Two people edit one record: what the other changed meanwhile, held against what this one wrote, field by field.

With each form travels a short print of every field as it was shown. So three states are known: shown, stored now
(theirs) and sent (mine). What only one of the two changed needs no decision; where both did, the second decides.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import localize
from django.utils.translation import gettext as _

from crm.text import nfc

PRINT_LENGTH = 10
MINE, THEIRS = "mine", "theirs"
_LIST_OF = (list, tuple)


@dataclass(frozen=True)
class Difference:
    """A field that the other one changed. ``theirs`` and ``mine`` in words; ``is_conflict``: both changed it, differently."""

    name: str
    label: Any
    theirs: str
    mine: str
    is_conflict: bool
    chosen: str


def prints_of(form: forms.BaseForm) -> str:
    """The prints of all visible fields as the form shows them at first, for its hidden input."""
    return " ".join(f"{name}:{_print(form, name, form.get_initial_for_field(form.fields[name], name))}" for name in _compared(form))


def differences(form: forms.BaseForm, *, shown: str, choices: Mapping[str, str]) -> list[Difference]:
    """The fields that were changed by the other one since they were ``shown``, and by the same name what is chosen of each.

    Without prints, as from an old page, every field that is stored otherwise than sent counts as changed by both.
    """
    seen = dict(part.split(":", 1) for part in shown.split() if ":" in part)
    return [difference for name in _compared(form) if (difference := _difference(form, name, seen, choices.get(name, "")))]


def _difference(form: forms.BaseForm, name: str, seen: Mapping[str, str], choice: str) -> Difference | None:
    field = form.fields[name]
    stored = form.get_initial_for_field(field, name)
    sent = _sent(form, name)
    theirs, mine = _print(form, name, stored), _print(form, name, sent)
    if theirs == mine or (seen and seen.get(name) == theirs):
        return None
    is_conflict = not seen or seen.get(name) != mine
    chosen = choice if choice in {MINE, THEIRS} else "" if is_conflict else THEIRS
    return Difference(name, field.label, _words(field, stored), _words(field, sent), is_conflict, chosen)


def _compared(form: forms.BaseForm) -> Iterable[str]:
    return [name for name, field in form.fields.items() if not field.widget.is_hidden and not field.disabled]


def _sent(form: forms.BaseForm, name: str) -> Any:
    """What was sent, cleaned where it can be; text, and what is wrong, as it was typed."""
    field = form.fields[name]
    raw = field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
    if isinstance(field, forms.CharField):
        return nfc(str(raw or "")).strip()
    try:
        return field.clean(raw)
    except ValidationError:
        return raw


def _print(form: forms.BaseForm, name: str, value: Any) -> str:
    keys = _keys(form.fields[name], value)
    return hashlib.blake2s("\x1f".join(keys).encode(), digest_size=PRINT_LENGTH // 2).hexdigest()


def _keys(field: forms.Field, value: Any) -> list[str]:
    """The value as a form sends it, whether it comes from the record or from a form; the order of several does not matter."""
    if value in (None, "", False):
        return []
    prepared = field.prepare_value(value() if callable(value) else value)
    if hasattr(prepared, "__iter__") and not isinstance(prepared, str):
        return sorted(str(field.prepare_value(single)) for single in prepared)
    shown = field.widget.format_value(prepared) if hasattr(field.widget, "format_value") else prepared
    return [" ".join(str(part).split()) for part in (shown if isinstance(shown, _LIST_OF) else [shown]) if part not in (None, "")]


def _words(field: forms.Field, value: Any) -> str:
    """The value as a reader knows it."""
    keys = _keys(field, value)
    if not keys:
        return "—"
    if isinstance(field, forms.BooleanField):
        return _("Yes")
    if isinstance(field, forms.ModelChoiceField):
        return "; ".join(_labels(field, keys))
    if isinstance(field, forms.ChoiceField):
        offered: Any = field.choices
        return "; ".join(str(dict(_flat(offered)).get(key, key)) for key in keys)
    if isinstance(value, int | float):
        return str(localize(value))
    return value if isinstance(value, str) else "; ".join(keys)


def _labels(field: forms.ModelChoiceField, keys: list[str]) -> list[str]:
    try:
        found = field.queryset.filter(**{f"{field.to_field_name or 'pk'}__in": keys}) if field.queryset is not None else []
        return [field.label_from_instance(row) for row in found]
    except (ValueError, TypeError, ValidationError):
        return keys


def _flat(choices: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, _LIST_OF):
            yield from _flat(label)
        else:
            yield str(value), label
