"""An entry of the drawer: the line as read, overruled by what was corrected beside it, as one bound form."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import Direction, ExchangeStatus, Level, TaskKind, directions_of
from activities.forms.kinds import KindField, usual_direction, usual_sides
from activities.forms.people import in_order
from activities.forms.warnings import Near, near_exchanges
from activities.grammar.lines import Line
from activities.grammar.marks import MOST_PEOPLE
from activities.lookup.reading import Reading, read_line
from activities.models import Commitment, Exchange, ExchangeDraft, ExchangeKind, FollowUp
from crm.forms import Combobox
from crm.models import Country, Field, Province, User
from partners.forms.fields import DAY_FORMATS, DayField, PlainKeysMixin
from partners.models import Partner

TITLE_LENGTH = 300
# How long a browser may keep a line before it is sent; what it calls today is the day on which it was typed.
KEPT_DAYS = 60
MOST_VALUES = 50
LONGEST_VALUE = 20_000
DIFFERENT = "different"
TYPED_ON = "typed_on"
CORRECTED = "corrected"
PARTNER = "partner"

Answers = dict[str, list[str]]


class EntryForm(PlainKeysMixin, forms.Form):
    """What the drawer asks: partner, kind and day; all else may be left out. Bound to what was read and corrected."""

    fields: dict[str, Any]

    partners = forms.ModelMultipleChoiceField(
        label=_("Partner"), queryset=Partner.objects.none(), to_field_name="public_id",
        widget=Combobox("partners:partner-options", many=True, hint=_("Type a part of the name")),
        error_messages={"required": _("With whom?")},
    )  # fmt: skip
    kind = KindField(label=_("Kind"), error_messages={"required": _("What kind of exchange?")})
    starts_on = DayField(label=_("Day"), error_messages={"required": _("Which day?")})
    ends_on = DayField(label=_("Last day"), required=False)
    status = forms.ChoiceField(
        label=_("Status"), choices=[(code, code.label) for code in (ExchangeStatus.HELD, ExchangeStatus.PLANNED)], required=False
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices, required=False)
    level = forms.TypedChoiceField(label=_("Level"), choices=Level.choices, coerce=int, required=False)
    people_count = forms.IntegerField(label=_("Number of people"), min_value=1, max_value=MOST_PEOPLE, required=False)
    provinces = forms.ModelMultipleChoiceField(
        label=_("Provinces"), queryset=Province.objects.all(), to_field_name="slug", required=False,
        widget=Combobox("activities:province-options", many=True, hint=_("Type the name of a province")),
    )  # fmt: skip
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    country = forms.ModelChoiceField(
        label=_("Held in"), queryset=Country.objects.all(), to_field_name="alpha2", widget=forms.HiddenInput, required=False
    )
    fields_touched = forms.ModelMultipleChoiceField(
        label=_("Fields of cooperation"), queryset=Field.objects.all(), to_field_name="code", required=False,
        widget=Combobox("activities:field-options", many=True, hint=_("Type the name of a field")),
    )  # fmt: skip
    follow_up_text = forms.CharField(label=_("What is to be done"), max_length=500, required=False)
    follow_up_due_on = DayField(label=_("Due on"), required=False)
    promised_by = forms.ChoiceField(label=_("What it is"), choices=TaskKind.choices, required=False)
    follow_up_assignee = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id", required=False,
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )  # fmt: skip
    title = forms.CharField(label=_("What about"), max_length=TITLE_LENGTH, required=False)
    summary = forms.CharField(label=_("Summary"), max_length=LONGEST_VALUE, widget=forms.HiddenInput, required=False)
    outcome = forms.CharField(label=_("Outcome, in a line"), max_length=LONGEST_VALUE, required=False)

    def __init__(self, data: QueryDict, *, by: User) -> None:
        super().__init__(data, auto_id="log_%s")
        self.fields["partners"].queryset = Partner.objects.visible_to(by).live()
        self.fields["kind"].offer(by=by)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("The last day must not come before the first day."))
        if kind := cleaned.get("kind"):
            self.fields["direction"].choices = directions_of(kind.family).items()
        if starts_on and starts_on > timezone.localdate():
            cleaned["status"] = ExchangeStatus.PLANNED
        return cleaned

    def exchange(self) -> Exchange:
        """The exchange that the entry means, not saved."""
        cleaned, kind = self.cleaned_data, self.cleaned_data["kind"]
        direction = cleaned["direction"] or usual_direction(kind.direction)
        own = ("starts_on", "ends_on", "people_count", "place", "country", "title", "summary", "outcome")
        return Exchange(
            kind=kind,
            direction=direction,
            sides=usual_sides(kind.family, direction),
            status=cleaned["status"] or ExchangeStatus.HELD,
            level=cleaned["level"] or Level.WORKING,
            **{name: cleaned[name] for name in own},
        )

    def related(self, *, by: User) -> dict[str, Any]:
        """What ``log_exchange`` takes beside the exchange."""
        cleaned = self.cleaned_data
        text, side = cleaned["follow_up_text"], cleaned["promised_by"]
        assignee = cleaned["follow_up_assignee"] or by
        return {
            "partners": in_order(cleaned["partners"], self.data.getlist("partners")),
            "fields": cleaned["fields_touched"],
            "provinces": cleaned["provinces"],
            **what_follows(text, cleaned["follow_up_due_on"], assignee, promised_by=side),
        }


def what_follows(text: str, due_on: date | None, assignee: User, *, promised_by: str) -> dict[str, FollowUp | Commitment | None]:
    """What ``log_exchange`` opens with the exchange: a follow-up, or where a side is named its commitment."""
    if not text:
        return {"follow_up": None}
    if promised_by:
        return {"commitment": Commitment(text=text, due_on=due_on, assignee=assignee, owed_by=promised_by)}
    return {"follow_up": FollowUp(text=text, due_on=due_on, assignee=assignee)}


CORRECTABLE = frozenset(EntryForm.base_fields)


@dataclass
class Entry:
    """One line and what was corrected beside it. ``answers``: by field, as a form sends them; ``different``: exchanges of
    these days, by public id, of which somebody said that they are not this one; ``partner``: the partner, by public id,
    on whose page the line was typed."""

    key: UUID
    text: str
    by: User
    typed_on: date
    answers: Answers = field(default_factory=dict)
    different: tuple[str, ...] = ()
    partner: str = ""

    @classmethod
    def sent(cls, data: QueryDict, *, by: User) -> "Entry":
        """The entry that a browser sends. Raises ValueError where its key is none."""
        names = CORRECTABLE.intersection(data.getlist(CORRECTED))
        answers = {name: [_plain(value) for value in _values(data, name)[:MOST_VALUES]] for name in sorted(names)}
        different = tuple(_plain(value)[:40] for value in data.getlist(DIFFERENT)[:MOST_VALUES])
        return cls(
            key=UUID(data.get("key", "")),
            text=Line(data.get("text", "")).text,
            by=by,
            typed_on=_typed_on(data.get(TYPED_ON, "")),
            answers=answers,
            different=different,
            partner=_plain(data.get(PARTNER, ""))[:40],
        )

    @classmethod
    def kept(cls, draft: ExchangeDraft, *, by: User) -> "Entry":
        """The entry as a draft kept it."""
        kept = {name: values for name, values in draft.answers.items() if isinstance(values, list)}
        typed_on = date.fromisoformat(kept[TYPED_ON][0]) if kept.get(TYPED_ON) else timezone.localdate(draft.created_at)
        answers = {name: values for name, values in kept.items() if name in CORRECTABLE}
        partner = "".join(kept.get(PARTNER, ())[:1])
        return cls(draft.key, draft.text, by, typed_on, answers, tuple(kept.get(DIFFERENT, ())), partner)

    @property
    def to_keep(self) -> Answers:
        """What a draft keeps beside the text."""
        partner = [self.partner] if self.partner else []
        return {**self.answers, DIFFERENT: list(self.different), TYPED_ON: [self.typed_on.isoformat()], PARTNER: partner}

    @property
    def state(self) -> dict[str, Any]:
        """The same as the browser keeps it."""
        return {
            "key": str(self.key),
            "text": self.text,
            "typedOn": self.typed_on.isoformat(),
            "answers": self.answers,
            "different": self.different,
            "partner": self.partner,
        }

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not any(self.answers.values())

    @cached_property
    def reading(self) -> Reading:
        return read_line(self.text, by=self.by, today=self.typed_on)

    @cached_property
    def form(self) -> EntryForm:
        data = QueryDict(mutable=True)
        said = said_by(self.reading, typed_on=self.typed_on, answered=self.answers)
        said["partners"] = list(dict.fromkeys([self.partner, *said["partners"]] if self.partner else said["partners"]))
        for name, values in {**said, **self._usual_direction(), **self.answers}.items():
            data.setlist(name, values)
        return EntryForm(data, by=self.by)

    @cached_property
    def near(self) -> Near:
        """Exchanges of these days with these partners, of which nobody has said that they are different."""
        cleaned = self.form.cleaned_data if self.form.is_bound and self.form.errors is not None else {}
        if not cleaned.get("partners") or not cleaned.get("starts_on"):
            return Near()
        family = cleaned["kind"].family if cleaned.get("kind") else ""
        near = near_exchanges(list(cleaned["partners"]), on=cleaned["starts_on"], family=family, by=self.by)
        return Near(*(tuple(row for row in rows if str(row.public_id) not in self.different) for rows in (near.readable, near.closed)))

    @property
    def is_complete(self) -> bool:
        return self.form.is_valid() and not self.near

    def _usual_direction(self) -> Answers:
        """A corrected kind takes its own usual direction along."""
        if not self.answers.get("kind"):
            return {}
        kind = ExchangeKind.objects.filter(code=self.answers["kind"][0]).first()
        return {"direction": [usual_direction(kind.direction)]} if kind and kind != self.reading.kind else {}


def said_by(reading: Reading, *, typed_on: date, answered: Collection[str] = ()) -> Answers:
    """What the line says, as a form would send it. Without a day it speaks of the day on which it was typed.

    What has several meanings stays text until the field is among those ``answered``.
    """
    day, task, kind = reading.day, reading.task, reading.kind
    rest = _title(reading, answered)
    said = {
        "partners": [str(named.candidates[0].public_id) for named in reading.partners if named.is_certain],
        "kind": [kind.code] if kind else [],
        "starts_on": _day(day.start) if day else [] if reading.is_planned else _day(typed_on),
        "ends_on": _day(day.end) if day else [],
        "status": [reading.status],
        "direction": [reading.direction or usual_direction(kind.direction)] if kind else [],
        "people_count": [str(reading.people)] if reading.people else [],
        "provinces": [rows[0].slug for rows in reading.provinces if len(rows) == 1],
        "country": [reading.country.alpha2] if reading.country else [],
        "place": [reading.place] if reading.place else [],
        "fields_touched": [rows[0].code for rows in reading.fields if len(rows) == 1],
        "follow_up_text": [task.text[:500]] if task else [],
        "follow_up_due_on": _day(task.due.start) if task and task.due else [],
        "promised_by": [reading.promised_by] if reading.promised_by else [],
        "follow_up_assignee": [str(reading.assignee.public_id)] if reading.assignee else [],
        "title": [rest] if rest and len(rest) <= TITLE_LENGTH else [],
        "summary": [rest] if len(rest) > TITLE_LENGTH else [],
    }
    return {name: [str(value) for value in values] for name, values in said.items()}


def _title(reading: Reading, answered: Collection[str]) -> str:
    """What was not read, or waits for a choice, as a title: with a capital, for it stands alone."""
    waiting = [words for name, words in reading.unsettled if name not in answered]
    text = " ".join(part for part in (reading.rest, *waiting) if part)
    return text[:1].upper() + text[1:]


def _day(day: date | None) -> list[str]:
    return [] if day is None else [day.strftime(DAY_FORMATS[0])]


def _values(data: QueryDict, name: str) -> list[str]:
    """The values of a field as sent; a kind picked in the list wins over a button, as in every form."""
    if name == "kind" and data.get("kind_other"):
        return [str(data["kind_other"])]
    return data.getlist(name)


def _plain(value: str) -> str:
    return value.replace("\x00", "")[:LONGEST_VALUE]


def _typed_on(value: str) -> date:
    today = timezone.localdate()
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return today
    return day if today - timedelta(days=KEPT_DAYS) <= day <= today else today
