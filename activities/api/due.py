"""What follow-ups and commitments have in common: something to be done by a day, for a unit, perhaps by one colleague."""

from typing import Any

from rest_framework import serializers

from activities.models import Commitment, FollowUp
from crm.api.serializers import ReferenceField, StrictSerializer, TextField, local
from crm.choices import Confidentiality
from crm.models import Unit, User


class DueIn(StrictSerializer):
    """The part of a body that says what, by when and who."""

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
    confidentiality = serializers.ChoiceField(Confidentiality.choices, required=False)


class DueOut(serializers.Serializer):
    """The same part of a representation, and what every record has."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    text = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    unit = serializers.CharField(help_text="Code of the unit.")
    assignee = serializers.CharField(allow_null=True, help_text="Account name of the colleague.")
    confidentiality = serializers.ChoiceField(Confidentiality.choices)
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, row: Commitment | FollowUp) -> dict[str, Any]:
        return {
            "id": str(row.public_id),
            "revision": row.revision,
            "text": row.text,
            "due_on": row.due_on,
            "unit": row.unit.code,
            "assignee": row.assignee.username if row.assignee else None,
            "confidentiality": row.confidentiality,
            "archived": row.is_archived,
            "created_at": local(row.created_at),
            "updated_at": local(row.updated_at),
        }
