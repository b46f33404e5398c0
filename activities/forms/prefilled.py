"""The long form, filled in from a line or a draft; and partners by name where no script picks them."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.forms.entries import Entry, EntryForm
from activities.grammar.lines import LONGEST, Line
from activities.lookup.partners import read_partners
from activities.models import ExchangeDraft
from crm.models import User

# The same answer under the name that the long form has for it.
_NAMES = {"fields_touched": "fields", "follow_up_assignee": ""}


def initial_from_line(text: str, *, by: User) -> dict[str, Any]:
    """What the long form shows of a line: the rest of it, and what is not certain, is left open."""
    return _initial(Entry(uuid4(), text[:LONGEST].replace("\x00", ""), by, timezone.localdate()).form)


def initial_from_draft(draft: ExchangeDraft, *, by: User) -> dict[str, Any]:
    return _initial(Entry.kept(draft, by=by).form)


def _initial(form: EntryForm) -> dict[str, Any]:
    form.is_valid()
    initial: dict[str, Any] = {}
    for name in form.fields:
        values = form.data.getlist(name)
        target = _NAMES.get(name, name)
        if not values or not target or name in form.errors:
            continue
        if name == "fields_touched":
            initial[target] = [field.pk for field in form.cleaned_data[name]]
        elif name == "country":
            initial[target] = form.cleaned_data[name].pk
        else:
            initial[target] = values if name in {"partners", "provinces"} else values[0]
    return initial


class PartnersByNameMixin(forms.BaseForm):
    """One more field, shown only where no script runs: names of partners, one a line, each known to one partner."""

    data: Any
    by: User
    BY_NAME = "partner_names"

    def add_partner_names(self) -> None:
        self.fields[self.BY_NAME] = forms.CharField(
            label=_("Partners by name"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("One a line, by any of their names."),
        )  # fmt: skip

    def full_clean(self) -> None:
        self.unknown_partners: list[ValidationError] = []
        if self.is_bound and not self.data.getlist(self.add_prefix("partners")) and self.data.get(self.add_prefix(self.BY_NAME)):
            self._pick_named()
        super().full_clean()
        for error in self.unknown_partners:
            self.add_error(self.BY_NAME, error)

    def _pick_named(self) -> None:
        picked: list[str] = []
        for typed in Line(self.data[self.add_prefix(self.BY_NAME)].replace("\n", "; ")).text.split(";"):
            found = read_partners(Line(typed), by=self.by)
            certain = [str(named.candidates[0].public_id) for named in found if named.is_certain]
            picked += certain
            if typed.strip() and not certain:
                self.unknown_partners.append(_not_known(typed.strip(), [partner.name for named in found for partner in named.candidates]))
        self.data = self.data.copy()
        self.data.setlist(self.add_prefix("partners"), picked)


def _not_known(typed: str, near: list[str]) -> ValidationError:
    if near:
        message = _("“%(typed)s” may mean: %(near)s. Write the whole name.")
        return ValidationError(message, code="ambiguous", params={"typed": typed, "near": "; ".join(near)})
    return ValidationError(_("No partner is called “%(typed)s”."), code="not-found", params={"typed": typed})
