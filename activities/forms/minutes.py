"""Minutes as they are typed: what was read of each promise, to be looked at, corrected, and saved in one go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.minutes import Written, write_minutes
from activities.choices import Side
from activities.forms.commitments import colleague_field
from activities.grammar.minutes import Minutes, Promised, read_minutes
from activities.lookup.promisers import Promiser, Promisers
from activities.models import Commitment, Exchange
from crm.models import Unit, User
from partners.forms.bulk_edits import writable_units
from partners.forms.fields import DAY_FORMATS, DayField, PlainKeysMixin
from partners.models import Partner, Person

LONGEST = 20_000


@dataclass(frozen=True)
class Offered:
    """What the lines of one exchange may choose from, by the keys that are sent."""

    promised_on: date
    partners: dict[str, Partner]
    people: dict[str, Person]
    units: dict[str, Unit]

    @staticmethod
    def label(row: Any) -> str:
        return row.display if isinstance(row, Unit) else str(row)


class PromiseForm(PlainKeysMixin, forms.Form):
    """One promise of the minutes."""

    left_out = forms.BooleanField(label=_("Leave this line out"), required=False)
    owed_by = forms.ChoiceField(label=_("Owed by"), choices=Side.choices)
    text = forms.CharField(label=_("What was promised"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    due_on = DayField(label=_("Due on"), required=False)
    # Of rows that all lines share: choosing among them asks nothing for each line.
    partner = forms.TypedChoiceField(label=_("Partner"), empty_value=None)
    person = forms.TypedChoiceField(label=_("Promised by"), required=False, empty_value=None)
    unit = forms.TypedChoiceField(label=_("Unit"), required=False, empty_value=None)
    assignee = colleague_field(_("Who"))

    def __init__(self, data: Any, *, prefix: str, offered: "Offered") -> None:
        super().__init__(data, prefix=prefix, auto_id=f"{prefix}-%s")
        fields: dict[str, Any] = self.fields
        self.promised_on = offered.promised_on
        for name, rows in (("partner", offered.partners), ("person", offered.people), ("unit", offered.units)):
            fields[name].choices = [("", "—"), *((key, offered.label(row)) for key, row in rows.items())]
            fields[name].coerce = rows.get
        if len(offered.partners) == 1:
            fields["partner"].widget = forms.HiddenInput()

    def full_clean(self) -> None:
        """What is left out may be wrong in every field."""
        super().full_clean()
        if self.is_bound and self.cleaned_data.get("left_out"):
            self._errors = forms.utils.ErrorDict()

    def clean_due_on(self) -> Any:
        due_on = self.cleaned_data["due_on"]
        if due_on and due_on < self.promised_on:
            raise ValidationError(_("It cannot be due before it was promised."), code="due-before-promised")
        return due_on

    @property
    def is_left_out(self) -> bool:
        return bool(self.cleaned_data.get("left_out"))

    @property
    def details(self) -> list[Any]:
        """The fields that few lines need."""
        return [self[name] for name in ("person", "unit", "assignee")]

    def commitment(self) -> Commitment:
        names = ("owed_by", "text", "due_on", "partner", "person", "unit", "assignee")
        return Commitment(promised_on=self.promised_on, **{name: self.cleaned_data[name] for name in names})


@dataclass(frozen=True)
class Row:
    """A promise as read, and its form. ``is_usual``: nobody was named, so it is taken for ours."""

    promised: Promised
    form: PromiseForm
    is_usual: bool


class MinutesEntry:
    """Minutes of one exchange as a browser sends them.

    The fields of a promise are named by its words: what was corrected stays while other lines are typed, and a line that
    is typed anew is read anew.
    """

    def __init__(self, exchange: Exchange, data: Mapping[str, Any], *, by: User) -> None:
        self.exchange, self.by = exchange, by
        self.data: Any = data
        self.text = str(data.get("minutes", "")).replace("\x00", "")[:LONGEST]
        self.wants_summary = "summary" in data
        self.promised_on = min(exchange.starts_on, timezone.localdate())

    @cached_property
    def read(self) -> Minutes:
        return read_minutes(self.text, today=timezone.localdate(), since=self.promised_on)

    @cached_property
    def rows(self) -> list[Row]:
        if not self.read.promises:
            return []
        promisers = Promisers(self.exchange, by=self.by)
        offered = Offered(
            self.promised_on,
            {str(partner.public_id): partner for partner in promisers.partners},
            {str(person.public_id): person for person in promisers.people},
            {unit.code: unit for unit in writable_units(self.by)},
        )
        return [self._row(promised, promisers.of(promised), offered) for promised in self.read.promises]

    @property
    def is_valid(self) -> bool:
        return self.wrong == 0

    @property
    def wrong(self) -> int:
        """How many lines have to be looked at."""
        return sum(not row.form.is_valid() for row in self.rows)

    def save(self) -> Written:
        """Write what is not left out. Raises what ``write_minutes`` raises."""
        promises = [row.form.commitment() for row in self.rows if not row.form.is_left_out]
        written: Written = write_minutes(self.exchange, by=self.by, promises=promises, summary=self.read.rest if self.wants_summary else "")
        return written

    def _row(self, promised: Promised, promiser: Promiser, offered: Offered) -> Row:
        if promiser.unit is not None and promiser.unit.code not in offered.units:
            # Of another unit's work nothing can be written from here: the line stays whole, for somebody to decide.
            promiser = Promiser(partner=promiser.partner)
        key = _key_of(promised)
        data = self.data if f"{key}-text" in self.data else _said(key, promised, promiser)
        form = PromiseForm(data, prefix=key, offered=offered)
        form.is_valid()
        return Row(promised, form, is_usual=promiser.side is None)


def _key_of(promised: Promised) -> str:
    words = f"{promised.typed}\n{promised.side}\n{promised.nth}"
    return f"p{blake2b(words.encode(), digest_size=6).hexdigest()}"


def _said(key: str, promised: Promised, promiser: Promiser) -> QueryDict:
    """What the words say, as the form would send it. Nobody named: it is ours, as in the log line."""
    due = promised.due
    values = {
        "owed_by": promiser.side or Side.OURS,
        "text": promised.text if promiser.side else promised.whole,
        "due_on": "" if due is None else due.start.strftime(DAY_FORMATS[0]) if due.start else due.trouble,
        "partner": promiser.partner.public_id if promiser.partner else "",
        "person": promiser.person.public_id if promiser.person else "",
        "unit": promiser.unit.code if promiser.unit else "",
        "assignee": promiser.assignee.public_id if promiser.assignee else "",
    }
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data[f"{key}-{name}"] = str(value)
    return data
