from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.models.follow_ups import NO_DAY
from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Record, RecordQuerySet
from reports.choices import ActionState


class ActionItemQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Action plans are open to every unit, as the directory is."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        live = self.visible_to(user).live()
        return live if user.scope.central else live.filter(unit__in=user.scope.unit_ids)

    def overdue(self, on: date) -> Self:
        return self.live().filter(state__in=[ActionState.PLANNED, ActionState.UNDER_WAY], due_on__lt=on)


class ActionItem(Record):
    """An item of a unit's action plan for a year: what it will do, by when, for which plan line and directive.

    ``exchanges`` are what was held for it; with them, or a remark, it is done.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="action_items")
    year = models.PositiveSmallIntegerField(_("year"))
    text = NameField(_("what is to be done"), max_length=500)
    plan_line = models.ForeignKey(
        "reports.PlanLine",
        verbose_name=_("for the plan line"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="action_items",
    )
    directive = models.ForeignKey(
        "crm.PolicyDocument",
        verbose_name=_("serves the directive"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="action_items",
    )
    partner = models.ForeignKey(
        "partners.Partner", verbose_name=_("partner"), null=True, blank=True, on_delete=models.PROTECT, related_name="action_items"
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, blank=True, on_delete=models.PROTECT, related_name="action_items"
    )
    state = models.CharField(_("state"), max_length=9, choices=ActionState.choices, default=ActionState.PLANNED)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    remark = NoteField(_("remark"), blank=True)
    exchanges = models.ManyToManyField("activities.Exchange", verbose_name=_("exchanges"), blank=True, related_name="action_items")
    copied_from = models.ForeignKey(
        "self", verbose_name=_("copied from"), null=True, editable=False, on_delete=models.PROTECT, related_name="copies"
    )
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)

    objects = ActionItemQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[exchanges])

    class Meta(Record.Meta):
        verbose_name = _("item of an action plan")
        verbose_name_plural = _("items of action plans")
        ordering = ["-year", models.F("due_on").asc(nulls_last=True), "id"]
        indexes = [
            models.Index(fields=["unit", "year", "state"], name="action_item_by_unit"),
            models.Index(Coalesce("due_on", NO_DAY), "id", name="action_item_by_day"),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state=ActionState.DONE, done_on__isnull=False) | (~Q(state=ActionState.DONE) & Q(done_on__isnull=True)),
                name="reports_actionitem_done_on",
                violation_error_message=_("An item that is done says on which day; another has no such day."),
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("reports:action-item-detail", args=[self.public_id])
