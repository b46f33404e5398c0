from django.db import models
from django.utils.translation import gettext_lazy as _

from reports.choices import Alarm, CoverageStatus


class EngagementSnapshot(models.Model):
    """The figures M1 to M3 and M5 of one partner on one day under one policy, as they were computed.

    ``strength`` is E as an exact integer in units of 10^-11 points (hundredths × billionths).
    """

    policy = models.ForeignKey("reports.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("as of"))
    partner = models.ForeignKey("partners.Partner", on_delete=models.CASCADE, related_name="snapshots", db_index=False)
    strength = models.BigIntegerField(_("strength"))
    recency_days = models.IntegerField(_("days since the last two-way exchange"), null=True)
    frequency = models.PositiveSmallIntegerField(_("days with a two-way exchange in 365 days"))
    high_level_points = models.PositiveIntegerField(_("points at leader or deputy level, hundredths"))
    all_points = models.PositiveIntegerField(_("points before caps, hundredths"))
    field_mask = models.BigIntegerField(_("fields touched"), default=0)
    people_met = models.PositiveIntegerField(_("people met"), default=0)
    units_involved = models.PositiveSmallIntegerField(_("units involved"), default=0)
    first_day_no = models.IntegerField(_("first exchange"), null=True)
    longest_gap_days = models.IntegerField(_("longest gap"), null=True)
    points_now = models.PositiveIntegerField(_("capped points of the last 180 days, hundredths"), default=0)
    points_before = models.PositiveIntegerField(_("capped points of the 180 days before, hundredths"), default=0)
    points_year_ago = models.PositiveIntegerField(_("capped points of the same 180 days a year ago, hundredths"), default=0)

    class Meta:
        verbose_name = _("engagement snapshot")
        verbose_name_plural = _("engagement snapshots")
        constraints = [models.UniqueConstraint(fields=["partner", "policy", "day"], name="reports_engagementsnapshot_once")]
        indexes = [models.Index(fields=["day", "policy"], name="engagement_by_day")]

    def __str__(self) -> str:
        return f"{self.partner_id} · {self.day}"


class CoverageSnapshot(models.Model):
    """M8 of one country in one tier on one day under one policy, as it was computed."""

    policy = models.ForeignKey("reports.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("as of"))
    tier = models.ForeignKey("crm.Tier", on_delete=models.PROTECT, related_name="+")
    country = models.ForeignKey("crm.Country", on_delete=models.PROTECT, related_name="+")
    partners = models.PositiveIntegerField(_("partners"))
    active_partners = models.PositiveIntegerField(_("active partners"))
    last_exchange_on = models.DateField(_("last two-way exchange"), null=True)
    done = models.PositiveIntegerField(_("exchanges in 365 days"))
    required = models.PositiveSmallIntegerField(_("exchanges asked"), null=True)
    cadence_days = models.PositiveSmallIntegerField(_("cadence in days"), null=True)
    level_reached = models.BooleanField(_("asked level reached"), null=True)
    next_planned_on = models.DateField(_("next planned"), null=True)
    status = models.CharField(_("status"), max_length=8, choices=CoverageStatus.choices, blank=True)

    class Meta:
        verbose_name = _("coverage snapshot")
        verbose_name_plural = _("coverage snapshots")
        constraints = [models.UniqueConstraint(fields=["day", "policy", "tier", "country"], name="reports_coveragesnapshot_once")]

    def __str__(self) -> str:
        return f"{self.tier_id}/{self.country_id} · {self.day}"


class RiskSnapshot(models.Model):
    """M6 of one partner on one day under one policy: the mask of its reason codes; a partner without any has no row."""

    policy = models.ForeignKey("reports.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("as of"))
    partner = models.ForeignKey("partners.Partner", on_delete=models.CASCADE, related_name="risk_snapshots", db_index=False)
    mask = models.PositiveSmallIntegerField(_("reason codes"))
    alarm = models.CharField(_("alarm"), max_length=5, choices=Alarm.choices)

    class Meta:
        verbose_name = _("risk snapshot")
        verbose_name_plural = _("risk snapshots")
        constraints = [models.UniqueConstraint(fields=["partner", "policy", "day"], name="reports_risksnapshot_once")]
        indexes = [models.Index(fields=["day", "policy", "alarm"], name="risk_by_day")]

    def __str__(self) -> str:
        return f"{self.partner_id} · {self.day} · {self.mask}"
