"""What belongs to a partner: relations to others, who keeps it, its certificates."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.forms import Combobox, RecordForm
from crm.models import Membership, Unit, User
from partners.actions.registrations import save_registration
from partners.actions.relations import save_relation
from partners.actions.stewardships import save_stewardship
from partners.choices import MUTUAL_RELATIONS, RELATIONS_TURNED, RegistrationKind, RelationKind
from partners.forms.fields import DayField, PlainKeysMixin
from partners.forms.warnings import Warning, WarningsMixin
from partners.models import Partner, Registration, Relation, Stewardship

TURNED = "<"
LONGEST_REGISTRATION_YEARS = 3
PERIOD = {"valid_from": DayField, "valid_to": DayField}


class RelationForm(PlainKeysMixin, RecordForm):
    """How the partner whose page it is stands to another one; said from its side, whichever way it is stored."""

    instance: Relation
    fields: dict[str, Any]

    how = forms.ChoiceField(label=_("This partner"))
    other = forms.ModelChoiceField(
        label=_("Other partner"), queryset=Partner.objects.none(), to_field_name="public_id", widget=Combobox("partners:partner-options")
    )

    class Meta:
        model = Relation
        fields = ["valid_from", "valid_to"]
        field_classes = PERIOD

    def __init__(self, *args: Any, partner: Partner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner = partner
        turned = [(f"{kind}{TURNED}", label) for kind, label in RELATIONS_TURNED.items()]
        self.fields["how"].choices = [*RelationKind.choices, *turned]
        self.fields["other"].queryset = Partner.objects.visible_to(self.by).filter(archived_at=None).exclude(pk=partner.pk)
        self.order_fields(["how", "other", "valid_from", "valid_to"])
        if self.instance.pk:
            is_source = self.instance.source_id == partner.pk
            self.initial["other"] = (self.instance.target if is_source else self.instance.source).public_id
            self.initial["how"] = (
                self.instance.kind if is_source or self.instance.kind in MUTUAL_RELATIONS else f"{self.instance.kind}{TURNED}"
            )

    def save(self, commit: bool = True) -> Relation:
        how, other = self.cleaned_data["how"], self.cleaned_data["other"]
        ends = (other, self.partner) if how.endswith(TURNED) else (self.partner, other)
        self.instance.kind = how.removesuffix(TURNED)
        self.instance.source, self.instance.target = ends
        return save_relation(self.instance, by=self.by)


class StewardshipForm(PlainKeysMixin, RecordForm):
    """A unit that keeps the partner, and the officer who does it."""

    instance: Stewardship
    fields: dict[str, Any]

    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), to_field_name="code")
    officer = forms.ModelChoiceField(label=_("Officer"), queryset=User.objects.none(), to_field_name="public_id", required=False)

    class Meta:
        model = Stewardship
        fields = ["unit", "role", "officer", "valid_from", "valid_to"]
        field_classes = PERIOD

    def __init__(self, *args: Any, partner: Partner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["unit"].queryset = Unit.objects.filter(Q(pk__in=Unit.objects.on(today)) | Q(pk=self.instance.unit_id))
        working = Membership.objects.on(today).values("user")
        self.fields["officer"].queryset = User.objects.filter(Q(pk__in=working, is_active=True) | Q(pk=self.instance.officer_id))
        if self.instance.pk:
            self.initial["unit"] = self.instance.unit.code
            self.initial["officer"] = self.instance.officer and self.instance.officer.public_id

    def save(self, commit: bool = True) -> Stewardship:
        return save_stewardship(self.instance, by=self.by)


class RegistrationForm(WarningsMixin, PlainKeysMixin, RecordForm):
    """A certificate; as a renewal it stands beside the one it renews."""

    instance: Registration
    fields: dict[str, Any]

    class Meta:
        model = Registration
        fields = ["kind", "number", "valid_from", "valid_to", "representative", "provinces", "renews"]
        field_classes = PERIOD

    def __init__(self, *args: Any, partner: Partner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = Q(renewal=None) | Q(renewal=self.instance.pk)
        self.fields["renews"].queryset = partner.registrations.live().filter(free).exclude(pk=self.instance.pk)
        self.fields["renews"].empty_label = _("— nothing: a first certificate —")

    def find_warnings(self) -> list[Warning]:
        begins, ends = self.cleaned_data.get("valid_from"), self.cleaned_data.get("valid_to")
        if self.cleaned_data["kind"] != RegistrationKind.REGISTRATION or not begins or not ends:
            return []
        if ends <= _years_later(begins, LONGEST_REGISTRATION_YEARS):
            return []
        return [Warning(str(_("Registration certificates are valid for three years at most (Decree 58/2022).")))]

    def save(self, commit: bool = True) -> Registration:
        return save_registration(self.instance, by=self.by)


def _years_later(day: date, years: int) -> date:
    return date(day.year + years, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + years)
