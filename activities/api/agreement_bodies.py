from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from activities.choices import AgreementLevel, AgreementState, Side
from activities.models import Agreement, AgreementKind, AgreementParty, Exchange
from crm.api.serializers import ReferenceField, ReferencesField, StrictSerializer, TextField, TruthField, WholeNumberField, local
from crm.choices import Confidentiality
from crm.models import Field, PolicyDocument, Province, Unit
from partners.models import Partner

_PARTIES = [
    {
        "side": "ours", "unit": None, "province": "nghe-an", "partner": None, "name": "",
        "signatory": "Trần Thị Hoa", "signatory_title": "Phó Chủ tịch",
    },
    {
        "side": "theirs", "unit": None, "province": None, "partner": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55", "name": "",
        "signatory": "Bounmy Sisavath", "signatory_title": "Tỉnh trưởng",
    },
]  # fmt: skip
_EXAMPLE: dict[str, Any] = {
    "kind": "TWINNING_PROVINCE",
    "title": "Thỏa thuận kết nghĩa Nghệ An – Xiêng Khoảng",
    "number": "03/TTHT",
    "level": "provincial",
    "state": "signed",
    "legal_basis": "Luật Thỏa thuận quốc tế 2020",
    "policy_document": None,
    "signed_on": "2024-03-18",
    "signed_at": "Vinh",
    "valid_from": "2024-03-18",
    "valid_to": "2029-03-18",
    "renews_itself": False,
    "notice_days": 180,
    "renews": None,
    "unit": "PU-40",
    "exchange": None,
    "fields": ["PEACE"],
    "summary": "Mỗi năm gặp nhau một lần.",
    "confidentiality": "unit",
    "parties": _PARTIES,
}


