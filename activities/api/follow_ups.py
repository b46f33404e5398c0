from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from activities.actions.follow_ups import close_follow_up, save_follow_up
from activities.choices import FollowUpState
from activities.filters.follow_ups import FollowUpFilter
from activities.models import Exchange, FollowUp
from crm.actions.records import archive_record, restore_record
from crm.api.serializers import ReferenceField, StrictSerializer, TextField, local
from crm.api.views import RecordViewSet, set_values
from crm.choices import Confidentiality
from crm.models import Unit, User
from crm.permissions import Permission
from partners.models import Partner

_EXAMPLE = {
    "text": "Gửi thư cảm ơn đoàn bạn",
    "due_on": "2026-12-05",
    "assignee": None,
    "exchange": "019a9b70-11aa-7b3c-8d5e-0a1b2c3d4e5f",
    "partner": None,
    "state": "open",
    "remark": "",
    "confidentiality": "unit",
}


@extend_schema_serializer(component_name="FollowUpWrite", examples=[OpenApiExample("After an exchange", value=_EXAMPLE)])
class FollowUpIn(StrictSerializer):
    """Something to be done by a day, about an exchange or a partner. A `state` of `done` or `dropped` closes it."""

    read_only_names = frozenset({"id", "revision", "closed_at", "archived", "created_at", "updated_at"})

    text = TextField(max_length=500)
    due_on = serializers.DateField(required=False, allow_null=True)
    unit = ReferenceField(
        lambda user: Unit.objects.all(), required=False, help_text="Code; by default the exchange's host unit, else the caller's own."
    )
    assignee = ReferenceField(
        lambda user: User.objects.filter(is_active=True),
        key="username",
        required=False,
        allow_null=True,
        help_text="Account name of a colleague.",
    )
    exchange = ReferenceField(Exchange.objects.visible_to, key="public_id", required=False, allow_null=True)
    partner = ReferenceField(Partner.objects.visible_to, key="public_id", required=False, allow_null=True)
    state = serializers.ChoiceField(FollowUpState.choices, required=False)
    remark = TextField(max_length=20_000, required=False, allow_blank=True)
    confidentiality = serializers.ChoiceField(Confidentiality.choices, required=False)


@extend_schema_serializer(
    component_name="FollowUp",
    examples=[
        OpenApiExample(
            "After an exchange",
            value={
                "id": "019a9b71-22bb-7c4d-9e6f-1b2c3d4e5f60",
                "revision": 1,
                **_EXAMPLE,
                "unit": "VUFO",
                "closed_at": None,
                "archived": False,
                "created_at": "2026-11-02T16:05:00+07:00",
                "updated_at": "2026-11-02T16:05:00+07:00",
            },
        )
    ],
)
class FollowUpOut(serializers.Serializer):
    """Something to be done after an exchange, or about a partner."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    text = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    unit = serializers.CharField(help_text="Code of the unit.")
    assignee = serializers.CharField(allow_null=True, help_text="Account name of the colleague.")
    exchange = serializers.UUIDField(allow_null=True)
    partner = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(FollowUpState.choices)
    closed_at = serializers.DateTimeField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)
    confidentiality = serializers.ChoiceField(Confidentiality.choices)
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, follow_up: FollowUp) -> dict[str, Any]:
        return {
            "id": str(follow_up.public_id),
            "revision": follow_up.revision,
            "text": follow_up.text,
            "due_on": follow_up.due_on,
            "unit": follow_up.unit.code,
            "assignee": follow_up.assignee.username if follow_up.assignee else None,
            "exchange": str(follow_up.exchange.public_id) if follow_up.exchange else None,
            "partner": str(follow_up.partner.public_id) if follow_up.partner else None,
            "state": follow_up.state,
            "closed_at": local(follow_up.closed_at),
            "remark": follow_up.remark,
            "confidentiality": follow_up.confidentiality,
            "archived": follow_up.is_archived,
            "created_at": local(follow_up.created_at),
            "updated_at": local(follow_up.updated_at),
        }


class FollowUpViewSet(RecordViewSet):
    """What is still to be done: for the account's units, for everyone at the centre, and what is given to the account itself."""

    permission = Permission.FOLLOW_UP_VIEW
    write_permission = Permission.FOLLOW_UP_EDIT
    model = FollowUp
    serializer_class = FollowUpOut
    input_class = FollowUpIn
    filterset_class = FollowUpFilter
    order = ("id",)

    def get_queryset(self) -> QuerySet[FollowUp]:
        return FollowUp.objects.visible_to(self.account).select_related("unit", "assignee", "exchange", "partner").defer(*_UNREAD)

    @transaction.atomic
    def store(self, record: FollowUp, given: dict[str, Any]) -> None:
        state = given.pop("state", record.state)
        set_values(record, given)
        if record._state.adding or given:
            save_follow_up(record, by=self.account)
        if state != record.state:
            close_follow_up(record, by=self.account, state=state)

    def archive_record(self, record: FollowUp) -> None:
        archive_record(record, by=self.account)

    def restore_record(self, record: FollowUp) -> None:
        restore_record(record, by=self.account)


# Long texts of what a follow-up is about, which its representation does not show.
_UNREAD = ("exchange__summary", "exchange__outcome", "exchange__search_key", "partner__search_key", "partner__interests")
