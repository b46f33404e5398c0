from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.entries import log_entry
from activities.actions.exchanges import change_exchange, log_exchange
from activities.choices import Direction, ExchangeFamily, ExchangeStatus, Sides, TaskKind
from activities.forms.entries import what_follows
from activities.forms.kinds import KindField, usual_direction, usual_sides
from activities.forms.people import PeopleMixin, in_order, initial_people
from activities.forms.prefilled import PartnersByNameMixin
from activities.forms.warnings import warnings_about
from activities.models import Delegation, Event, Exchange, ExchangeDraft
from crm.forms import Combobox, RecordForm
from crm.models import Country, Field, Province, Unit
from partners.forms.fields import DayField, GroupedTicks, PlainKeysMixin, in_groups
from partners.forms.warnings import Warning, WarningsMixin
from partners.models import Partner

RECENT = 40
_BY_KIND = _("as usual for the kind")


class ExchangeForm(PartnersByNameMixin, WarningsMixin, PeopleMixin, PlainKeysMixin, RecordForm):
    """Log an exchange, or change one. Three answers are required: partners, kind and day."""

    instance: Exchange
    fields: dict[str, Any]

    partners = forms.ModelMultipleChoiceField(
        label=_("Partner"), queryset=Partner.objects.none(), to_field_name="public_id",
        widget=Combobox("partners:partner-options", many=True, hint=_("Type a part of the name")),
        error_messages={"required": _("Name at least one partner.")},
    )  # fmt: skip
    kind = KindField(label=_("Kind"), error_messages={"required": _("Choose the kind of exchange.")})
    direction = forms.ChoiceField(label=_("Direction"), choices=[("", _BY_KIND), *Direction.choices], required=False)
    sides = forms.ChoiceField(label=_("Who took part"), choices=[("", _BY_KIND), *Sides.choices], required=False)
    co_units = forms.ModelMultipleChoiceField(
        label=_("Held together with"), queryset=Unit.objects.none(), to_field_name="public_id", required=False,
        widget=Combobox("activities:unit-options", many=True, hint=_("Type the name of a unit")),
    )  # fmt: skip
    provinces = forms.ModelMultipleChoiceField(
        label=_("Provinces"), queryset=Province.objects.all(), to_field_name="slug", required=False,
        widget=Combobox("activities:province-options", many=True, hint=_("Type the name of a province")),
    )  # fmt: skip

    class Meta:
        model = Exchange
        fields = [
            "kind", "starts_on", "ends_on", "title", "direction", "level", "sides", "status", "place", "country", "provinces",
            "host_unit", "people_count", "fields", "summary", "outcome", "confidentiality", "policy_document", "parent", "event",
        ]  # fmt: skip
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        help_texts = {"ends_on": _("Only where it lasted more than a day.")}
        widgets = {
            "fields": GroupedTicks,
            "summary": forms.Textarea(attrs={"rows": 5}),
            "outcome": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.add_partner_names()
        self.order_fields(["partners", self.BY_NAME, "kind", "starts_on"])
        self.fields["partners"].queryset = Partner.objects.visible_to(self.by)
        self.fields["kind"].offer(by=self.by, kept=self.instance.kind_id)
        self._offer_places_and_fields()
        self._offer_units()
        self._offer_context()
        self.add_people_fields(by=self.by)
        if self.instance.pk:
            self._start_from_record()
        else:
            self.initial.setdefault("starts_on", timezone.localdate())
            self.initial["direction"] = self.initial["sides"] = ""

    def _offer_places_and_fields(self) -> None:
        self.fields["country"].queryset = Country.objects.all()
        self.fields["country"].empty_label = _("— not said —")
        today = timezone.localdate()
        offered = Field.objects.select_related("parent").filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today))
        self.fields["fields"].queryset = offered
        in_order_of_groups = sorted(offered, key=lambda field: ((field.parent or field).bit, field.bit))
        self.fields["fields"].choices = in_groups(in_order_of_groups, group=lambda field: field.parent or field)

    def _offer_units(self) -> None:
        """Hosts are the units that the account writes for; it is asked only where there is a choice."""
        units = Unit.objects.on(timezone.localdate())
        self.fields["co_units"].queryset = Unit.objects.all()
        scope = self.by.scope
        hosts = units if scope.central else units.filter(pk__in=scope.unit_ids)
        self.fields["host_unit"].queryset = hosts | Unit.objects.filter(pk=self.instance.host_unit_id)
        if not self.instance.pk:
            self.fields["host_unit"].required = False
            self.initial.setdefault("host_unit", next(iter(scope.home_unit_ids), None))

    def _offer_context(self) -> None:
        """The delegation or event that the exchange may belong to: recent ones, and the one it has."""
        delegations = Exchange.objects.editable_by(self.by).live().filter(kind__family=ExchangeFamily.DELEGATION, parent=None)
        parent = self.fields["parent"]
        parent.queryset = delegations.exclude(pk=self.instance.pk).select_related("kind").order_by("-starts_on", "-id")
        parent.to_field_name = "public_id"
        parent.choices = [("", "---------"), *((row.public_id, str(row)) for row in self._recent(parent.queryset, "parent"))]
        event = self.fields["event"]
        event.queryset = Event.objects.live().order_by("-starts_on", "-id")
        event.to_field_name = "public_id"
        event.choices = [("", "---------"), *((row.public_id, str(row)) for row in self._recent(event.queryset, "event"))]

    def _recent(self, rows: Any, name: str) -> list[Any]:
        chosen = self.initial.get(name)
        kept = rows.filter(public_id=chosen) if chosen and not isinstance(chosen, int) else rows.filter(pk=chosen)
        return list(dict.fromkeys([*kept, *rows[:RECENT]]))

    def _start_from_record(self) -> None:
        instance = self.instance
        self.initial = {
            **self.initial,
            "kind": instance.kind.code,
            "parent": instance.parent.public_id if instance.parent else None,
            "event": instance.event.public_id if instance.event else None,
            "partners": [row.partner.public_id for row in instance.participations.select_related("partner")],
            "co_units": [row.unit.public_id for row in instance.co_units.select_related("unit")],
            "provinces": [province.slug for province in self.initial["provinces"]],
            **initial_people(instance),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind = cleaned.get("kind")
        if kind is not None:
            cleaned["direction"] = cleaned.get("direction") or usual_direction(kind.direction)
            cleaned["sides"] = cleaned.get("sides") or usual_sides(kind.family, cleaned["direction"])
        if not self.instance.pk and not cleaned.get("host_unit"):
            cleaned["host_unit"] = self.fields["host_unit"].queryset.filter(pk__in=self.by.scope.home_unit_ids).first()
        if cleaned.get("starts_on") and cleaned.get("ends_on") and cleaned["ends_on"] < cleaned["starts_on"]:
            message = _("The last day must not come before the first day.")
            self.add_error("ends_on", forms.ValidationError(message, code="ends-before-start"))
        is_early = cleaned.get("starts_on") and cleaned["starts_on"] > timezone.localdate()
        if is_early and cleaned.get("status") == ExchangeStatus.HELD and cleaned.get(self.OVERRULE):
            cleaned["status"] = ExchangeStatus.PLANNED
        return cleaned

    def find_warnings(self) -> list[Warning]:
        if self.instance.pk and not {"partners", "starts_on", "status"} & set(self.changed_data):
            return []
        return warnings_about(self.instance, list(self.cleaned_data["partners"]), by=self.by)

    def related(self) -> dict[str, Any]:
        """What both actions take beside the exchange itself."""
        cleaned = self.cleaned_data
        return {
            "partners": in_order(cleaned["partners"], self.data.getlist(self.add_prefix("partners"))),
            "fields": cleaned["fields"],
            "provinces": cleaned["provinces"],
            "co_units": cleaned["co_units"],
            "attendances": self.attendances(self.instance, by=self.by),
        }


class DelegationForm(forms.ModelForm):
    """What only a delegation has. Taken along only where something was entered."""

    class Meta:
        model = Delegation
        fields = ["head", "decision_number", "decided_on", "budget_vnd", "programme", "gifts_given", "gifts_received"]
        field_classes = {"decided_on": DayField}
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("programme", "gifts_given", "gifts_received")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "delegation", **kwargs})


