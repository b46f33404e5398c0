"""What may be set on many exchanges, or follow-ups, at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.choices import AgreementLevel, AgreementState, FollowUpState, Level
from crm.choices import Confidentiality
from crm.filters import active_units
from crm.forms import BulkForm, Combobox
from crm.models import Field, PolicyDocument, Province, Unit, User
from partners.forms.bulk_edits import writable_units
from partners.forms.fields import DayField, PlainKeysMixin


class ExchangeBulkForm(PlainKeysMixin, BulkForm):
    policy_document = forms.ModelChoiceField(label=_("Serves the directive"), queryset=PolicyDocument.objects.all(), to_field_name="code")
    level = forms.TypedChoiceField(label=_("Level"), choices=Level.choices, coerce=int, empty_value=None)
    host_unit = forms.ModelChoiceField(label=_("Host unit"), queryset=Unit.objects.none(), to_field_name="code")
    confidentiality = forms.ChoiceField(label=_("Who may see"), choices=Confidentiality.choices)
    co_units_add = forms.ModelMultipleChoiceField(
        label=_("Together with"),
        queryset=Unit.objects.none(),
        to_field_name="public_id",
        widget=Combobox("activities:unit-options", many=True, hint=_("Type a part of the unit's name")),
    )
    provinces_add = forms.ModelMultipleChoiceField(
        label=_("Add provinces"),
        queryset=Province.objects.all(),
        to_field_name="slug",
        widget=Combobox("activities:province-options", many=True, hint=_("Type a part of the province's name")),
    )
    fields_add = forms.ModelMultipleChoiceField(
        label=_("Add fields of cooperation"), queryset=Field.objects.all(), to_field_name="code", widget=forms.CheckboxSelectMultiple
    )
    fields_remove = forms.ModelMultipleChoiceField(
        label=_("Take fields of cooperation away"), queryset=Field.objects.all(), to_field_name="code", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["host_unit"].queryset = writable_units(self.by)  # type: ignore[attr-defined]  # a choice of rows
        self.fields["co_units_add"].queryset = active_units(None)  # type: ignore[attr-defined]  # the same


class FollowUpBulkForm(PlainKeysMixin, BulkForm):
    assignee = forms.ModelChoiceField(
        label=_("Who"),
        queryset=User.objects.filter(is_active=True, is_program=False),
        to_field_name="public_id",
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )
    due_on = DayField(label=_("Due on"))
    state = forms.ChoiceField(label=_("State"), choices=FollowUpState.choices)


class CommitmentBulkForm(PlainKeysMixin, BulkForm):
    assignee = forms.ModelChoiceField(
        label=_("Who"),
        queryset=User.objects.filter(is_active=True, is_program=False),
        to_field_name="public_id",
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )
    due_on = DayField(label=_("Due on"))
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = writable_units(self.by)  # type: ignore[attr-defined]  # a choice of rows


class AgreementBulkForm(PlainKeysMixin, BulkForm):
    unit = forms.ModelChoiceField(label=_("Kept by"), queryset=Unit.objects.none(), to_field_name="code")
    state = forms.ChoiceField(
        label=_("State"), choices=[(state.value, state.label) for state in (AgreementState.NEGOTIATED, AgreementState.SIGNED)]
    )
    level = forms.ChoiceField(label=_("Level"), choices=AgreementLevel.choices)
    policy_document = forms.ModelChoiceField(label=_("Under the directive"), queryset=PolicyDocument.objects.all(), to_field_name="code")
    fields_add = forms.ModelMultipleChoiceField(
        label=_("Add fields of cooperation"), queryset=Field.objects.all(), to_field_name="code", widget=forms.CheckboxSelectMultiple
    )
    confidentiality = forms.ChoiceField(label=_("Who may see"), choices=Confidentiality.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = writable_units(self.by)  # type: ignore[attr-defined]  # a choice of rows
