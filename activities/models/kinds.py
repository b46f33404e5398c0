from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import ExchangeFamily, PointsClass
from crm.models.fields import NameField
from crm.models.records import Labelled, Sourced


class ExchangeKind(Labelled, Sourced):
    """A kind of exchange, as staff and reports name it.

    ``points_class`` is its class in M1; empty means that it counts for no partner (an internal congress).
    """

    family = models.CharField(_("family"), max_length=12, choices=ExchangeFamily.choices)
    direction = models.CharField(_("usual direction"), max_length=12, blank=True)
    points_class = models.PositiveSmallIntegerField(_("class for points"), choices=PointsClass.choices, null=True, blank=True)
    report_bucket = models.CharField(_("line of the report"), max_length=30, blank=True)
    typical_duration = NameField(_("usual length"), max_length=60, blank=True)
    needs_approval = NameField(_("approval"), max_length=120, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=99)
    retired_on = models.DateField(_("no longer offered from"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kind of exchange")
        verbose_name_plural = _("kinds of exchange")
        ordering = ["order", "id"]


class Forum(Sourced):
    """A multilateral people's forum, movement or mechanism that meets again and again."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name_vi = NameField(_("name in Vietnamese"), max_length=250)
    name_en = NameField(_("name in English"), max_length=250)
    abbreviation = NameField(_("abbreviation"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=40)
    scope = models.CharField(_("scope"), max_length=60, blank=True)
    founded = models.CharField(_("founded"), max_length=10, blank=True, help_text=_("As exact as known: 1949, 1949-04 or 1949-04-20."))
    periodicity = NameField(_("how often"), max_length=120, blank=True)
    vn_participant = NameField(_("who takes part for Viet Nam"), max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=40, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("forum")
        verbose_name_plural = _("forums")
        ordering = ["name_en", "id"]

    def __str__(self) -> str:
        return self.abbreviation or self.name_vi
