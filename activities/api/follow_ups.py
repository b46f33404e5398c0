from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from activities.actions.follow_ups import close_follow_up, save_follow_up
from activities.api.due import DueIn, DueOut
from activities.choices import FollowUpState
from activities.filters.follow_ups import FollowUpFilter
from activities.models import Exchange, FollowUp
from crm.actions.records import archive_record, restore_record
from crm.api.serializers import ReferenceField, TextField, local
from crm.api.views import RecordViewSet, set_values
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
class FollowUpIn(DueIn):
    """Something to be done by a day, about an exchange or a partner. A `state` of `done` or `dropped` closes it."""

    read_only_names = frozenset({"id", "revision", "closed_at", "archived", "created_at", "updated_at"})

    exchange = ReferenceField(Exchange.objects.visible_to, key="public_id", required=False, allow_null=True)
    partner = ReferenceField(Partner.objects.visible_to, key="public_id", required=False, allow_null=True)
    state = serializers.ChoiceField(FollowUpState.choices, required=False)
    remark = TextField(max_length=20_000, required=False, allow_blank=True)


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
class FollowUpOut(DueOut):
    """Something to be done after an exchange, or about a partner."""

    exchange = serializers.UUIDField(allow_null=True)
    partner = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(FollowUpState.choices)
    closed_at = serializers.DateTimeField(allow_null=True)
    remark = serializers.CharField(allow_blank=True)

    def to_representation(self, follow_up: Any) -> dict[str, Any]:
        return super().to_representation(follow_up) | {
            "exchange": str(follow_up.exchange.public_id) if follow_up.exchange else None,
            "partner": str(follow_up.partner.public_id) if follow_up.partner else None,
            "state": follow_up.state,
            "closed_at": local(follow_up.closed_at),
            "remark": follow_up.remark,
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
        if record.is_new or given:
            save_follow_up(record, by=self.account)
        if state != record.state:
            close_follow_up(record, by=self.account, state=state)

    def archive_record(self, record: FollowUp) -> None:
        archive_record(record, by=self.account)

    def restore_record(self, record: FollowUp) -> None:
        restore_record(record, by=self.account)


# Long texts of what a follow-up is about, which its representation does not show.
_UNREAD = ("exchange__summary", "exchange__outcome", "exchange__search_key", "partner__search_key", "partner__interests")
