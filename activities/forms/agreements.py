from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.agreements import end_agreement, renew_agreement, save_agreement
from activities.choices import AgreementState, ExchangeFamily, Side
from activities.forms.agreement_parties import OurPartyFormSet, TheirPartyFormSet, initial_lines
from activities.models import Agreement, AgreementKind, AgreementParty, Exchange
from crm.forms import RecordForm
from crm.models import Field, Unit, User
from partners.forms.fields import DayField, GroupedTicks, PlainKeysMixin, in_groups
from partners.models import Partner

RECENT_SIGNINGS = 40


class AgreementForm(PlainKeysMixin, RecordForm):
    """Enter an agreement, or change one; ``ours`` and ``theirs`` beside it carry the parties of both sides."""

    instance: Agreement
    fields: dict[str, Any]
    ours: Any
    theirs: Any

    class Meta:
        model = Agreement
        fields = [
            "kind", "title", "number", "level", "state", "signed_on", "signed_at", "valid_from", "valid_to", "renews_itself",
            "notice_days", "legal_basis", "policy_document", "unit", "exchange", "fields", "summary", "confidentiality",
        ]  # fmt: skip
        field_classes = {"signed_on": DayField, "valid_from": DayField, "valid_to": DayField}
        labels = {"valid_from": _("In force from"), "valid_to": _("In force until")}
        help_texts = {
            "valid_from": _("Empty: from the day of signing."),
            "valid_to": _("The first day on which it no longer holds; empty: no end was agreed."),
            "notice_days": _("How long before the end one side must say that it wants no renewal."),
        }
        widgets = {"fields": GroupedTicks, "summary": forms.Textarea(attrs={"rows": 5})}

    def __init__(
        self,
        data: Any = None,
        *args: Any,
        parties: list[AgreementParty] | None = None,
        their_partners: Sequence[Partner] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self._offer_kinds_and_fields()
        self._offer_units()
        self._offer_exchanges()
        if self.instance.pk and parties is None:
            parties = list(self.instance.parties.select_related("unit", "province", "partner"))
        named = parties if parties is not None else [*self._own_unit(), *_theirs(their_partners)]
        partners = Partner.objects.visible_to(self.by)
        self.ours = OurPartyFormSet(data, initial=initial_lines(named, Side.OURS), prefix="ours")
        self.theirs = TheirPartyFormSet(
            data, initial=initial_lines(named, Side.THEIRS), prefix="theirs", form_kwargs={"partners": partners}
        )  # fmt: skip

    def _offer_kinds_and_fields(self) -> None:
        today = timezone.localdate()
        offered = Q(retired_on__isnull=True) | Q(retired_on__gt=today)
        self.fields["kind"].queryset = AgreementKind.objects.filter(offered | Q(pk=self.instance.kind_id))
        rows = Field.objects.select_related("parent").filter(offered)
        self.fields["fields"].queryset = rows
        in_order = sorted(rows, key=lambda field: ((field.parent or field).bit, field.bit))
        self.fields["fields"].choices = in_groups(in_order, group=lambda field: field.parent or field)
        if self.instance.state != AgreementState.ENDED_EARLY:
            states = (AgreementState.NEGOTIATED, AgreementState.SIGNED)
            self.fields["state"].choices = [(state.value, state.label) for state in states]

    def _offer_units(self) -> None:
        """Units that the account writes for, and the one that keeps it now."""
        units, scope = Unit.objects.on(timezone.localdate()), self.by.scope
        own = units if scope.central else units.filter(pk__in=scope.unit_ids)
        self.fields["unit"].queryset = own | Unit.objects.filter(pk=self.instance.unit_id)
        if not self.instance.unit_id:
            self.initial.setdefault("unit", next(iter(scope.home_unit_ids), None))

    def _offer_exchanges(self) -> None:
        """The signing on record during which it was signed: recent ones, and the one it has."""
        seen = Exchange.objects.visible_to(self.by)
        signings = seen.live().filter(kind__family=ExchangeFamily.AGREEMENT).select_related("kind").order_by("-starts_on", "-id")
        kept: Any = self.instance.exchange_id or self.initial.get("exchange")
        exchange = self.fields["exchange"]
        exchange.queryset = seen.filter(Q(pk__in=signings.values("pk")) | Q(pk=kept))
        rows = [*seen.filter(pk=kept).select_related("kind"), *signings[:RECENT_SIGNINGS]]
        exchange.choices = [("", "---------"), *((row.pk, str(row)) for row in dict.fromkeys(rows))]

    def _own_unit(self) -> list[AgreementParty]:
        unit = Unit.objects.filter(pk__in=self.by.scope.home_unit_ids[:1]).first()
        return [AgreementParty(side=Side.OURS, unit=unit)] if unit else []

    def is_valid(self) -> bool:
        formsets_are_valid = [self.ours.is_valid(), self.theirs.is_valid()]
        if not all(formsets_are_valid) and not self.non_field_errors():
            self.add_error(None, _("Something is wrong with the parties: see below."))
        return super().is_valid() and all(formsets_are_valid)

    def parties(self) -> list[AgreementParty]:
        return [*self.ours.parties(), *self.theirs.parties()]

    def save(self, commit: bool = True) -> Agreement:
        return save_agreement(self.instance, by=self.by, parties=self.parties(), fields=self.cleaned_data["fields"])


def _theirs(partners: Iterable[Partner]) -> list[AgreementParty]:
    return [AgreementParty(side=Side.THEIRS, partner=partner) for partner in partners]


class RenewalForm(AgreementForm):
    """What renews an agreement, filled in from it."""

    def __init__(self, data: Any = None, *args: Any, old: Agreement, **kwargs: Any) -> None:
        self.old = old
        super().__init__(data, *args, **kwargs)
        self.initial["fields"] = list(old.fields.all())

    def save(self, commit: bool = True) -> Agreement:
        return renew_agreement(
            self.old, by=self.by, renewal=self.instance, parties=self.parties(), fields=self.cleaned_data["fields"]
        )  # fmt: skip


class EndForm(forms.Form):
    """On which day an agreement ends before its time, and why."""

    on = DayField(label=_("Ends on"), help_text=_("The first day on which it no longer holds."))
    reason = forms.CharField(
        label=_("Why, and who asked for it"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands at the end of what was agreed."),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, by: User, agreement: Agreement) -> None:
        super().__init__(data, files)
        self.by, self.agreement = by, agreement

    def save(self) -> Agreement:
        return end_agreement(self.agreement, by=self.by, **self.cleaned_data)
