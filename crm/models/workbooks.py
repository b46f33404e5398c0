from typing import Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.choices import ImportState
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User


class WorkbookUploadQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Uploads of the reader's own units; those at the centre see all."""
        if not user.scope.permissions:
            return self.none()
        return self if user.scope.central else self.filter(unit__in=user.scope.unit_ids)

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user)


class WorkbookUpload(Record):
    """An offline workbook that came back: what was changed in it, what was changed here meanwhile, and what to do where both were.

    ``conflicts``: cells changed on both sides, each with the value it had, the workbook's and the present one, and what
    somebody decided. ``refused``: rows that break a rule, with code and cell. ``preview``: what becomes of each row that says
    something new, and what is told of the workbook as a whole.
    """

    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    change_set = models.OneToOneField(
        "crm.ChangeSet", verbose_name=_("change set"), null=True, editable=False, on_delete=models.PROTECT, related_name="workbook_upload"
    )
    file = models.FileField(_("file"), upload_to="workbooks/%Y/%m/")
    original_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    taken_at = models.DateTimeField(_("downloaded at"), null=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    conflicts = models.JSONField(_("conflicts"), default=list, blank=True, encoder=DjangoJSONEncoder)
    refused = models.JSONField(_("refused rows"), default=list, blank=True, encoder=DjangoJSONEncoder)
    preview = models.JSONField(_("preview"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    failure = models.TextField(_("why it failed"), blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    objects = WorkbookUploadQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("workbook")
        verbose_name_plural = _("workbooks")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.original_name

    def get_absolute_url(self) -> str:
        return reverse("crm:workbook-detail", args=[self.public_id])