class LogForm(ExchangeForm):
    """A new exchange, with the first thing to do after it."""

    REQUIRED_ANSWERS = frozenset({"partners", "partner_names", "kind", "starts_on"})

    draft: ExchangeDraft | None = None
    prefilled: frozenset[str] = frozenset()
    follow_up_text = forms.CharField(label=_("Follow-up: what is to be done"), max_length=500, required=False)
    follow_up_due_on = DayField(label=_("Due on"), required=False)
    promised_by = forms.ChoiceField(label=_("What it is"), choices=TaskKind.choices, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("follow_up_due_on") and not cleaned.get("follow_up_text"):
            self.add_error("follow_up_text", _("Say what is to be done by that day."))
        return cleaned

    @property
    def opens_more(self) -> bool:
        """Whether something is filled in or wrong in the part of the form that is folded at first."""
        told = set(self.errors) | {name for name in self.changed_data if self.is_bound and self[name].value()}
        told |= {name for name in self.prefilled if name in self.fields}
        return bool(told - self.REQUIRED_ANSWERS - {NON_FIELD_ERRORS, self.OVERRULE})

    def save(self, commit: bool = True) -> Exchange:
        text, due_on = self.cleaned_data["follow_up_text"], self.cleaned_data["follow_up_due_on"]
        following: dict[str, Any] = what_follows(text, due_on, self.by, promised_by=self.cleaned_data["promised_by"])
        if self.draft is None:
            return log_exchange(self.instance, by=self.by, **following, **self.related())
        kept = {"key": self.draft.key, "text": self.draft.text, "answers": self.draft.answers}
        exchange, _is_new = log_entry(self.instance, by=self.by, **following, **kept, **self.related())
        return exchange


class ChangeForm(ExchangeForm):
    """An exchange that is there; for a delegation also its details."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.delegation: DelegationForm | None = None
        if self.instance.kind.family == ExchangeFamily.DELEGATION:
            details = Delegation.objects.filter(exchange=self.instance).first()
            self.delegation = DelegationForm(data, instance=details)

    def is_valid(self) -> bool:
        delegation_is_valid = self.delegation is None or self.delegation.is_valid()
        return super().is_valid() and delegation_is_valid

    def save(self, commit: bool = True) -> Exchange:
        details = self.delegation.instance if self.delegation is not None and self.delegation.has_changed() else None
        exchange: Exchange = change_exchange(self.instance, by=self.by, delegation=details, **self.related())
        return exchange
