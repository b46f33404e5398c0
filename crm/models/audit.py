from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.choices import AuditVerb


class AuditEvent(models.Model):
    """What happened that is no change of a row: a sign-in, an export, the reading of a restricted record.

    No foreign keys, so that it outlives everything and can never block anything.
    """

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    verb = models.CharField(_("what"), max_length=20, choices=AuditVerb.choices)
    actor_id = models.BigIntegerField(_("account number"), null=True)
    actor = models.CharField(_("account"), max_length=150, blank=True)
    subject_type = models.CharField(_("kind of record"), max_length=60, blank=True)
    subject_id = models.CharField(_("identifier of the record"), max_length=60, blank=True, db_index=True)
    subject = models.CharField(_("record"), max_length=300, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.actor} {self.get_verb_display()} {self.subject}"
