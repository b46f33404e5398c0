from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.sources import SourceKey


class ExternalExchangeId(SourceKey):
    """The key under which a unit's own system knows an exchange."""

    exchange = models.ForeignKey(
        "activities.Exchange", verbose_name=_("exchange"), null=True, on_delete=models.PROTECT, related_name="external_ids"
    )

    class Meta:
        verbose_name = _("external identifier of an exchange")
        verbose_name_plural = _("external identifiers of exchanges")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "value"],
                name="activities_externalid_once_per_unit",
                violation_error_message=_("The unit already uses this identifier."),
            ),
            models.CheckConstraint(
                condition=Q(exchange__isnull=False) | Q(withdrawn_at__isnull=False),
                name="activities_externalid_of_exchange_or_withdrawn",
                violation_error_message=_("An identifier without an exchange is one that was withdrawn."),
            ),
        ]
