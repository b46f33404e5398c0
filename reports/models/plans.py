from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import Level
from crm.models import User
from crm.models.fields import NameField
from crm.models.records import Dated, DatedRecordQuerySet, Record

# What a line may be for. A line for a tier or a country alone is a duty (M8); with a kind, field or province it is a target.
SCOPE = ("tier", "country", "partner_kind", "field", "province")


class PlanLineQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    def visible_to(self, user: User) -> Self:
        """The plan is everybody's."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user).live()

    def duties(self) -> Self:
        """Lines for a whole tier or country: what coverage asks of it."""
        return self.filter(partner_kind__isnull=True, field__isnull=True, province__isnull=True)

    def targets(self) -> Self:
        """Lines that name a partner kind, a field or a province."""
        return self.exclude(partner_kind__isnull=True, field__isnull=True, province__isnull=True)


class PlanLine(Dated, Record):
    """What we set ourselves for a tier, a country, a partner kind, a field, a province, or several of these together.

    For a period: so many exchanges in 365 days, at least every so often, and the directive it serves. A country's own line
    goes before its tier's. Two lines of the same scope may not overlap.
    """

    tier = models.ForeignKey("crm.Tier", verbose_name=_("tier"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines")
    country = models.ForeignKey(
        "crm.Country", verbose_name=_("country"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines"
    )
    partner_kind = models.ForeignKey(
        "partners.PartnerKind", verbose_name=_("partner kind"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines"
    )
    field = models.ForeignKey(
        "crm.Field", verbose_name=_("field of cooperation"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines"
    )
    province = models.ForeignKey(
        "crm.Province", verbose_name=_("province"), null=True, blank=True, on_delete=models.PROTECT, related_name="plan_lines"
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
    copied_from = models.ForeignKey(
        "self", verbose_name=_("copied from"), null=True, editable=False, on_delete=models.PROTECT, related_name="copies"
    )
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
                condition=(
                    Q(tier__isnull=False)
                    | Q(country__isnull=False)
                    | Q(partner_kind__isnull=False)
                    | Q(field__isnull=False)
                    | Q(province__isnull=False)
                )
                & (Q(tier__isnull=True) | Q(country__isnull=True)),
                name="reports_planline_scope",
                violation_error_message=_("Say what the line is for: a tier or a country, not both, or a partner kind, field or province."),
            ),
            models.CheckConstraint(
                condition=Q(required__gte=1, cadence_days__gte=1) | Q(exempt=True),
                name="reports_planline_asks_something",
                violation_error_message=_("A plan line asks for at least one exchange and a cadence of at least one day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope_label}: {self.required}"

    def get_absolute_url(self) -> str:
        return reverse("reports:plan-line-detail", args=[self.public_id])

    @property
    def scope_label(self) -> str:
        """What the line is for, in words."""
        return " · ".join(str(getattr(self, name)) for name in SCOPE if getattr(self, f"{name}_id"))

    def clean(self) -> None:
        if any(getattr(self, f"{name}_id") for name in SCOPE) and (other := self._overlapping()):
            raise ValidationError(
                _("%(scope)s already has a plan line from %(start)s to %(end)s."),
                code="plan-overlap",
                params={"scope": self.scope_label, "start": other.valid_from or "…", "end": other.valid_to or "…"},
            )

    def _overlapping(self) -> "PlanLine | None":
        same_scope = {name: getattr(self, name) for name in SCOPE}
        return PlanLine.objects.live().filter(**same_scope).overlapping(self).first()
