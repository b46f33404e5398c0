from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import DatePrecision
from crm.models.fields import NameField
from crm.models.records import Labelled, Sourced


class Field(Labelled, Sourced):
    """A field of cooperation (education, health …), in two levels, with its DAC sectors and SDGs.

    ``bit`` is the field's place in the bit mask that exchanges carry for counting distinct fields; never reused.
    """

    parent = models.ForeignKey("self", verbose_name=_("group"), null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    label_ru = NameField(_("label in Russian"), max_length=200, blank=True)
    label_fr = NameField(_("label in French"), max_length=200, blank=True)
    dac3_codes = models.CharField(_("DAC sectors"), max_length=120, blank=True)
    sdg_goals = models.CharField(_("Sustainable Development Goals"), max_length=60, blank=True)
    bit = models.PositiveSmallIntegerField(_("bit"), unique=True, validators=[MaxValueValidator(62)], editable=False)
    retired_on = models.DateField(_("no longer offered from"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("field of cooperation")
        verbose_name_plural = _("fields of cooperation")
        ordering = ["bit"]


class PolicyDocument(Sourced):
    """A directive, decree, law or decision that the work refers to."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    doc_number = models.CharField(_("number"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=40)
    title_vi = NameField(_("title in Vietnamese"), max_length=500)
    title_en = NameField(_("title in English"), max_length=500)
    issuer = NameField(_("issued by"), max_length=200, blank=True)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    effective_on = models.DateField(_("in force from"), null=True, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    dates_precision = models.CharField(_("precision of the days"), max_length=5, choices=DatePrecision.choices, default=DatePrecision.DAY)
    status = models.CharField(_("status"), max_length=40, blank=True)
    replaced_by = models.ForeignKey(
        "self", verbose_name=_("replaced by"), null=True, blank=True, on_delete=models.PROTECT, related_name="replaces"
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("policy document")
        verbose_name_plural = _("policy documents")
        ordering = ["-issued_on", "code"]

    def __str__(self) -> str:
        return self.doc_number or self.code
