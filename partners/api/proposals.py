from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from crm.api.serializers import local
from crm.api.views import ReferenceViewSet
from crm.permissions import Permission
from partners.choices import ProposalState
from partners.filters import ProposalFilter
from partners.models import ChangeProposal

_EXAMPLE = {
    "id": "019ab0c2-7d11-7b52-8f0a-5f1d2c3b4a59",
    "revision": 2,
    "partner": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55",
    "unit": "PU-40",
    "lead_unit": "PU-22",
    "state": "declined",
    "changes": [{"field": "city", "from": "Viêng Chăn", "to": "Pắc Xế", "accepted": False}],
    "message": "Theo thư của Hội",
    "reason": "Trụ sở vẫn ở Viêng Chăn.",
    "created_at": "2026-11-20T09:30:00+07:00",
    "decided_at": "2026-11-21T10:00:00+07:00",
}


@extend_schema_serializer(component_name="ProposedChange")
class ProposedChangeOut(serializers.Serializer):
    """One field of a proposal, its values as the partner's own address writes them."""

    field = serializers.CharField()
    to = serializers.JSONField(help_text="The proposed value.")
    accepted = serializers.BooleanField(allow_null=True, help_text="Null while nobody has decided.")

    def get_fields(self) -> dict[str, serializers.Field]:
        """Name the field whose name is a word of the language."""
        before = serializers.JSONField(help_text="What stood when it was proposed.")
        return {"field": super().get_fields()["field"], "from": before, **super().get_fields()}


@extend_schema_serializer(component_name="ChangeProposal", examples=[OpenApiExample("Declined with a reason", value=_EXAMPLE)])
class ProposalOut(serializers.Serializer):
    """What a unit would change in a partner that another unit leads, and what became of it."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    partner = serializers.UUIDField()
    unit = serializers.CharField(help_text="Code of the unit that proposed it.")
    lead_unit = serializers.CharField(help_text="Code of the unit that decides.")
    state = serializers.ChoiceField(ProposalState.choices)
    changes = ProposedChangeOut(many=True)
    message = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was declined.")
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, proposal: ChangeProposal) -> dict[str, Any]:
        return {
            "id": str(proposal.public_id),
            "revision": proposal.revision,
            "partner": str(proposal.partner.public_id),
            "unit": proposal.unit.code,
            "lead_unit": proposal.lead_unit.code,
            "state": proposal.state,
            "changes": [_change(name, change, proposal.state) for name, change in proposal.changes.items()],
            "message": proposal.message,
            "reason": proposal.reason,
            "created_at": local(proposal.created_at),
            "decided_at": local(proposal.decided_at),
        }


def _change(name: str, change: list[Any], state: str) -> dict[str, Any]:
    taken = {ProposalState.ACCEPTED: len(change) == 2, ProposalState.DECLINED: False}
    return {"field": name, "from": change[0], "to": change[1], "accepted": taken.get(ProposalState(state))}


class ProposalViewSet(ReferenceViewSet):
    """Change proposals of the account's units and for partners that they lead: what waits, what was accepted or declined, and why."""

    permission = Permission.PARTNER_EDIT
    serializer_class = ProposalOut
    filterset_class = ProposalFilter
    order = ("id",)
    lookup_field = "public_id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[ChangeProposal]:
        return ChangeProposal.objects.visible_to(self.account).select_related("partner", "unit", "lead_unit")
