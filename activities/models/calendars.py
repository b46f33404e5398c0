from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import User


class CalendarFeedQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def in_use(self) -> Self:
        return self.filter(revoked_at__isnull=True)


class CalendarFeed(models.Model):
    """A secret address under which a calendar program reads the days of an account, or of one of its units (RFC 5545).

    Only the digest of the secret is kept: the address is shown once. What is read is what ``user`` may see on that day.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, related_name="calendar_feeds")
    unit = models.ForeignKey(
        "crm.Unit", verbose_name=_("unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="calendar_feeds"
    )
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_read_at = models.DateTimeField(_("last read at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user} · {self.unit or self.user}"
