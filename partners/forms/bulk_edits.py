"""What may be set on many partners, or people, at once."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.choices import Confidentiality
from crm.forms import BulkForm, Combobox
from crm.models import Country, Field, Unit, User
from partners.choices import PartnerStatus
from partners.forms.fields import DayField, PlainKeysMixin
from partners.models import PartnerKind


def writable_units(user: User) -> Any:
    """Units that exist today and that the account may write for."""
    units = Unit.objects.on(timezone.localdate())
    return units if user.scope.central else units.filter(pk__in=user.scope.unit_ids)


class PartnerBulkForm(PlainKeysMixin, BulkForm):
    status = forms.ChoiceField(label=_("Status"), choices=PartnerStatus.choices)
    kind = forms.ModelChoiceField(label=_("Kind"), queryset=PartnerKind.objects.all(), to_field_name="code")
    country = forms.ModelChoiceField(label=_("Country"), queryset=Country.objects.all(), to_field_name="alpha2")
    verified_on = DayField(label=_("Verified on"))
    lead_unit = forms.ModelChoiceField(label=_("Kept by unit"), queryset=Unit.objects.none(), to_field_name="code")
    lead_officer = forms.ModelChoiceField(
        label=_("Kept by officer"), queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id",
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )  # fmt: skip
    fields_add = forms.ModelMultipleChoiceField(
        label=_("Add fields of cooperation"), queryset=Field.objects.all(), to_field_name="code", widget=forms.CheckboxSelectMultiple
    )
    fields_remove = forms.ModelMultipleChoiceField(
        label=_("Take fields of cooperation away"), queryset=Field.objects.all(), to_field_name="code", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead_unit"].queryset = writable_units(self.by)  # type: ignore[attr-defined]  # a choice of rows

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("lead_officer") and not self.cleaned_data.get("lead_unit"):
            raise ValidationError({"lead_unit": ValidationError(_("Choose the unit of the officer too."), code="required")})
        return super().clean()

    def values(self) -> dict[str, Any]:
        values = super().values()
        unit, officer = values.pop("lead_unit", None), values.pop("lead_officer", None)
        return values | ({"lead": (unit, officer)} if unit else {})


class PersonBulkForm(PlainKeysMixin, BulkForm):
    purpose = forms.CharField(label=_("Kept for"), max_length=200)
    review_on = DayField(label=_("Review whether still needed on"))
    confidentiality = forms.ChoiceField(label=_("Who may see"), choices=Confidentiality.choices)
    country = forms.ModelChoiceField(label=_("Country"), queryset=Country.objects.all(), to_field_name="alpha2")
