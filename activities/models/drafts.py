from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.models.fields import NoteField


class ExchangeDraftQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Drafts are their author's alone."""
        return self.filter(user=user)

    def waiting(self) -> Self:
        """Drafts that became no exchange yet and were not thrown away."""
        return self.filter(exchange__isnull=True, discarded_at__isnull=True)


class ExchangeDraft(models.Model):
    """What somebody typed to log an exchange, kept until it is one.

    ``key`` is made where it is typed, so that a line sent twice is one draft and becomes one exchange. ``text`` is the
    line as typed; ``answers`` what has been corrected or added beside it, by the names of the form.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, related_name="exchange_drafts")
    key = models.UUIDField(_("key"), default=uuid4)
    text = NoteField(_("line as typed"), max_length=4000, blank=True)
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    exchange = models.OneToOneField(
        "activities.Exchange", verbose_name=_("exchange"), null=True, blank=True, on_delete=models.PROTECT, related_name="draft"
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    discarded_at = models.DateTimeField(_("thrown away at"), null=True, editable=False)

    objects = ExchangeDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft of an exchange")
        verbose_name_plural = _("drafts of exchanges")
        ordering = ["-updated_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="activities_exchangedraft_once")]

    def __str__(self) -> str:
        return self.text[:80]
