from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.choices import NotificationTopic
from crm.models.fields import NameField
from crm.models.users import User


class NotificationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)

    def unmailed(self) -> Self:
        """What no digest has carried yet and nobody has read."""
        return self.unread().filter(mailed_at__isnull=True)


class Notification(models.Model):
    """One line that tells somebody something, on the page and in the e-mail digest.

    ``key`` says what it is about, so that a job that runs twice tells once. ``text`` is in the language of the account.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, related_name="notifications")
    topic = models.CharField(_("about"), max_length=12, choices=NotificationTopic.choices)
    key = models.CharField(max_length=120, editable=False)
    text = NameField(_("text"), max_length=400)
    link = models.CharField(_("link"), max_length=400, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)
    read_at = models.DateTimeField(_("read at"), null=True, editable=False)
    mailed_at = models.DateTimeField(_("mailed at"), null=True, editable=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="crm_notification_once")]
        indexes = [models.Index(fields=["user", "read_at", "-created_at"], name="notification_unread")]

    def __str__(self) -> str:
        return self.text
