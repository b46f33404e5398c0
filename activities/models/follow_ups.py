from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import FollowUpState
from crm.choices import Confidentiality
from crm.models import User
from crm.models.fields import NameField, NoteField
from crm.models.records import Record, RecordQuerySet

# Stands in for the day where there is none, so that such follow-ups come last.
NO_DAY = Value(date(9999, 12, 31))


class FollowUpQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Follow-ups of the reader's units, of everyone for the centre; those given to the reader always."""
        readable = user.scope.readable(user, unit_fields=("unit",))
        return self.filter(readable | Q(assignee=user) if user.scope.permissions else readable)

    def editable_by(self, user: User) -> Self:
        visible = self.visible_to(user)
        return visible if user.scope.central else visible.filter(Q(unit__in=user.scope.unit_ids) | Q(assignee=user))

    def open(self) -> Self:
        return self.live().filter(state=FollowUpState.OPEN)

    def overdue(self, on: date) -> Self:
        return self.open().filter(due_on__lt=on)

    def assigned_to(self, user: User) -> Self:
        return self.filter(assignee=user)


class FollowUp(Record):
    """Something to be done after an exchange, or about a partner, by a unit and a day."""

    text = NameField(_("what is to be done"), max_length=500)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="follow_ups")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    exchange = models.ForeignKey(
        "activities.Exchange", verbose_name=_("exchange"), null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    partner = models.ForeignKey(
        "partners.Partner", verbose_name=_("partner"), null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    state = models.CharField(_("state"), max_length=8, choices=FollowUpState.choices, default=FollowUpState.OPEN)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    remark = NoteField(_("remark"), blank=True)
    confidentiality = models.CharField(_("who may see"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.UNIT)
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)

    objects = FollowUpQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = [models.F("due_on").asc(nulls_last=True), "id"]
        indexes = [
            models.Index(fields=["unit", "state", "due_on"]),
            models.Index(fields=["assignee", "state", "due_on"]),
            models.Index(Coalesce("due_on", NO_DAY), "id", name="follow_up_by_day"),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(exchange__isnull=False) | Q(partner__isnull=False),
                name="activities_followup_about_something",
                violation_error_message=_("Say which exchange or which partner this is about."),
            ),
            models.CheckConstraint(
                condition=Q(state=FollowUpState.OPEN, closed_at__isnull=True) | (~Q(state=FollowUpState.OPEN) & Q(closed_at__isnull=False)),
                name="activities_followup_closed_at",
                violation_error_message=_("A closed follow-up says when it was closed."),
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("activities:follow-up-detail", args=[self.public_id])

    @property
    def is_overdue(self) -> bool:
        return self.state == FollowUpState.OPEN and self.due_on is not None and self.due_on < timezone.localdate()
