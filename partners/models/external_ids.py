from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.sources import SourceKey


class ExternalId(SourceKey):
    """The key under which a unit's own system or list knows a partner."""

    partner = models.ForeignKey(
        "partners.Partner", verbose_name=_("partner"), null=True, on_delete=models.PROTECT, related_name="external_ids"
    )

    class Meta:
        verbose_name = _("external identifier")
        verbose_name_plural = _("external identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "value"],
                name="partners_externalid_once_per_unit",
                violation_error_message=_("The unit already uses this identifier."),
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=False) | Q(withdrawn_at__isnull=False),
                name="partners_externalid_of_partner_or_withdrawn",
                violation_error_message=_("An identifier without a partner is one that was withdrawn."),
            ),
        ]
