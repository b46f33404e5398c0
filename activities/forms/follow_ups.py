from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.actions.follow_ups import close_follow_up, save_follow_up
from activities.choices import FollowUpState
from activities.models import FollowUp
from crm.forms import Combobox, RecordForm
from crm.models import User
from partners.forms.fields import DayField, PlainKeysMixin
from partners.models import Partner


class FollowUpForm(PlainKeysMixin, RecordForm):
    """Something to be done, about the exchange or partner that the instance names; where it names none, the form asks."""

    instance: FollowUp

    assignee = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id", required=False,
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )  # fmt: skip

    class Meta:
        model = FollowUp
        fields = ["text", "due_on", "assignee", "confidentiality", "remark"]
        field_classes = {"due_on": DayField}
        widgets = {"text": forms.Textarea(attrs={"rows": 2}), "remark": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance.assignee if self.instance.pk else self.by
        self.initial["assignee"] = chosen.public_id if chosen else None
        if self.instance.exchange is None and self.instance.partner is None:
            self.fields["partner"] = forms.ModelChoiceField(
                label=_("Partner"), queryset=Partner.objects.visible_to(self.by).live(), to_field_name="public_id",
                widget=Combobox("partners:partner-options", hint=_("Type a part of any of its names")),
            )  # fmt: skip
            self.order_fields(["text", "partner"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if partner := cleaned.get("partner"):
            self.instance.partner = partner
        return cleaned

    def save(self, commit: bool = True) -> FollowUp:
        follow_up: FollowUp = save_follow_up(self.instance, by=self.by)
        return follow_up


class ClosingForm(forms.Form):
    """Done, dropped or open again, with a remark."""

    state = forms.ChoiceField(label=_("State"), choices=FollowUpState.choices)
    remark = forms.CharField(label=_("Remark"), max_length=20_000, required=False)

    def __init__(self, *args: Any, follow_up: FollowUp, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.follow_up, self.by = follow_up, by

    def save(self) -> FollowUp:
        closed: FollowUp = close_follow_up(self.follow_up, by=self.by, **self.cleaned_data)
        return closed
