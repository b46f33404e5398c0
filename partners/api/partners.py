from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crm.actions.sources import Candidate
from crm.api.serializers import ReferenceField, ReferencesField, StrictSerializer, TextField, WholeNumberField, grouped, local
from crm.api.source_words import told_candidates
from crm.api.views import RecordViewSet, set_values
from crm.choices import Language, NameUsage
from crm.models import Country, Field, Unit
from crm.permissions import Permission
from partners.actions.partners import OtherName, archive_partner, restore_partner, save_partner
from partners.actions.source_matching import candidates_like
from partners.choices import PartnerStatus, StewardRole
from partners.filters import PartnerFilter
from partners.models import Partner, PartnerKind, PartnerName, Stewardship


@extend_schema_serializer(component_name="PartnerName")
class NameBody(StrictSerializer):
    """Another name of the partner, in a language and its own script."""

    name = TextField(max_length=300)
    language = serializers.ChoiceField(Language.choices, default=Language.OTHER)
    usage = serializers.ChoiceField(NameUsage.choices, default=NameUsage.OTHER)


@extend_schema_serializer(component_name="Steward")
class StewardOut(serializers.Serializer):
    """A unit that keeps the partner today."""

    unit = serializers.CharField(help_text="Code of the unit.")
    role = serializers.ChoiceField(StewardRole.choices)


@extend_schema_serializer(component_name="Candidate")
class CandidateOut(serializers.Serializer):
    """A partner that is there, which a new one may be."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    score = serializers.FloatField(help_text="How likely, from 0 to 1.")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why, for people.")


EXAMPLE = {
    "name": "Hội Hữu nghị Lào - Việt Nam",
    "name_language": "vi",
    "names": [{"name": "ສະມາຄົມມິດຕະພາບລາວ-ຫວຽດນາມ", "language": "lo", "usage": "official"}],
    "kind": "FRIENDSHIP_ASSOCIATION",
    "country": "LA",
    "city": "Viêng Chăn",
    "website": "https://example.org/",
    "founded_year": 1979,
    "fields": ["PEACE"],
    "status": "active",
    "friend_since": 1979,
}


@extend_schema_serializer(component_name="PartnerWrite", examples=[OpenApiExample("A friendship association", value=EXAMPLE)])
class PartnerIn(StrictSerializer):
    """A partner to be registered, or what changes of one. `names` and `fields` replace all there are."""

    read_only_names = frozenset(
        {"id", "revision", "unit", "stewards", "last_contact_on", "archived", "created_at", "updated_at", "candidates"}
    )

    name = TextField(max_length=300)
    name_language = serializers.ChoiceField(Language.choices, required=False)
    names = NameBody(many=True, required=False, max_length=50)  # type: ignore[call-arg]  # many makes it a list, which has it
    kind = ReferenceField(lambda user: PartnerKind.objects.all(), help_text="Code of the kind.")
    country = ReferenceField(
        lambda user: Country.objects.all(),
        key="alpha2",
        required=False,
        allow_null=True,
        help_text="`alpha2`; null for a body of many countries.",
    )
    city = TextField(max_length=120, required=False, allow_blank=True)
    website = TextField(max_length=300, required=False, allow_blank=True, help_text="Address beginning with `https://` or `http://`.")
    founded_year = WholeNumberField(min_value=800, max_value=2100, required=False, allow_null=True)
    fields = ReferencesField(lambda user: Field.objects.all(), required=False, help_text="Codes of the fields of cooperation.")  # type: ignore[assignment]  # DRF takes declared fields out of the class
    status = serializers.ChoiceField(PartnerStatus.choices, required=False)
    friend_since = WholeNumberField(min_value=1900, max_value=2100, required=False, allow_null=True)
    lead_unit = ReferenceField(
        lambda user: Unit.objects.all(), required=False, help_text="Only to create: the unit that leads it; by default the caller's own."
    )

    def validate_lead_unit(self, unit: Unit) -> Unit:
        if self.partial:
            raise serializers.ValidationError(_("The lead is given only with a new partner."), code="read_only")
        return unit


@extend_schema_serializer(
    component_name="Partner",
    examples=[
        OpenApiExample(
            "A friendship association",
            value={
                "id": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55",
                "revision": 3,
                **EXAMPLE,
                "unit": "VUFO",
                "stewards": [{"unit": "VUFO", "role": "lead"}],
                "last_contact_on": "2026-11-02",
                "archived": False,
                "created_at": "2026-01-15T09:30:00+07:00",
                "updated_at": "2026-11-02T16:05:00+07:00",
            },
        )
    ],
)
class PartnerOut(serializers.Serializer):
    """A partner as the directory shows it, open to every unit. What it refers to stands as public codes."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    name = serializers.CharField()
    name_language = serializers.ChoiceField(Language.choices)
    names = NameBody(many=True)
    kind = serializers.CharField(help_text="Code of the kind.")
    country = serializers.CharField(allow_null=True, help_text="`alpha2` of the country or bloc.")
    city = serializers.CharField(allow_blank=True)
    website = serializers.CharField(allow_blank=True)
    founded_year = serializers.IntegerField(allow_null=True)
    fields = serializers.ListField(child=serializers.CharField(), help_text="Codes of the fields of cooperation.")  # type: ignore[assignment]  # DRF takes declared fields out of the class
    status = serializers.ChoiceField(PartnerStatus.choices)
    friend_since = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField(allow_null=True, help_text="Code of the unit that entered it.")
    stewards = StewardOut(many=True)
    last_contact_on = serializers.DateField(allow_null=True, help_text="Day of the last exchange in which both sides took part.")
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    candidates = CandidateOut(many=True, required=False, help_text="Only when a new partner is tried out: those that it may be.")

    def to_representation(self, partner: Any) -> dict[str, Any]:
        # Typed Any for the codes and lists that the view puts on it.
        return {
            "id": str(partner.public_id),
            "revision": partner.revision,
            "name": partner.name,
            "name_language": partner.name_language,
            "names": partner.shown_names,
            "kind": partner.kind_code,
            "country": partner.country_code,
            "city": partner.city,
            "website": partner.website,
            "founded_year": partner.founded_year,
            "fields": partner.shown_fields,
            "status": partner.status,
            "friend_since": partner.friend_since,
            "unit": partner.unit_code,
            "stewards": partner.shown_stewards,
            "last_contact_on": partner.last_contact_on,
            "archived": partner.is_archived,
            "created_at": local(partner.created_at),
            "updated_at": local(partner.updated_at),
        }


