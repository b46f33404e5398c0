from django.db import models
from django.utils.translation import gettext_lazy as _


class ExternalId(models.Model):
    """The key under which a unit's own system or list knows a partner."""

    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="external_ids")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    value = models.CharField(_("identifier"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("external identifier")
        verbose_name_plural = _("external identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "value"],
                name="partners_externalid_once_per_unit",
                violation_error_message=_("The unit already uses this identifier."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit.code}:{self.value}"
