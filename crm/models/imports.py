from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.choices import ImportNoun, ImportState
from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User


class ImportJobQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Imports of the reader's own units; those at the centre see all."""
        if user.scope.central:
            return self
        return self.filter(unit__in=user.scope.unit_ids)


class ImportJob(Record):
    """A file somebody brought, the meaning given to its columns, and what became of its rows.

    ``layout``: sheet, header rows, encoding and what was left out of sight, as read and as somebody confirmed.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="imports")
    change_set = models.OneToOneField(
        "crm.ChangeSet", verbose_name=_("change set"), null=True, editable=False, on_delete=models.PROTECT, related_name="import_job"
    )
    noun = models.CharField(_("what the rows are"), max_length=10, choices=ImportNoun.choices, default=ImportNoun.PARTNERS)
    message = NameField(_("message"), max_length=300, blank=True)
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/")
    original_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    layout = models.JSONField(_("how the file is read"), default=dict, blank=True)
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


class ColumnMapping(models.Model):
    """The meaning a unit last gave to the columns of a list with these headers, offered again for the next one."""

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="column_mappings")
    noun = models.CharField(_("what the rows are"), max_length=10, choices=ImportNoun.choices, default=ImportNoun.PARTNERS)
    signature = models.CharField(max_length=64, editable=False, help_text=_("Digest of the folded headers, in any order."))
    mapping = models.JSONField(_("column to field"), default=dict)
    defaults = models.JSONField(_("what the file does not say"), default=dict)
    used_at = models.DateTimeField(_("last used"), auto_now=True)

    class Meta:
        verbose_name = _("remembered mapping")
        verbose_name_plural = _("remembered mappings")
        constraints = [models.UniqueConstraint(fields=["unit", "noun", "signature"], name="crm_columnmapping_once")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.signature[:8]}"
