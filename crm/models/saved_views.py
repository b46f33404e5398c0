from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.choices import ViewAudience
from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User


class SavedViewQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """One's own views, those shared with one of the reader's units, and those for everyone."""
        if not user.scope.permissions:
            return self.none()
        shared = Q(audience=ViewAudience.EVERYONE) | Q(audience=ViewAudience.UNIT, unit__in=user.scope.unit_ids)
        return self.live().filter(shared | Q(created_by=user))

    def editable_by(self, user: User) -> Self:
        """One's own views; the secretariat also tends those for everyone."""
        mine = Q(created_by=user)
        return self.visible_to(user).filter(mine | Q(audience=ViewAudience.EVERYONE) if user.scope.secretariat else mine)

    def with_marks(self, user: User) -> Self:
        """Views with ``is_pinned`` and ``is_subscribed`` of the account."""
        pins, subscriptions = ViewPin.objects.filter(user=user), ViewSubscription.objects.filter(user=user)
        return self.annotate(
            is_pinned=Exists(pins.filter(view=OuterRef("pk"))), is_subscribed=Exists(subscriptions.filter(view=OuterRef("pk")))
        )


class SavedView(Record):
    """A list as somebody wants to see it again: filters, columns and order under a name. One address is one view.

    ``noun``: the list it is of, by the name of its URL (``partners:partner-list``). ``query``: the filters as the address
    writes them. ``columns``: their names in order; empty means the list's own.
    """

    noun = models.CharField(_("list"), max_length=60)
    name = NameField(_("name"), max_length=120)
    query = models.TextField(_("filters"), blank=True, max_length=4000)
    columns = models.JSONField(_("columns"), default=list, blank=True)
    order = models.CharField(_("sorted by"), max_length=40, blank=True)
    audience = models.CharField(_("for whom"), max_length=8, choices=ViewAudience.choices, default=ViewAudience.PRIVATE)
    unit = models.ForeignKey(
        "crm.Unit", verbose_name=_("unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="saved_views"
    )

    objects = SavedViewQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(audience=ViewAudience.UNIT) | Q(unit__isnull=False),
                name="crm_savedview_unit_for_unit",
                violation_error_message=_("Say with which unit the view is shared."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse(self.noun)}?view={self.public_id}"


class ViewPin(models.Model):
    """A view that somebody keeps at hand beside the list."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, related_name="pinned_views")
    view = models.ForeignKey(SavedView, verbose_name=_("view"), on_delete=models.CASCADE, related_name="pins")

    class Meta:
        verbose_name = _("pinned view")
        verbose_name_plural = _("pinned views")
        constraints = [models.UniqueConstraint(fields=["user", "view"], name="crm_viewpin_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.view}"


class ViewSubscription(models.Model):
    """Somebody wants to be told when rows enter a view. ``seen``: the rows, by number, that were in it last time."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, related_name="view_subscriptions"
    )
    view = models.ForeignKey(SavedView, verbose_name=_("view"), on_delete=models.CASCADE, related_name="subscriptions")
    seen = models.JSONField(default=list, editable=False)
    checked_at = models.DateTimeField(_("last looked at"), null=True, editable=False)

    class Meta:
        verbose_name = _("subscribed view")
        verbose_name_plural = _("subscribed views")
        constraints = [models.UniqueConstraint(fields=["user", "view"], name="crm_viewsubscription_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.view}"
