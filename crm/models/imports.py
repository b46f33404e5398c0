from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.choices import ImportState
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User


class ImportJobQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Imports of the reader's own units; those at the centre see all."""
        if user.scope.central:
            return self
        return self.filter(unit__in=user.scope.unit_ids)


class ImportJob(Record):
    """A file somebody brought, the meaning given to its columns, and what became of its rows."""

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="imports")
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/")
    original_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    columns = models.JSONField(_("columns of the file"), default=list, blank=True)
    mapping = models.JSONField(_("column to field"), default=dict, blank=True)
    defaults = models.JSONField(_("what the file does not say"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    errors = models.JSONField(_("refused rows"), default=list, blank=True)
    preview = models.JSONField(_("preview"), default=dict, blank=True)
    failure = models.TextField(_("why it failed"), blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)

    objects = ImportJobQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.original_name
