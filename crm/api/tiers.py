from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import serializers

from crm.api.filters import read_day
from crm.api.views import ReferenceViewSet
from crm.choices import DatePrecision
from crm.filters import TierFilter
from crm.models import Tier, TierMembership
from crm.models.places import CountryKind


@extend_schema_serializer(component_name="TierMember")
class MemberOut(serializers.Serializer):
    """A country or bloc in a tier, for the half-open period from `valid_from` until before `valid_to`."""

    country = serializers.CharField(help_text="`alpha2` of the country or bloc.")
    kind = serializers.ChoiceField(CountryKind.choices)
    valid_from = serializers.DateField(allow_null=True, help_text="Null: the first day is not known.")
    valid_to = serializers.DateField(allow_null=True, help_text="Null: still holds.")
    precision = serializers.ChoiceField(DatePrecision.choices)
    to_be_confirmed = serializers.BooleanField(help_text="Read in an uncertain source and not yet confirmed by the secretariat.")

    def to_representation(self, row: TierMembership) -> dict[str, Any]:
        return {
            "country": row.country.alpha2,
            "kind": row.country.kind,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "precision": row.precision,
            "to_be_confirmed": row.to_be_confirmed,
        }


@extend_schema_serializer(
    component_name="Tier",
    examples=[
        OpenApiExample(
            "A tier",
            value={
                "code": "NEIGHBOUR",
                "label_vi": "Nước láng giềng",
                "label_en": "Neighbouring country",
                "group": "geographic",
                "exclusive_in_group": False,
                "rank": 1,
                "members": [
                    {
                        "country": "LA",
                        "kind": "country",
                        "valid_from": None,
                        "valid_to": None,
                        "precision": "day",
                        "to_be_confirmed": False,
                    }
                ],
            },
        )
    ],
)
class TierOut(serializers.Serializer):
    """A priority tier with its members on the day `as_of`."""

    code = serializers.CharField()
    label_vi = serializers.CharField()
    label_en = serializers.CharField()
    group = serializers.CharField()
    exclusive_in_group = serializers.BooleanField(help_text="A country is in at most one tier of the group at a time.")
    rank = serializers.IntegerField()
    members = MemberOut(many=True)

    def to_representation(self, tier: Any) -> dict[str, Any]:
        # Typed Any for the list that the view's Prefetch puts on it.
        plain = {name: getattr(tier, name) for name in map(str, self.fields) if name != "members"}
        return {**plain, "members": [MemberOut().to_representation(row) for row in tier.shown_members]}


_AS_OF = OpenApiParameter(
    "as_of", type={"type": "string", "format": "date"}, description="The day of the memberships; today where not given."
)


@extend_schema_view(list=extend_schema(parameters=[_AS_OF]), retrieve=extend_schema(parameters=[_AS_OF]))
class TierViewSet(ReferenceViewSet):
    """The priority tiers, each with its members on a day. Tiers change over the years: ask for the day you report on."""

    serializer_class = TierOut
    filterset_class = TierFilter
    order = ("rank", "id")
    lookup_field = "code"
    lookup_value_converter = "slug"
    extra_parameters = ("as_of",)

    def get_queryset(self) -> QuerySet[Tier]:
        day = read_day(self.request, "as_of", default=timezone.localdate())
        members = TierMembership.objects.on(day).select_related("country").order_by("country__sort_key", "id")
        return Tier.objects.prefetch_related(Prefetch("memberships", queryset=members, to_attr="shown_members"))
