from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import OccasionKind
from crm.models.fields import NameField
from crm.models.records import Named, Sourced

DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Occasion(Named, Sourced):
    """A day that comes back every year: a national day, the day relations were set up, a tradition day of ours.

    ``year`` is when it began, from which the size of an anniversary follows; empty where it does not matter. A day of
    29 February is kept on 28 February in other years.
    """

    code = models.SlugField(_("code"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=OccasionKind.choices)
    country = models.ForeignKey(
        "crm.Country", verbose_name=_("country"), null=True, blank=True, on_delete=models.PROTECT, related_name="occasions"
    )
    name_vi = NameField(_("name in Vietnamese"), max_length=200)
    name_en = NameField(_("name in English"), max_length=200)
    month = models.PositiveSmallIntegerField(_("month"), validators=[MinValueValidator(1), MaxValueValidator(12)])
    day = models.PositiveSmallIntegerField(_("day"), validators=[MinValueValidator(1), MaxValueValidator(31)])
    year = models.PositiveSmallIntegerField(
        _("since the year"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(2200)]
    )
    retired_on = models.DateField(_("no longer kept from"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("occasion")
        verbose_name_plural = _("occasions")
        ordering = ["month", "day", "code"]

    def clean(self) -> None:
        if self.month and self.day and 1 <= self.month <= 12 and self.day > DAYS_IN_MONTH[self.month - 1]:
            raise ValidationError({"day": ValidationError(_("This month has no such day."), code="no-such-day")})
