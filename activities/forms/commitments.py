"""What was promised: entered, changed, settled, put off and passed on."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.commitments import pass_commitment, postpone_commitment, save_commitment, settle_commitment
from activities.choices import CommitmentState, Side
from activities.models import Agreement, AgreementParty, Commitment, Exchange, Participation
from crm.forms import Combobox, RecordForm
from crm.models import User
from partners.forms.bulk_edits import writable_units
from partners.forms.fields import DayField, PlainKeysMixin
from partners.models import Partner, Person

OFFERED = 40


def exchanges_with(partner_id: int, user: User, *also: int | None) -> Any:
    """The latest exchanges with the partner that the account may see, and those given by number."""
    held = Participation.objects.filter(partner=partner_id, exchange__in=Exchange.objects.visible_to(user).live().values("pk"))
    latest = list(held.order_by("-day_no", "-exchange").values_list("exchange", flat=True)[:OFFERED])
    rows = Exchange.objects.visible_to(user).filter(pk__in=[*latest, *(pk for pk in also if pk)])
    return rows.select_related("kind").order_by("-starts_on", "-id")


def agreements_with(partner_id: int, user: User, *also: int | None) -> Any:
    """Agreements that the partner has signed and the account may see, and those given by number."""
    signed = list(AgreementParty.objects.filter(partner=partner_id).values_list("agreement", flat=True))
    return Agreement.objects.visible_to(user).filter(pk__in=[*signed, *(pk for pk in also if pk)]).order_by("-signed_on", "-id")


class ExchangeChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.starts_on:%d/%m/%Y} · {obj}"


def colleague_field(label: Any) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label, queryset=User.objects.filter(is_active=True, is_program=False), to_field_name="public_id", required=False,
        widget=Combobox("activities:colleague-options", hint=_("Type a colleague's name")),
    )  # fmt: skip


class CommitmentForm(PlainKeysMixin, RecordForm):
    """A promise of the partner that the instance names, or to it; where it names none, the form asks."""

    instance: Commitment

    owed_by = forms.ChoiceField(label=_("Owed by"), choices=Side.choices, widget=forms.RadioSelect)
    person = forms.ModelChoiceField(
        label=_("Promised by"), queryset=Person.objects.none(), to_field_name="public_id", required=False,
        widget=Combobox("partners:person-options", hint=_("Type a name")),
    )  # fmt: skip
    assignee = colleague_field(_("Who"))

    class Meta:
        model = Commitment
        fields = ["owed_by", "text", "due_on", "promised_on", "person", "unit", "assignee", "exchange", "agreement", "confidentiality"]
        field_classes = {"due_on": DayField, "promised_on": DayField, "exchange": ExchangeChoice}
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        record = self.instance
        fields["person"].queryset = Person.objects.visible_to(self.by).live()
        fields["unit"].queryset = writable_units(self.by)
        fields["unit"].required = False
        fields["promised_on"].required = False
        for name in ("assignee", "person"):
            chosen = getattr(record, name) if record.pk else None
            self.initial[name] = chosen.public_id if chosen else None
        if record.partner_id:
            fields["exchange"].queryset = exchanges_with(record.partner_id, self.by, record.exchange_id)
            fields["agreement"].queryset = agreements_with(record.partner_id, self.by, record.agreement_id)
            self._leave_unseen(fields)
            return
        del fields["exchange"], fields["agreement"]
        fields["partner"] = forms.ModelChoiceField(
            label=_("Partner"), queryset=Partner.objects.visible_to(self.by).live(), to_field_name="public_id",
            widget=Combobox("partners:partner-options", hint=_("Type a part of any of its names")),
        )  # fmt: skip
        self.order_fields(["owed_by", "text", "partner"])

    def _leave_unseen(self, fields: dict[str, Any]) -> None:
        """What the account may not see it neither reads nor takes away."""
        for name in ("exchange", "agreement", "person"):
            pk = getattr(self.instance, f"{name}_id")
            if pk and not fields[name].queryset.filter(pk=pk).exists():
                del fields[name]

    def clean_promised_on(self) -> Any:
        return self.cleaned_data["promised_on"] or (self.instance.promised_on if self.instance.pk else self.initial["promised_on"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if partner := cleaned.get("partner"):
            self.instance.partner = partner
        return cleaned

    def save(self, commit: bool = True) -> Commitment:
        commitment: Commitment = save_commitment(self.instance, by=self.by)
        return commitment


class _AboutCommitment(PlainKeysMixin, forms.Form):
    """A small form about one commitment, whose action it calls."""

    def __init__(self, *args: Any, instance: Commitment, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance, self.by = instance, by


class SettlingForm(_AboutCommitment):
    """Done, broken, dropped, or open again: on which day, and what shows it or why."""

    state = forms.ChoiceField(label=_("State"), choices=CommitmentState.choices, widget=forms.RadioSelect)
    on = DayField(label=_("On"), required=False)
    proof = forms.CharField(
        label=_("Proof"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What shows that it was kept: a letter, a report, a link."),
    )  # fmt: skip
    proof_exchange = ExchangeChoice(label=_("Kept at the exchange"), queryset=Exchange.objects.none(), required=False)
    reason = forms.CharField(
        label=_("Reason"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed where it was broken or dropped."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        record = self.instance
        self.fields["proof_exchange"].queryset = exchanges_with(record.partner_id, self.by, record.proof_exchange_id)  # type: ignore[attr-defined]  # a choice of rows
        self.initial = {
            "state": CommitmentState.DONE if not record.is_settled else CommitmentState.OPEN,
            "on": timezone.localdate(),
            "proof": record.proof,
            "proof_exchange": record.proof_exchange_id,
            "reason": record.reason,
            **self.initial,
        }

    def save(self) -> Commitment:
        settled: Commitment = settle_commitment(self.instance, by=self.by, **self.cleaned_data)
        return settled


class PuttingOffForm(_AboutCommitment):
    due_on = DayField(label=_("New day"), required=False, help_text=_("Empty: without a day."))
    reason = forms.CharField(label=_("Reason"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 2}))

    def save(self) -> Commitment:
        cleaned = self.cleaned_data
        put_off: Commitment = postpone_commitment(self.instance, by=self.by, until=cleaned["due_on"], reason=cleaned["reason"])
        return put_off


class PassingForm(_AboutCommitment):
    assignee = colleague_field(_("Hand to"))

    def save(self) -> Commitment:
        passed: Commitment = pass_commitment(self.instance, by=self.by, to=self.cleaned_data["assignee"])
        return passed
