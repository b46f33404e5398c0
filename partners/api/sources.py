"""Partners by the offices' own keys."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from crm.api.push_jobs import register_noun
from crm.api.source_words import SourceNoun
from crm.permissions import Permission
from partners.actions.sources import apply_partner_items
from partners.api.partners import EXAMPLE, PartnerIn, represent
from partners.models import ExternalId


@extend_schema_serializer(component_name="PartnerSourceData", examples=[OpenApiExample("A friendship association", value=EXAMPLE)])
class PartnerOfSource(PartnerIn):
    """The whole of a partner as the source has it: what is left out is empty, or what is usual.

    What others here filled in stays, as long as the source itself has never said anything there. A new partner is led by the
    unit of the address.
    """

    lead_unit = None  # type: ignore[assignment]  # takes the field out of the class


PARTNERS = register_noun(
    SourceNoun(
        name="partners",
        noun="partner",
        keys=ExternalId,
        record_of="partner",
        body=PartnerOfSource,
        push=apply_partner_items,
        represent=represent,
        permission=Permission.PARTNER_VIEW,
        write_permission=Permission.PARTNER_EDIT,
    )
)
