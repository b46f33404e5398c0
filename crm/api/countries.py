from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from crm.api.views import ReferenceViewSet
from crm.filters import CountryFilter
from crm.models import Country
from crm.models.places import CountryKind


@extend_schema_serializer(
    component_name="Country",
    examples=[
        OpenApiExample(
            "Laos",
            value={
                "alpha2": "LA",
                "alpha3": "LAO",
                "numeric": "418",
                "kind": "country",
                "name_vi": "Lào",
                "name_en": "Laos",
                "region": "Asia",
                "subregion": "South-eastern Asia",
            },
        )
    ],
)
class CountryOut(serializers.Serializer):
    """A country, territory or bloc, named elsewhere by its `alpha2`."""

    alpha2 = serializers.CharField()
    alpha3 = serializers.CharField(allow_blank=True)
    numeric = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(CountryKind.choices)
    name_vi = serializers.CharField()
    name_en = serializers.CharField()
    region = serializers.CharField(allow_blank=True)
    subregion = serializers.CharField(allow_blank=True)

    def to_representation(self, country: Country) -> dict[str, Any]:
        return {name: getattr(country, name) for name in map(str, self.fields)}


class CountryViewSet(ReferenceViewSet):
    """Countries, territories and blocs. `q` finds one by any of its names, with or without marks; `tier` by its tier on the day `on`."""

    serializer_class = CountryOut
    filterset_class = CountryFilter
    order = ("sort_key", "id")
    lookup_field = "alpha2"
    lookup_value_converter = "slug"

    def get_queryset(self) -> QuerySet[Country]:
        return Country.objects.all()
