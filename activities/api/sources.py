"""Exchanges by the offices' own keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from activities.actions.sources import push_exchanges
from activities.api.exchange_bodies import EXAMPLE, ExchangeIn, ExchangeOut
from activities.api.exchanges import shown_exchanges
from activities.models import Exchange, ExternalExchangeId
from crm.api.push_jobs import register_noun
from crm.api.serializers import ReferencesField
from crm.api.source_words import SourceNoun
from crm.permissions import Permission
from crm.text import nfc
from partners.models import ExternalId, Partner

if TYPE_CHECKING:
    from crm.models import Unit

_BY_KEY = "key:"


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["external_id"],
                    "additionalProperties": False,
                    "properties": {"external_id": {"type": "string"}},
                },
            ]
        },
    }
)
class NamedPartnersField(ReferencesField):
    """Partners by ``id``, or by the key that the same unit's system gave them. One that was merged leads to its survivor."""

    def to_internal_value(self, data: Any) -> list[models.Model]:  # type: ignore[override]  # a list where the base has one
        # Two names of one partner, or of two that became one, are one.
        return list({partner.pk: partner for partner in super().to_internal_value(data)}.values())

    def readable_key(self, data: Any) -> str:
        if not isinstance(data, dict):
            return super().readable_key(data)
        key = data.get("external_id")
        if list(data) != ["external_id"] or not isinstance(key, str):
            self.fail("invalid")
        if "\x00" in key:
            raise self.unknown(data)
        return _BY_KEY + nfc(key)

    def unknown(self, data: Any) -> serializers.ValidationError:
        return super().unknown(data["external_id"] if isinstance(data, dict) else data)

    def read_rows(self, keys: Sequence[str]) -> dict[str, models.Model]:
        """At most two queries."""
        own = [key.removeprefix(_BY_KEY) for key in keys if key.startswith(_BY_KEY)]
        ids = [key for key in keys if not key.startswith(_BY_KEY)]
        found: dict[str, models.Model] = {}
        if ids:
            partners = Partner.objects.visible_to(self.context["request"].user).filter(public_id__in=ids)
            found |= {str(partner.public_id): partner.merged_into or partner for partner in partners.select_related("merged_into")}
        if own:
            unit: Unit = self.context["unit"]
            rows = ExternalId.objects.filter(unit=unit, value__in=own, partner__isnull=False).select_related("partner__merged_into")
            found |= {_BY_KEY + row.value: row.partner.merged_into or row.partner for row in rows if row.partner is not None}
        return found


@extend_schema_serializer(component_name="ExchangeSourceData", examples=[OpenApiExample("A working meeting", value=EXAMPLE)])
class ExchangeOfSource(ExchangeIn):
    """The whole of an exchange as the source has it: what is left out is empty, or what is usual."""

    partners = NamedPartnersField(
        Partner.objects.visible_to, key="public_id", allow_empty=False, help_text="Each `id` or `external_id`, in protocol order."
    )
    follow_up = None  # type: ignore[assignment]  # takes the field out of the class


def _represent(exchange: Exchange, request: Any) -> dict[str, Any]:
    """The exchange as its own address shows it, as far as the account may see it."""
    found = shown_exchanges(request.user).filter(pk=exchange.pk).first()
    return {} if found is None else dict(ExchangeOut(found).data)


EXCHANGES = register_noun(
    SourceNoun(
        name="exchanges",
        noun="exchange",
        keys=ExternalExchangeId,
        record_of="exchange",
        body=ExchangeOfSource,
        push=push_exchanges,
        represent=_represent,
        permission=Permission.EXCHANGE_VIEW,
        write_permission=Permission.EXCHANGE_LOG,
    )
)
