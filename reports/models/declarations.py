from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from crm.models import User
from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet


class NothingToReportQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Who has reported is open to every unit."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        live = self.visible_to(user).live()
        return live if user.scope.central else live.filter(unit__in=user.scope.unit_ids)


class NothingToReport(Record):
    """A unit says that it has nothing to report for ``[period_from, period_to)``: no contact, which is not no report (M9)."""

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="nothing_to_report")
    period_from = models.DateField(_("from"))
    period_to = models.DateField(_("until"), help_text=_("First day that no longer belongs to it."))
    remark = NameField(_("remark"), max_length=300, blank=True)

    objects = NothingToReportQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("nothing to report")
        verbose_name_plural = _("nothing to report")
        ordering = ["-period_to", "-id"]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(condition=Q(period_to__gt=F("period_from")), name="reports_nothingtoreport_ends_after_start"),
            models.UniqueConstraint(
                fields=["unit", "period_from", "period_to"],
                condition=Q(archived_at__isnull=True),
                name="reports_nothingtoreport_once",
                violation_error_message=_("The unit has said so already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.period_from:%d/%m/%Y}"
