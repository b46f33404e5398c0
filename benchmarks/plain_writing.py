"""What is usually written to take such rows: a ModelViewSet with a ModelSerializer, references by their codes.

It checks fields and foreign keys, and the models' own histories are kept, since the library does that by itself; it knows
no rights, keys of sources, order of words, facts, last contacts, figures, feed or dry run.
"""

from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.viewsets import ModelViewSet

from activities.models import Exchange, ExchangeKind, Participation
from crm.api.authentication import OfficeAuthentication
from crm.models import Country, Field, Province, Unit
from partners.models import Partner, PartnerKind
from partners.models.partners import EPOCH


class PlainExchangeSerializer(serializers.ModelSerializer):
    kind = serializers.SlugRelatedField("code", queryset=ExchangeKind.objects.all())
    host_unit = serializers.SlugRelatedField("code", queryset=Unit.objects.all())
    provinces = serializers.SlugRelatedField("slug", queryset=Province.objects.all(), many=True)
    fields = serializers.SlugRelatedField("code", queryset=Field.objects.all(), many=True)  # type: ignore[assignment]  # DRF takes declared fields out of the class
    partners = serializers.SlugRelatedField("public_id", queryset=Partner.objects.all(), many=True, write_only=True)

    class Meta:
        model = Exchange
        fields = (
            "id", "public_id", "kind", "title", "starts_on", "direction", "level", "sides", "status", "place", "provinces", "host_unit",
            "fields", "outcome", "confidentiality", "people_count", "partners",
        )  # fmt: skip

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Exchange:
        partners = validated_data.pop("partners")
        exchange: Exchange = super().create(validated_data)
        for rank, partner in enumerate(partners, start=1):
            Participation.objects.create(
                exchange=exchange,
                partner=partner,
                rank=rank,
                day_no=(exchange.starts_on - EPOCH).days,
                two_way=True,
                direction=exchange.direction,
                level=exchange.level,
                counted=False,
                host_unit=exchange.host_unit,
            )
        return exchange


class PlainPartnerRowSerializer(serializers.ModelSerializer):
    kind = serializers.SlugRelatedField("code", queryset=PartnerKind.objects.all())
    country = serializers.SlugRelatedField("alpha2", queryset=Country.objects.all())
    fields = serializers.SlugRelatedField("code", queryset=Field.objects.all(), many=True)  # type: ignore[assignment]  # the same

    class Meta:
        model = Partner
        fields = ("id", "public_id", "name", "kind", "country", "city", "website", "founded_year", "fields")


class PlainExchangeViewSet(ModelViewSet):
    queryset = Exchange.objects.all()
    serializer_class = PlainExchangeSerializer
    authentication_classes = [OfficeAuthentication]
    permission_classes = [IsAuthenticated]


class PlainPartnerRowViewSet(ModelViewSet):
    queryset = Partner.objects.all()
    serializer_class = PlainPartnerRowSerializer
    authentication_classes = [OfficeAuthentication]
    permission_classes = [IsAuthenticated]
