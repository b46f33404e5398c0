from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from activities.actions.commitments import archive_commitment, save_commitment, settle_commitment
from activities.api.due import DueIn, DueOut
from activities.choices import CommitmentState, Side, Standing
from activities.columns.commitments import with_what_is_seen
from activities.filters.commitments import CommitmentFilter
from activities.models import Agreement, Commitment, Exchange
from activities.models.commitments import UNSETTLED
from crm.actions.records import restore_record
from crm.api.serializers import ReferenceField, TextField
from crm.api.views import RecordViewSet, set_values
from crm.permissions import Permission
from partners.models import Partner, Person

_EXAMPLE = {
    "text": "Gửi danh sách sinh viên nhận học bổng",
    "owed_by": "theirs",
    "partner": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55",
    "person": None,
    "promised_on": "2026-11-02",
    "due_on": "2026-12-15",
    "assignee": None,
    "exchange": "019a9b70-11aa-7b3c-8d5e-0a1b2c3d4e5f",
    "agreement": None,
    "state": "open",
    "settled_on": None,
    "reason": "",
    "proof": "",
    "proof_exchange": None,
    "confidentiality": "unit",
}
SETTLING = ("state", "settled_on", "reason", "proof", "proof_exchange")


@extend_schema_serializer(component_name="CommitmentWrite", examples=[OpenApiExample("Promised at a meeting", value=_EXAMPLE)])
class CommitmentIn(DueIn):
    """What one side promised the other. A `state` of `done`, `broken` or `dropped` settles it, on `settled_on` or today."""

    read_only_names = frozenset({"id", "revision", "standing", "archived", "created_at", "updated_at"})

    owed_by = serializers.ChoiceField(Side.choices, required=False)
    partner = ReferenceField(Partner.objects.visible_to, key="public_id", help_text="`id` of the other side.")
    person = ReferenceField(
        Person.objects.visible_to, key="public_id", required=False, allow_null=True, help_text="`id` of who promised it for them."
    )
    promised_on = serializers.DateField(required=False, help_text="By default the day of the exchange, else today.")
    exchange = ReferenceField(Exchange.objects.visible_to, key="public_id", required=False, allow_null=True)
    agreement = ReferenceField(Agreement.objects.visible_to, key="public_id", required=False, allow_null=True)
    state = serializers.ChoiceField(CommitmentState.choices, required=False)
    settled_on = serializers.DateField(required=False, allow_null=True)
    reason = TextField(max_length=20_000, required=False, allow_blank=True)
    proof = TextField(max_length=20_000, required=False, allow_blank=True)
    proof_exchange = ReferenceField(Exchange.objects.visible_to, key="public_id", required=False, allow_null=True)


@extend_schema_serializer(
    component_name="Commitment",
    examples=[
        OpenApiExample(
            "Promised at a meeting",
            value={
                "id": "019a9b71-33cc-7d5e-8f70-2c3d4e5f6071",
                "revision": 1,
                **_EXAMPLE,
                "unit": "VUFO",
                "standing": "open",
                "archived": False,
                "created_at": "2026-11-02T16:05:00+07:00",
                "updated_at": "2026-11-02T16:05:00+07:00",
            },
        )
    ],
)
class CommitmentOut(DueOut):
    """What one side promised the other, by a day."""

    owed_by = serializers.ChoiceField(Side.choices, help_text="Whose promise it is.")
    partner = serializers.UUIDField()
    person = serializers.UUIDField(allow_null=True, help_text="Null also where the account may not see the person.")
    promised_on = serializers.DateField()
    exchange = serializers.UUIDField(allow_null=True, help_text="Null also where the account may not see the exchange.")
    agreement = serializers.UUIDField(allow_null=True, help_text="Null also where the account may not see the agreement.")
    state = serializers.ChoiceField(CommitmentState.choices)
    standing = serializers.ChoiceField(Standing.choices, help_text="The state as of today: also overdue, and late.")
    settled_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    proof = serializers.CharField(allow_blank=True)
    proof_exchange = serializers.UUIDField(allow_null=True, help_text="Null also where the account may not see the exchange.")

    def to_representation(self, commitment: Any) -> dict[str, Any]:
        # Typed Any for what the view's queryset annotates: whether the account may see what the commitment hangs on.
        return super().to_representation(commitment) | {
            "owed_by": commitment.owed_by,
            "partner": str(commitment.partner.public_id),
            "person": str(commitment.person.public_id) if commitment.person_seen else None,
            "promised_on": commitment.promised_on,
            "exchange": str(commitment.exchange.public_id) if commitment.exchange_seen else None,
            "agreement": str(commitment.agreement.public_id) if commitment.agreement_seen else None,
            "state": commitment.state,
            "standing": commitment.standing_today.value,
            "settled_on": commitment.settled_on,
            "reason": commitment.reason,
            "proof": commitment.proof,
            "proof_exchange": str(commitment.proof_exchange.public_id) if commitment.proof_exchange_seen else None,
        }


class CommitmentViewSet(RecordViewSet):
    """What was promised, by both sides: of the account's units, of everyone for the centre, and what is given to the account itself."""

    permission = Permission.COMMITMENT_VIEW
    write_permission = Permission.COMMITMENT_EDIT
    model = Commitment
    serializer_class = CommitmentOut
    input_class = CommitmentIn
    filterset_class = CommitmentFilter
    order = ("id",)

    def get_queryset(self) -> QuerySet[Commitment]:
        rows = Commitment.objects.visible_to(self.account).select_related("unit", "assignee", "partner", "proof_exchange")
        return with_what_is_seen(rows, self.account).defer(*_UNREAD)

    @transaction.atomic
    def store(self, record: Commitment, given: dict[str, Any]) -> None:
        settling = {name: given.pop(name) for name in SETTLING if name in given}
        set_values(record, given)
        if record.is_new and "promised_on" not in given and record.exchange is not None:
            record.promised_on = record.exchange.starts_on
        if record.is_new or given:
            save_commitment(record, by=self.account)
        if settling:
            self._settle(record, settling)

    def _settle(self, record: Commitment, settling: dict[str, Any]) -> None:
        """Settle it, or say something else of how it was settled. An empty proof or reason takes it away."""
        state, on = settling.get("state", record.state), settling.get("settled_on")
        for name in ("proof", "reason", "proof_exchange"):
            if name in settling:
                setattr(record, name, settling[name])
        if on is not None and state in UNSETTLED:
            raise ValidationError({"settled_on": ValidationError(_("One still open has no such day."), code="not-settled")})
        if on is None and state == record.state:
            on = record.settled_on
        settle_commitment(record, by=self.account, state=state, on=on)

    def archive_record(self, record: Commitment) -> None:
        archive_commitment(record, by=self.account)

    def restore_record(self, record: Commitment) -> None:
        restore_record(record, by=self.account)


# Long texts of what a commitment hangs on, which its representation does not show.
_UNREAD = (
    "exchange__summary",
    "exchange__outcome",
    "exchange__search_key",
    "proof_exchange__summary",
    "proof_exchange__outcome",
    "proof_exchange__search_key",
    "partner__search_key",
    "partner__interests",
    "agreement__summary",
)