class PartnerViewSet(RecordViewSet):
    """Partners of every kind. The directory is open to every unit; a partner is changed by the units that keep it and by the centre."""

    permission = Permission.PARTNER_VIEW
    write_permission = Permission.PARTNER_EDIT
    model = Partner
    serializer_class = PartnerOut
    input_class = PartnerIn
    filterset_class = PartnerFilter
    order = ("sort_key", "id")
    candidates: list[Candidate] | None = None
    versioned_parts = {"names": (PartnerName, "partner"), "stewards": (Stewardship, "partner")}

    def get_queryset(self) -> QuerySet[Partner]:
        partners = Partner.objects.visible_to(self.account).only(*_COLUMNS)
        return partners.annotate(kind_code=F("kind__code"), country_code=F("country__alpha2"), unit_code=F("unit__code"))

    def complete(self, rows: Sequence[Any]) -> None:
        """Names, fields and stewards of a page in three queries. As plain values: as models they took most of the time."""
        ids = [partner.pk for partner in rows]
        names = grouped(PartnerName.objects.filter(partner_id__in=ids).values_list("partner_id", "name", "language", "usage"))
        fields = grouped(
            Partner.fields.through.objects.filter(partner_id__in=ids).order_by("field__bit").values_list("partner_id", "field__code")
        )
        stewards = grouped(Stewardship.objects.current().filter(partner_id__in=ids).values_list("partner_id", "unit__code", "role"))
        for partner in rows:
            partner.shown_names = [dict(zip(_NAME, name, strict=True)) for name in names[partner.pk]]
            partner.shown_fields = [code for (code,) in fields[partner.pk]]
            partner.shown_stewards = [{"unit": unit, "role": role} for unit, role in stewards[partner.pk]]

    def create(self, request: Request) -> Response:
        answer = super().create(request)
        if self.candidates is not None:
            answer.data["candidates"] = told_candidates(self.candidates)
        return answer

    def store(self, record: Partner, given: dict[str, Any]) -> None:
        if self.is_dry_run and self.action == "create":
            # Asked before it is stored, or it would be like itself.
            self.candidates = candidates_like(given)
        names = given.pop("names", None)
        related = {name: given.pop(name) for name in ("fields", "lead_unit") if name in given}
        set_values(record, given)
        save_partner(record, by=self.account, names=None if names is None else [OtherName(**name) for name in names], **related)

    def archive_record(self, record: Partner) -> None:
        archive_partner(record, by=self.account)

    def restore_record(self, record: Partner) -> None:
        restore_partner(record, by=self.account)


def represent(partner: Partner, request: Request) -> dict[str, Any]:
    """The partner as its own address shows it to whoever calls."""
    view = PartnerViewSet(request=request)
    shown = view.get_queryset().get(pk=partner.pk)
    view.complete([shown])
    return dict(PartnerOut(shown).data)


_NAME = ("name", "language", "usage")
# What the representation and the keyset read. Search keys and notes stay in the table: they are most of a row's bytes.
_COLUMNS = (
    "public_id",
    "revision",
    "name",
    "name_language",
    "city",
    "website",
    "founded_year",
    "status",
    "friend_since",
    "last_contact_on",
    "archived_at",
    "created_at",
    "updated_at",
    "sort_key",
)
