from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from activities.choices import OurRole
from activities.models.kinds import Forum
from crm.models import User
from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet


class EventQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Events are open to every unit, as the directory is."""
        return self if user.scope.permissions else self.none()

    def editable_by(self, user: User) -> Self:
        """Events that the account's own units host; all of them at the centre."""
        live = self.visible_to(user).live()
        return live if user.scope.central else live.filter(host_unit__in=user.scope.unit_ids)


class Event(Record):
    """An event, or a session of a forum, at which exchanges take place."""

    name = NameField(_("name"), max_length=300)
    forum = models.ForeignKey(
        Forum, verbose_name=_("session of the forum"), null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    place = NameField(_("place"), max_length=200, blank=True)
    country = models.ForeignKey("crm.Country", verbose_name=_("country"), null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    our_role = models.CharField(_("our role"), max_length=12, choices=OurRole.choices, default=OurRole.PARTICIPANT)
    host_unit = models.ForeignKey("crm.Unit", verbose_name=_("host unit"), on_delete=models.PROTECT, related_name="hosted_events")
    is_demo = models.BooleanField(_("invented for demonstration"), default=False, editable=False)

    objects = EventQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta(Record.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-starts_on", "-id"]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="activities_event_ends_after_start",
                violation_error_message=_("The last day must not come before the first day."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activities:event-detail", args=[self.public_id])
