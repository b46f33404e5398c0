"""Who signs, line by line on each side, in protocol order."""

from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from activities.choices import Side
from activities.models import AgreementParty
from crm.forms import Combobox
from crm.models import Province, Unit
from partners.forms.fields import PlainKeysMixin
from partners.models import Partner

BLANK_LINES = 2
MOST_PARTIES = 40
NAME_LENGTH = 250
SIGNATORY_LENGTH = 200


class PartyForm(PlainKeysMixin, forms.Form):
    """One line: who the party is, in one of several ways, and who signed for it under which title."""

    ways: tuple[str, ...]

    name = forms.CharField(label=_("Or a name"), max_length=NAME_LENGTH, required=False)
    signatory = forms.CharField(label=_("Signed by"), max_length=SIGNATORY_LENGTH, required=False)
    signatory_title = forms.CharField(label=_("Title on that day"), max_length=SIGNATORY_LENGTH, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        named = [way for way in self.ways if cleaned.get(way)]
        if len(named) > 1:
            self.add_error(named[1], _("Name the party in one way, not in two; use another line for another party."))
        elif not named and not self.errors and (cleaned.get("signatory") or cleaned.get("signatory_title")):
            self.add_error(self.ways[0], _("Say for whom this person signed."))
        return cleaned

    def party(self, side: Side) -> AgreementParty | None:
        """The line as an unstored row; None for an empty one."""
        values = {name: self.cleaned_data.get(name) for name in (*self.ways, "signatory", "signatory_title")}
        if not any(values[way] for way in self.ways):
            return None
        return AgreementParty(side=side, **{name: value for name, value in values.items() if value})


class OurPartyForm(PartyForm):
    ways = ("unit", "province", "name")

    unit = forms.ModelChoiceField(
        label=_("Unit"), queryset=Unit.objects.all(), to_field_name="public_id", required=False,
        widget=Combobox("activities:unit-options", hint=_("Type the name of a unit")),
    )  # fmt: skip
    province = forms.ModelChoiceField(
        label=_("Or a province"), queryset=Province.objects.all(), to_field_name="slug", required=False,
        widget=Combobox("activities:province-options", hint=_("As it was on the day of signing")),
    )  # fmt: skip

    field_order = ("unit", "province", "name")


class TheirPartyForm(PartyForm):
    ways = ("partner", "name")

    partner = forms.ModelChoiceField(
        label=_("Partner"), queryset=Partner.objects.none(), to_field_name="public_id", required=False,
        widget=Combobox("partners:partner-options", hint=_("Type a part of the name")),
    )  # fmt: skip

    field_order = ("partner", "name")

    def __init__(self, *args: Any, partners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partner: Any = self.fields["partner"]
        partner.queryset = partners


class PartyFormSet(BaseFormSet):
    """The lines of one side. A line that is emptied is a party less."""

    side: Side

    def parties(self) -> list[AgreementParty]:
        return [party for form in self.forms if (party := form.party(self.side)) is not None]


_LIMITS: dict[str, Any] = {"extra": BLANK_LINES, "max_num": MOST_PARTIES, "absolute_max": MOST_PARTIES + 10, "validate_max": True}
OurPartyFormSet = forms.formset_factory(OurPartyForm, formset=PartyFormSet, **_LIMITS)
OurPartyFormSet.side = Side.OURS  # type: ignore[attr-defined]  # declared above
TheirPartyFormSet = forms.formset_factory(TheirPartyForm, formset=PartyFormSet, **_LIMITS)
TheirPartyFormSet.side = Side.THEIRS  # type: ignore[attr-defined]  # the same


def initial_lines(parties: list[AgreementParty], side: Side) -> list[dict[str, Any]]:
    """What the lines of a side show of parties that are there, or proposed."""
    return [
        {
            "unit": party.unit and party.unit.public_id,
            "province": party.province and party.province.slug,
            "partner": party.partner and party.partner.public_id,
            "name": party.name,
            "signatory": party.signatory,
            "signatory_title": party.signatory_title,
        }
        for party in parties
        if party.side == side
    ]
