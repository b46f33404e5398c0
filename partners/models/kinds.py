from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models.records import Labelled, Sourced
from partners.choices import PartnerFamily


class PartnerKind(Labelled, Sourced):
    """A kind of partner, as staff name it. ``aliases``: words by which lists from elsewhere name it, one a line."""

    family = models.CharField(_("family"), max_length=30, choices=PartnerFamily.choices)
    aliases = models.TextField(_("other words for it"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=99)
    retired_on = models.DateField(_("no longer offered from"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kind of partner")
        verbose_name_plural = _("kinds of partner")
        ordering = ["order", "id"]
