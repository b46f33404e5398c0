from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class StoredAnswer(models.Model):
    """What was answered to a request with an ``Idempotency-Key``, to be answered again when it is repeated.

    Written in the transaction that the request itself writes in: either both are there or neither. Only answers of
    success are kept, since a request that was refused has done nothing and may be made again.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.CASCADE, related_name="+")
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(_("fingerprint of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"))
    headers = models.JSONField(_("headers"), default=dict)
    body = models.BinaryField(_("body"))
    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="crm_storedanswer_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
