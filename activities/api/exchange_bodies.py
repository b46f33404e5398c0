from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from activities.choices import Direction, ExchangeStatus, Level, Sides
from activities.models import Exchange, ExchangeKind
from crm.api.serializers import (
    NamedNumberField,
    ReferenceField,
    ReferencesField,
    StrictSerializer,
    TextField,
    WholeNumberField,
    local,
    words_of,
)
from crm.choices import Confidentiality
from crm.models import Country, Field, PolicyDocument, Province, Unit
from partners.models import Partner

LEVELS = words_of(Level)


@extend_schema_serializer(component_name="ExchangeFollowUp")
class FollowUpWithExchange(StrictSerializer):
    """What is to be done after the exchange, by its host unit."""

    text = TextField(max_length=500)
    due_on = serializers.DateField(required=False, allow_null=True)


EXAMPLE = {
    "kind": "WORKING_MEETING",
    "title": "Trao đổi kế hoạch năm 2027",
    "starts_on": "2026-11-02",
    "ends_on": None,
    "direction": "in",
    "level": "deputy",
    "sides": "both",
    "status": "held",
    "place": "Vinh",
    "country": None,
    "provinces": ["nghe-an"],
    "host_unit": "PU-40",
    "co_units": [],
    "partners": ["019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55"],
    "fields": ["PEACE"],
    "summary": "",
    "outcome": "Hai bên thống nhất lịch đoàn ra.",
    "policy_document": None,
    "confidentiality": "unit",
    "people_count": 8,
    "parent": None,
}


