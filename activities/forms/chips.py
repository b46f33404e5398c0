"""What was read of a line, as chips: each says one thing, how sure it is, and opens the control that corrects it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.forms import BoundField
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.choices import ExchangeStatus
from activities.forms.entries import Entry
from partners.forms.fields import DAY_FORMATS

REQUIRED = ("partners", "kind", "starts_on")


@dataclass(frozen=True)
class Choice:
    """One of several meanings: choosing it answers the field with ``values``."""

    label: str
    hint: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Chip:
    """``state``: read, said (corrected by hand), usual (taken for granted), missing, choose (several meanings) or empty."""

    name: str
    label: str | Promise
    icon: str
    state: str
    text: str
    controls: Sequence[BoundField]
    choices: Sequence[Choice] = ()
    asks: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its control stands open: something is wrong in it, or has to be chosen."""
        return bool(self.choices) or any(control.errors for control in self.controls if control.value() not in (None, "", []))

    @property
    def asked_apart(self) -> str:
        """The control whose error the choice between several meanings stands for, by name."""
        return self.name if self.choices else ""

    @property
    def names(self) -> str:
        return " ".join(control.name for control in self.controls)


# The parts of an entry: field that leads, label, icon, and the controls that stand together.
_PARTS: tuple[tuple[str, Any, str, tuple[str, ...]], ...] = (
    ("partners", gettext_lazy("Partner"), "building-library", ("partners",)),
    ("kind", gettext_lazy("Kind"), "chat-bubble-left-right", ("kind",)),
    ("starts_on", gettext_lazy("Day"), "calendar-days", ("starts_on", "ends_on", "status")),
    ("direction", gettext_lazy("Direction"), "arrows-right-left", ("direction", "level")),
    ("people_count", gettext_lazy("Number of people"), "user-group", ("people_count",)),
    ("provinces", gettext_lazy("Place"), "map-pin", ("provinces", "place", "country")),
    ("fields_touched", gettext_lazy("Fields"), "hashtag", ("fields_touched",)),
    ("follow_up_text", gettext_lazy("Follow-up"), "flag", ("follow_up_text", "follow_up_due_on", "follow_up_assignee", "promised_by")),
    ("title", gettext_lazy("What about"), "pencil", ("title",)),
)


def chips_of(entry: Entry) -> list[Chip]:
    """The chips of an entry, in the order in which a form would ask."""
    entry.form.is_valid()
    return [_chip(entry, *part) for part in _PARTS]


def _chip(entry: Entry, name: str, label: Any, icon: str, fields: tuple[str, ...]) -> Chip:
    form = entry.form
    text = " · ".join(_words_of(entry, fields))
    choices = list(_CHOICES[name](entry)) if name in _CHOICES and not entry.answers.keys() & {name} else []
    return Chip(
        name=name,
        label=label,
        icon=icon,
        state=_state(entry, name, fields, text=text, choices=choices),
        text=text,
        controls=[form[field] for field in fields],
        choices=choices,
        asks=_asks(entry, name, choices) if name in REQUIRED and name in form.errors else "",
    )


def _asks(entry: Entry, name: str, choices: Sequence[Choice]) -> str:
    """What an entry is asked before it counts; where the line named several, only which of them."""
    return _("Which one is meant?") if choices else " ".join(map(str, entry.form.errors[name]))


def _state(entry: Entry, name: str, fields: tuple[str, ...], *, text: str, choices: Sequence[Choice]) -> str:
    if choices:
        return "choose"
    if name in REQUIRED and name in entry.form.errors:
        return "missing"
    if not text:
        return "empty"
    if entry.answers.keys() & set(fields):
        return "said"
    is_usual = (name == "starts_on" and entry.reading.day is None) or (name == "direction" and entry.reading.direction is None)
    return "usual" if is_usual else "read"


def _words_of(entry: Entry, fields: Iterable[str]) -> Iterator[str]:
    cleaned = entry.form.cleaned_data
    for name in fields:
        value = cleaned.get(name)
        if value in (None, "") or (name == "status" and value == ExchangeStatus.HELD) or (name == "level" and not value):
            continue
        if words := _shown(entry, name, value):
            yield words


def _shown(entry: Entry, name: str, value: Any) -> str:
    if isinstance(value, date):
        day = date_format(value, "SHORT_DATE_FORMAT")
        return {"ends_on": f"– {day}", "follow_up_due_on": _("by %(day)s") % {"day": day}}.get(name, day)
    if name in {"direction", "level", "status", "promised_by"}:
        return str(dict(entry.form.fields[name].choices)[value])
    if name == "people_count":
        return _("%(n)s people") % {"n": value}
    if name == "kind":
        return str(value.label)
    if name in {"partners", "provinces", "fields_touched"}:
        return ", ".join(str(row) for row in value)
    return str(value)


def _partner_choices(entry: Entry) -> Iterator[Choice]:
    certain = tuple(str(named.candidates[0].public_id) for named in entry.reading.partners if named.is_certain)
    for named in entry.reading.partners:
        for partner in () if named.is_certain else named.candidates:
            yield Choice(str(partner), str(partner.country or ""), (*certain, str(partner.public_id)))


def _day_choices(entry: Entry) -> Iterator[Choice]:
    for day in entry.reading.day.either if entry.reading.day else ():
        yield Choice(date_format(day, "SHORT_DATE_FORMAT"), "", (day.strftime(DAY_FORMATS[0]),))


def _province_choices(entry: Entry) -> Iterator[Choice]:
    certain = tuple(rows[0].slug for rows in entry.reading.provinces if len(rows) == 1)
    for rows in entry.reading.provinces:
        for province in rows if len(rows) > 1 else ():
            yield Choice(province.name, "", (*certain, province.slug))


def _field_choices(entry: Entry) -> Iterator[Choice]:
    certain = tuple(rows[0].code for rows in entry.reading.fields if len(rows) == 1)
    for rows in entry.reading.fields:
        for field in rows if len(rows) > 1 else ():
            yield Choice(field.label, "", (*certain, field.code))


_CHOICES = {"partners": _partner_choices, "starts_on": _day_choices, "provinces": _province_choices, "fields_touched": _field_choices}
