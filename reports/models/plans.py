from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import Level
from crm.models.fields import NameField
from crm.models.records import Dated, DatedRecordQuerySet, Record


class PlanLineQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    pass


class PlanLine(Dated, Record):
    """What we set ourselves for a tier or one country, for a period: so many exchanges in 365 days, at least every so often.

    A country's own line goes before its tier's. Two lines of the same scope may not overlap.
    """

    tier = models.ForeignKey("crm.Tier", verbose_name=_("tier"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines")
    country = models.ForeignKey(
        "crm.Country", verbose_name=_("country"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines"
    )
    required = models.PositiveSmallIntegerField(_("exchanges in 365 days"))
    cadence_days = models.PositiveSmallIntegerField(_("at least every so many days"))
    least_level = models.PositiveSmallIntegerField(_("at least once at level"), choices=Level.choices, default=Level.WORKING)
    exempt = models.BooleanField(_("exempt"), default=False)
    directive = models.ForeignKey(
        "crm.PolicyDocument",
        verbose_name=_("serves the directive"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="plan_lines",
    )
    reason = NameField(_("reason"), max_length=300, blank=True)
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)

    objects = PlanLineQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("plan line")
        verbose_name_plural = _("plan lines")
        ordering = ["-valid_from", "id"]
        constraints = [
            *Record.Meta.constraints,
            *Dated.Meta.constraints,
            models.CheckConstraint(
                condition=Q(tier__isnull=False, country__isnull=True) | Q(tier__isnull=True, country__isnull=False),
                name="reports_planline_one_scope",
                violation_error_message=_("A plan line is for one tier or one country."),
            ),
            models.CheckConstraint(
                condition=Q(required__gte=1, cadence_days__gte=1) | Q(exempt=True),
                name="reports_planline_asks_something",
                violation_error_message=_("A plan line asks for at least one exchange and a cadence of at least one day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier or self.country}: {self.required}"

    def clean(self) -> None:
        if (self.tier_id or self.country_id) and (other := self._overlapping()):
            raise ValidationError(
                _("%(scope)s already has a plan line from %(start)s to %(end)s."),
                code="plan-overlap",
                params={"scope": self.tier or self.country, "start": other.valid_from or "…", "end": other.valid_to or "…"},
            )

    def _overlapping(self) -> "PlanLine | None":
        return PlanLine.objects.live().filter(tier=self.tier, country=self.country).overlapping(self).first()
