from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.models import Exchange
from crm.forms import Combobox, RecordForm
from crm.models import Unit, User
from partners.forms.fields import DayField, PlainKeysMixin
from partners.models import Partner
from reports.actions.action_items import close_action_item, save_action_item
from reports.choices import ActionState
from reports.metrics.plans import lines_of
from reports.models import ActionItem, PlanLine


class ActionItemForm(PlainKeysMixin, RecordForm):
    """An item of a unit's action plan; the year is that of the instance."""

    instance: ActionItem

    assignee = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id", required=False,
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )  # fmt: skip
    partner = forms.ModelChoiceField(
        label=_("Partner"), queryset=Partner.objects.none(), to_field_name="public_id", required=False,
        widget=Combobox("partners:partner-options", hint=_("Type a part of any of its names")),
    )  # fmt: skip

    class Meta:
        model = ActionItem
        fields = ["text", "unit", "year", "plan_line", "directive", "partner", "due_on", "assignee", "state", "remark"]
        field_classes = {"due_on": DayField}
        widgets = {"text": forms.Textarea(attrs={"rows": 2}), "remark": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["partner"].queryset = Partner.objects.visible_to(self.by).live()
        fields["unit"].queryset = writable_units(self.by) | Unit.objects.filter(pk=self.instance.unit_id or 0)
        fields["plan_line"].queryset = PlanLine.objects.filter(pk__in=[line.pk for line in lines_of(self._year())]).select_related(
            "tier", "country", "partner_kind", "field", "province"
        )
        fields["plan_line"].label_from_instance = lambda line: line.scope_label
        self.initial["assignee"] = self.instance.assignee and self.instance.assignee.public_id
        self.initial["partner"] = self.instance.partner and self.instance.partner.public_id

    def save(self, commit: bool = True) -> ActionItem:
        item: ActionItem = save_action_item(self.instance, by=self.by)
        return item

    def _year(self) -> int:
        sent = str(self.data.get(self.add_prefix("year"), "")) if self.is_bound else ""
        return int(sent) if sent.isdecimal() and len(sent) == 4 and int(sent) >= 1 else self.instance.year or timezone.localdate().year


class ClosingForm(forms.Form):
    """Moves an item on: its state, what was held for it, a remark. Exchanges are those of the unit in the year."""

    state = forms.ChoiceField(label=_("State"), choices=ActionState.choices)
    exchanges = forms.ModelMultipleChoiceField(
        label=_("Exchanges"), queryset=Exchange.objects.none(), to_field_name="public_id", required=False
    )
    remark = forms.CharField(label=_("Remark"), max_length=20_000, required=False)

    def __init__(self, *args: Any, item: ActionItem, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item, self.by = item, by
        fields: Any = self.fields
        fields["exchanges"].queryset = exchanges_of_unit(item, by)

    def save(self) -> ActionItem:
        item: ActionItem = close_action_item(self.item, by=self.by, **self.cleaned_data)
        return item


def writable_units(user: User) -> Any:
    """Units for which the account may write, as they stand today."""
    units = Unit.objects.on(timezone.localdate())
    return units if user.scope.central else units.filter(pk__in=user.scope.unit_ids)


def exchanges_of_unit(item: ActionItem, by: User) -> Any:
    """What may be linked to the item: exchanges in use of its unit in its year."""
    days = (date(item.year, 1, 1), date(item.year, 12, 31))
    return Exchange.objects.visible_to(by).live().of_units([item.unit_id]).filter(starts_on__range=days)