@extend_schema_serializer(component_name="AgreementPartyWrite")
class PartyIn(StrictSerializer):
    """One who signs: of ours a `unit` or a `province`, of theirs a `partner`; or a `name`, where there is no record. One of the four."""

    side = serializers.ChoiceField(Side.choices)
    unit = ReferenceField(lambda user: Unit.objects.all(), required=False, allow_null=True, help_text="Code of a unit of ours.")
    province = ReferenceField(
        lambda user: Province.objects.all(), key="slug", required=False, allow_null=True,
        help_text="Key of the province as it was on the day of signing, such as `quang-nam`.",
    )  # fmt: skip
    partner = ReferenceField(Partner.objects.visible_to, key="public_id", required=False, allow_null=True)
    name = TextField(max_length=250, required=False, allow_blank=True)
    signatory = TextField(max_length=200, required=False, allow_blank=True)
    signatory_title = TextField(max_length=200, required=False, allow_blank=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        ours = given["side"] == Side.OURS
        ways = [way for way in ("unit", "province", "partner", "name") if given.get(way)]
        fitting = {"unit", "province", "name"} if ours else {"partner", "name"}
        if len(ways) != 1:
            raise serializers.ValidationError(_("Say who the party is, in one way."), code="one-way")
        if not fitting & set(ways):
            raise serializers.ValidationError({ways[0]: _("This does not fit the side.")}, code="other-side")
        return given


@extend_schema_serializer(component_name="AgreementWrite", examples=[OpenApiExample("A twinning", value=_EXAMPLE)])
class AgreementIn(StrictSerializer):
    """An agreement to be entered, or what changes of one. `parties` and `fields` replace all there are.

    A renewal is a new agreement that names the old one in `renews`; the old one stays. `ended_early` says that it was
    ended before its time, on the day that `valid_to` then holds.
    """

    read_only_names = frozenset({"id", "revision", "archived", "created_at", "updated_at"})

    kind = ReferenceField(lambda user: AgreementKind.objects.all(), help_text="Code of the kind.")
    title = TextField(max_length=300)
    number = TextField(max_length=80, required=False, allow_blank=True)
    level = serializers.ChoiceField(AgreementLevel.choices, required=False)
    state = serializers.ChoiceField(AgreementState.choices, required=False)
    legal_basis = TextField(max_length=300, required=False, allow_blank=True)
    policy_document = ReferenceField(
        lambda user: PolicyDocument.objects.all(), required=False, allow_null=True, help_text="Code of the directive it stands under."
    )
    signed_on = serializers.DateField(required=False, allow_null=True)
    signed_at = TextField(max_length=200, required=False, allow_blank=True)
    valid_from = serializers.DateField(required=False, allow_null=True, help_text="First day; by default the day of signing.")
    valid_to = serializers.DateField(required=False, allow_null=True, help_text="First day on which it no longer holds.")
    renews_itself = TruthField(required=False)
    notice_days = WholeNumberField(min_value=0, max_value=3_650, required=False, allow_null=True)
    renews = ReferenceField(
        Agreement.objects.visible_to, key="public_id", required=False, allow_null=True, help_text="`id` of the agreement that it renews."
    )
    unit = ReferenceField(lambda user: Unit.objects.all(), required=False, help_text="Code; by default the caller's own unit.")
    exchange = ReferenceField(
        Exchange.objects.visible_to, key="public_id", required=False, allow_null=True, help_text="`id` of the signing, if it is logged."
    )
    fields = ReferencesField(lambda user: Field.objects.all(), required=False, help_text="Codes of the fields of cooperation.")  # type: ignore[assignment]  # DRF takes declared fields out of the class
    summary = TextField(max_length=20_000, required=False, allow_blank=True)
    confidentiality = serializers.ChoiceField(Confidentiality.choices, required=False)
    parties = serializers.ListField(
        child=PartyIn(), allow_empty=False, max_length=40, help_text="In protocol order; at least one of each side."
    )

    def validate_parties(self, given: list[dict[str, Any]]) -> list[AgreementParty]:
        return [AgreementParty(**{name: value for name, value in party.items() if value is not None}) for party in given]


@extend_schema_serializer(component_name="AgreementParty")
class PartyOut(serializers.Serializer):
    """One who signed."""

    side = serializers.ChoiceField(Side.choices)
    unit = serializers.CharField(allow_null=True, help_text="Code of the unit.")
    province = serializers.CharField(allow_null=True, help_text="Key of the province as it was on the day of signing.")
    partner = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    signatory = serializers.CharField(allow_blank=True)
    signatory_title = serializers.CharField(allow_blank=True)

    def to_representation(self, party: AgreementParty) -> dict[str, Any]:
        return {
            "side": party.side,
            "unit": party.unit.code if party.unit else None,
            "province": party.province.slug if party.province else None,
            "partner": str(party.partner.public_id) if party.partner else None,
            "name": party.name,
            "signatory": party.signatory,
            "signatory_title": party.signatory_title,
        }


@extend_schema_serializer(
    component_name="Agreement",
    examples=[
        OpenApiExample(
            "A twinning",
            value={
                "id": "019a9b72-33cc-7d5e-8f70-2c3d4e5f6071",
                "revision": 1,
                **_EXAMPLE,
                "archived": False,
                "created_at": "2026-11-02T16:05:00+07:00",
                "updated_at": "2026-11-02T16:05:00+07:00",
            },
        )
    ],
)
class AgreementOut(serializers.Serializer):
    """What two sides signed, or are negotiating."""

    id = serializers.UUIDField()
    revision = serializers.IntegerField(min_value=1)
    kind = serializers.CharField(help_text="Code of the kind.")
    title = serializers.CharField()
    number = serializers.CharField(allow_blank=True)
    level = serializers.ChoiceField(AgreementLevel.choices)
    state = serializers.ChoiceField(AgreementState.choices)
    legal_basis = serializers.CharField(allow_blank=True)
    policy_document = serializers.CharField(allow_null=True)
    signed_on = serializers.DateField(allow_null=True)
    signed_at = serializers.CharField(allow_blank=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    renews_itself = serializers.BooleanField()
    notice_days = serializers.IntegerField(allow_null=True)
    renews = serializers.UUIDField(allow_null=True, help_text="Empty too where the account may not see the one renewed.")
    unit = serializers.CharField(help_text="Code of the unit that keeps it.")
    exchange = serializers.UUIDField(allow_null=True, help_text="Empty too where the account may not see the exchange.")
    fields = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]  # DRF takes declared fields out of the class
    summary = serializers.CharField(allow_blank=True)
    confidentiality = serializers.ChoiceField(Confidentiality.choices)
    parties = PartyOut(many=True)
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, agreement: Any) -> dict[str, Any]:
        parties = PartyOut()
        return {
            "id": str(agreement.public_id),
            "revision": agreement.revision,
            "kind": agreement.kind.code,
            "title": agreement.title,
            "number": agreement.number,
            "level": agreement.level,
            "state": agreement.state,
            "legal_basis": agreement.legal_basis,
            "policy_document": agreement.policy_document.code if agreement.policy_document else None,
            "signed_on": agreement.signed_on,
            "signed_at": agreement.signed_at,
            "valid_from": agreement.valid_from,
            "valid_to": agreement.valid_to,
            "renews_itself": agreement.renews_itself,
            "notice_days": agreement.notice_days,
            "renews": str(agreement.renews.public_id) if agreement.renews and agreement.renews_seen else None,
            "unit": agreement.unit.code,
            "exchange": str(agreement.exchange.public_id) if agreement.exchange and agreement.exchange_seen else None,
            "fields": [field.code for field in agreement.shown_fields],
            "summary": agreement.summary,
            "confidentiality": agreement.confidentiality,
            "parties": [parties.to_representation(party) for party in agreement.shown_parties],
            "archived": agreement.is_archived,
            "created_at": local(agreement.created_at),
            "updated_at": local(agreement.updated_at),
        }
