from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.choices import DatePrecision
from crm.models.fields import NameField
from crm.models.places import Country
from crm.models.records import Dated, DatedQuerySet, Labelled, Sourced


class Tier(Labelled, Sourced):
    """A priority tier. Within a group that is exclusive (the bilateral ladder) a country holds at most one at a time."""

    group = models.CharField(_("group"), max_length=30)
    exclusive_in_group = models.BooleanField(_("excludes others of its group"), default=False)
    rank = models.PositiveSmallIntegerField(_("rank"), default=99)
    label_ru = NameField(_("label in Russian"), max_length=200, blank=True)
    label_fr = NameField(_("label in French"), max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["rank", "id"]


class TierMembership(Dated, Sourced):
    """A country or bloc is in a tier for a half-open period. Tiers change; rows are closed, never rewritten."""

    tier = models.ForeignKey(Tier, verbose_name=_("tier"), on_delete=models.PROTECT, related_name="memberships")
    country = models.ForeignKey(Country, verbose_name=_("country"), on_delete=models.PROTECT, related_name="tier_memberships")
    precision = models.CharField(_("precision of the day"), max_length=5, choices=DatePrecision.choices, default=DatePrecision.DAY)
    label_vi = NameField(_("label in Vietnamese"), max_length=200, blank=True)
    label_en = NameField(_("label in English"), max_length=200, blank=True)

    objects = DatedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("tier membership")
        verbose_name_plural = _("tier memberships")
        ordering = ["tier__rank", "country__sort_key", "valid_from"]
        constraints = Dated.Meta.constraints
        indexes = [models.Index(fields=["country", "tier", "valid_from"])]

    def __str__(self) -> str:
        return f"{self.country} · {self.tier}"

    def clean(self) -> None:
        if self.tier_id and self.country_id and self.tier.exclusive_in_group and (other := self._overlapping()):
            raise ValidationError(
                _("%(country)s is already %(tier)s from %(start)s to %(end)s; close that row first."),
                code="tier-overlap",
                params={"country": self.country, "tier": other.tier, "start": other.valid_from or "…", "end": other.valid_to or "…"},
            )

    def _overlapping(self) -> "TierMembership | None":
        rivals = TierMembership.objects.filter(country=self.country, tier__group=self.tier.group)
        return rivals.overlapping(self).select_related("tier").first()
