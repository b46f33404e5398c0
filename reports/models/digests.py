from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DigestSubscription(models.Model):
    """What somebody wants to be told every week, on the desk and by mail if wished."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.CASCADE, related_name="digest_subscription"
    )
    gaps = models.BooleanField(_("new gaps"), default=True)
    at_risk = models.BooleanField(_("partners at risk"), default=True)
    promises = models.BooleanField(_("overdue promises"), default=True)
    unreported = models.BooleanField(_("units that have not reported"), default=True)
    tier = models.ForeignKey("crm.Tier", verbose_name=_("only the tier"), null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by_mail = models.BooleanField(_("also by mail"), default=False)

    class Meta:
        verbose_name = _("subscription to the digest")
        verbose_name_plural = _("subscriptions to the digest")

    def __str__(self) -> str:
        return str(self.user)


class WeeklyDigest(models.Model):
    """What was told to somebody for the week that begins on ``week``, a Monday: the rows of each part, and which are new."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.CASCADE, related_name="weekly_digests")
    week = models.DateField(_("week"))
    content = models.JSONField(_("what is told"))
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True)

    class Meta:
        verbose_name = _("weekly digest")
        verbose_name_plural = _("weekly digests")
        ordering = ["-week", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "week"], name="reports_weeklydigest_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.week}"