@extend_schema_serializer(component_name="ExchangeWrite", examples=[OpenApiExample("A working meeting", value=EXAMPLE)])
class ExchangeIn(StrictSerializer):
    """An exchange to be logged, or what changes of one. `partners`, `fields`, `provinces` and `co_units` replace all there are."""

    read_only_names = frozenset({"id", "revision", "archived", "created_at", "updated_at"})

    kind = ReferenceField(lambda user: ExchangeKind.objects.all(), help_text="Code of the kind.")
    title = TextField(max_length=300, required=False, allow_blank=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True)
    direction = serializers.ChoiceField(Direction.choices, required=False)
    level = NamedNumberField(Level, required=False)
    sides = serializers.ChoiceField(Sides.choices, required=False)
    status = serializers.ChoiceField(ExchangeStatus.choices, required=False)
    place = TextField(max_length=200, required=False, allow_blank=True)
    country = ReferenceField(
        lambda user: Country.objects.all(), key="alpha2", required=False, allow_null=True, help_text="Where it was held."
    )
    provinces = ReferencesField(
        lambda user: Province.objects.all(), key="slug", required=False, help_text="Keys of provinces, such as `nghe-an`."
    )
    host_unit = ReferenceField(lambda user: Unit.objects.all(), required=False, help_text="Code; by default the caller's own unit.")
    co_units = ReferencesField(
        lambda user: Unit.objects.all(), required=False, help_text="Codes of units that held it together with the host unit."
    )
    partners = ReferencesField(
        Partner.objects.visible_to, key="public_id", allow_empty=False, help_text="`id` of each partner, in protocol order."
    )
    fields = ReferencesField(lambda user: Field.objects.all(), required=False, help_text="Codes of the fields of cooperation.")  # type: ignore[assignment]  # DRF takes declared fields out of the class
    summary = TextField(max_length=20_000, required=False, allow_blank=True)
    outcome = TextField(max_length=20_000, required=False, allow_blank=True)
    policy_document = ReferenceField(
        lambda user: PolicyDocument.objects.all(), required=False, allow_null=True, help_text="Code of the directive that it serves."
    )
    confidentiality = serializers.ChoiceField(Confidentiality.choices, required=False)
    people_count = WholeNumberField(min_value=0, max_value=100_000, required=False, allow_null=True)
    parent = ReferenceField(  # type: ignore[assignment]  # DRF takes declared fields out of the class
        Exchange.objects.visible_to,
        key="public_id",
        required=False,
        allow_null=True,
        help_text="`id` of the delegation that it is part of.",
    )
    follow_up = FollowUpWithExchange(required=False, help_text="Only to create.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Name the place of rules that the table has over several columns."""
        starts_on, ends_on = (given.get(name, getattr(self.instance, name, None)) for name in ("starts_on", "ends_on"))
        if starts_on and ends_on and ends_on < starts_on:
            place = "ends_on" if "ends_on" in given else "starts_on"
            raise serializers.ValidationError({place: _("The last day must not come before the first day.")}, code="ends-before-start")
        if self.instance is not None and given.get("parent") == self.instance:
            raise serializers.ValidationError({"parent": _("An exchange cannot be part of itself.")}, code="not-allowed")
        return given

    def validate_follow_up(self, follow_up: dict[str, Any]) -> dict[str, Any]:
        if self.partial:
            raise serializers.ValidationError(_("A later follow-up has an address of its own: /api/v1/follow-ups/."), code="read_only")
        return follow_up


@extend_schema_serializer(
    component_name="Exchange",
    examples=[
        OpenApiExample(
            "A working meeting",
            value={
                "id": "019a9b70-11aa-7b3c-8d5e-0a1b2c3d4e5f",
                "revision": 1,
                **EXAMPLE,
                "archived": False,
                "created_at": "2026-11-02T16:05:00+07:00",
                "updated_at": "2026-11-02T16:05:00+07:00",
            },
        )
    ],
)
class ExchangeOut(serializers.Serializer):
    """Something that happened, or will, between us and one or more partners."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    kind = serializers.CharField(help_text="Code of the kind.")
    title = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    direction = serializers.ChoiceField(Direction.choices)
    level = NamedNumberField(Level)
    sides = serializers.ChoiceField(Sides.choices)
    status = serializers.ChoiceField(ExchangeStatus.choices)
    place = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_null=True, help_text="`alpha2` of where it was held.")
    provinces = serializers.ListField(child=serializers.CharField(), help_text="Keys of provinces.")
    host_unit = serializers.CharField(help_text="Code of the unit.")
    co_units = serializers.ListField(child=serializers.CharField(), help_text="Codes of units.")
    partners = serializers.ListField(child=serializers.UUIDField(), help_text="`id` of each partner, in protocol order.")
    fields = serializers.ListField(child=serializers.CharField(), help_text="Codes of the fields of cooperation.")  # type: ignore[assignment]  # DRF takes declared fields out of the class
    summary = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField(allow_blank=True)
    policy_document = serializers.CharField(allow_null=True)
    confidentiality = serializers.ChoiceField(Confidentiality.choices)
    people_count = serializers.IntegerField(allow_null=True)
    parent = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]  # DRF takes declared fields out of the class
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, exchange: Any) -> dict[str, Any]:
        # Typed Any for the lists that the view's Prefetch puts on it: a manager per row would be half of the work.
        return {
            "id": str(exchange.public_id),
            "revision": exchange.revision,
            "kind": exchange.kind.code,
            "title": exchange.title,
            "starts_on": exchange.starts_on,
            "ends_on": exchange.ends_on,
            "direction": exchange.direction,
            "level": Level(exchange.level).name.lower(),
            "sides": exchange.sides,
            "status": exchange.status,
            "place": exchange.place,
            "country": exchange.country.alpha2 if exchange.country else None,
            "provinces": [province.slug for province in exchange.shown_provinces],
            "host_unit": exchange.host_unit.code,
            "co_units": [row.unit.code for row in exchange.shown_co_units],
            "partners": [str(row.partner.public_id) for row in exchange.shown_participations],
            "fields": [field.code for field in exchange.shown_fields],
            "summary": exchange.summary,
            "outcome": exchange.outcome,
            "policy_document": exchange.policy_document.code if exchange.policy_document else None,
            "confidentiality": exchange.confidentiality,
            "people_count": exchange.people_count,
            "parent": str(exchange.parent.public_id) if exchange.parent else None,
            "archived": exchange.is_archived,
            "created_at": local(exchange.created_at),
            "updated_at": local(exchange.updated_at),
        }
