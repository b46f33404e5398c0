"""What the keys of the offices' own systems have in common, whatever they are keys of."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceKey(models.Model):
    """The key under which a unit's own system knows a record, and how far that system's word about it has come.

    ``version`` and ``changed_at`` are what the system last said of its own row: an older word that arrives later is not
    applied. ``pushed`` is the body of that word, against which the next one is compared field by field, so that what
    others changed here meanwhile stands. ``withdrawn_at``: the system deleted its row; a key that was withdrawn before
    its record was ever made has none, and a late word to make it finds it dead.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    value = models.CharField(_("identifier"), max_length=200)
    version = models.BigIntegerField(_("version at the source"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at the source"), null=True, blank=True)
    pushed = models.JSONField(_("last pushed"), default=dict, blank=True)
    pushed_at = models.DateTimeField(_("pushed at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.unit.code}:{self.value}"
