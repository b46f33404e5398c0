from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activities.choices import PointsClass
from crm.models.fields import NameField, NoteField


class PolicyVersionQuerySet(models.QuerySet):
    def in_force(self, day: date) -> Self:
        """Approved versions that had taken effect on the day, the newest first."""
        return self.filter(approved_on__isnull=False, effective_from__lte=day).order_by("-effective_from", "-id")


class PolicyVersion(models.Model):
    """A named, immutable set of weights, caps, half-life, bands and cadences (metrics rule 8).

    Points are whole hundredths; weights are whole billionths (10^9), one row for each age in days. ``source``: the text
    of the file that it was loaded from.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = NameField(_("name"), max_length=200)
    effective_from = models.DateField(_("takes effect on"))
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("approved by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approver = NameField(_("approver named in the file"), max_length=150, blank=True)
    reason = NoteField(_("reason"), blank=True)
    half_life_days = models.PositiveSmallIntegerField(_("half-life in days"))
    window_days = models.PositiveSmallIntegerField(_("window in days"))
    half_index_points = models.PositiveSmallIntegerField(_("points that make an index of 50"))
    day_cap = models.PositiveIntegerField(_("most hundredths of a point per partner and day"))
    letter_cap = models.PositiveIntegerField(_("most hundredths of a point of letters"))
    letter_cap_days = models.PositiveSmallIntegerField(_("in so many days"))
    band_thin = models.PositiveSmallIntegerField(_("thin from"))
    band_kept = models.PositiveSmallIntegerField(_("kept from"))
    band_close = models.PositiveSmallIntegerField(_("close from"))
    source = models.TextField(_("file"), blank=True, editable=False)
    content_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    loaded_at = models.DateTimeField(auto_now_add=True)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ["-effective_from", "-id"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new version. One that is stored never changes: old figures were made by it."""
        if not self._state.adding:
            raise ValidationError(_("A policy version never changes. Write a new one."), code="policy-immutable")
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("reports:policy-detail", args=[self.code])

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise ValidationError(_("A policy version never changes. Write a new one."), code="policy-immutable")


class PolicyPoints(models.Model):
    """M1 of one policy: the points, in hundredths, of a merit code (class, level, sides)."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="points")
    merit = models.PositiveSmallIntegerField()
    points_class = models.PositiveSmallIntegerField(choices=PointsClass.choices)
    hundredths = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("points of a policy")
        verbose_name_plural = _("points of a policy")
        constraints = [models.UniqueConstraint(fields=["policy", "merit"], name="reports_policypoints_once")]

    def __str__(self) -> str:
        return f"{self.policy_id}:{self.merit}={self.hundredths}"


class PolicyWeight(models.Model):
    """M2 of one policy: the published table of integers, weight × 10^9 rounded half up, for ages 0 to window − 1."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="weights")
    age = models.PositiveSmallIntegerField()
    billionths = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("weight of a policy")
        verbose_name_plural = _("weights of a policy")
        constraints = [models.UniqueConstraint(fields=["policy", "age"], name="reports_policyweight_once")]

    def __str__(self) -> str:
        return f"{self.policy_id}:{self.age}={self.billionths}"


class PolicyCadence(models.Model):
    """What a tier asks where no plan line says otherwise: exchanges a year, cadence in days, least level."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="cadences")
    tier = models.ForeignKey("crm.Tier", on_delete=models.PROTECT, related_name="+")
    required = models.PositiveSmallIntegerField(_("exchanges a year"))
    cadence_days = models.PositiveSmallIntegerField(_("at least every so many days"))
    least_level = models.PositiveSmallIntegerField(_("at least once at level"), default=0)

    class Meta:
        verbose_name = _("cadence of a policy")
        verbose_name_plural = _("cadences of a policy")
        constraints = [models.UniqueConstraint(fields=["policy", "tier"], name="reports_policycadence_once")]

    def __str__(self) -> str:
        return f"{self.policy_id}:{self.tier_id}"


class PolicySensitivity(models.Model):
    """How far ranks move when the weights of a policy move by a quarter, as of a day (M10), as it was worked out."""

    policy = models.ForeignKey(PolicyVersion, verbose_name=_("policy version"), on_delete=models.PROTECT, related_name="sensitivities")
    day = models.DateField(_("as of"))
    content = models.JSONField(_("how far ranks move"))
    made_at = models.DateTimeField(_("made at"), auto_now=True)

    class Meta:
        verbose_name = _("sensitivity of ranks")
        verbose_name_plural = _("sensitivities of ranks")
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["policy", "day"], name="reports_policysensitivity_once")]

    def __str__(self) -> str:
        return f"{self.policy_id} · {self.day}"
