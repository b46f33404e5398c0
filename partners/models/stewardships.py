from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models import User
from crm.models.records import Dated, DatedRecordQuerySet, Record
from partners.choices import StewardRole
from partners.models.partners import Partner


class StewardshipQuerySet(DatedRecordQuerySet):  # type: ignore[override]  # the stubs type as_manager anew for each class
    def current(self) -> Self:
        return self.live().on(timezone.localdate())

    def not_over(self, day: date) -> Self:
        """Those that hold on the day, and those to come."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))

    def visible_to(self, user: User) -> Self:
        """Part of the directory: everybody knows who keeps a partner."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        return self.filter(partner__in=Partner.objects.editable_by(user).values("pk"))


class Stewardship(Dated, Record):
    """A unit keeps a partner, as lead or in support, with an officer by name, for a period. One lead at a time."""

    partner = models.ForeignKey("partners.Partner", verbose_name=_("partner"), on_delete=models.PROTECT, related_name="stewardships")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="stewardships")
    role = models.CharField(_("role"), max_length=8, choices=StewardRole.choices, default=StewardRole.LEAD)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("officer"), null=True, blank=True, on_delete=models.PROTECT, related_name="stewardships"
    )

    objects = StewardshipQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("stewardship")
        verbose_name_plural = _("stewardships")
        ordering = ["role", "id"]
        constraints = [
            *Record.Meta.constraints,
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["partner"],
                condition=Q(role=StewardRole.LEAD, valid_to__isnull=True, archived_at__isnull=True),
                name="partners_stewardship_one_lead",
                violation_error_message=_("Another unit already leads this partner; end its lead first."),
            ),
            models.UniqueConstraint(
                fields=["partner", "unit"],
                condition=Q(valid_to__isnull=True, archived_at__isnull=True),
                name="partners_stewardship_once_per_unit",
                violation_error_message=_("This unit already keeps the partner."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.partner}"

    def clean(self) -> None:
        """One lead on any day, of the past too; PostgreSQL has a constraint that says the same."""
        if self.role == StewardRole.LEAD and not self.is_archived and self.partner_id and self._rivals().exists():
            raise ValidationError(_("Another unit already leads this partner; end its lead first."), code="lead-overlap")

    def _rivals(self) -> StewardshipQuerySet:
        return Stewardship.objects.live().filter(partner=self.partner_id, role=StewardRole.LEAD).overlapping(self)
