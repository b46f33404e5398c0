"""What was done to many rows at once, as one thing with a message that can be looked at and taken back."""

from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.choices import ChangeAction, ChangeKind, ChangeState
from crm.models.fields import NameField
from crm.models.records import Record, RecordQuerySet
from crm.models.users import User


class ChangeSetQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Change sets of the reader's own units, and the reader's own; those at the centre see all."""
        if not user.scope.permissions:
            return self.none()
        return self if user.scope.central else self.filter(models.Q(unit__in=user.scope.unit_ids) | models.Q(created_by=user))

    def editable_by(self, user: User) -> Self:
        return self.visible_to(user)


class ChangeSet(Record):
    """An import, a bulk edit, a merge or a hand-over as one object: message, preview, progress, undo.

    ``plan``: what is asked for, in the words of the kind. ``undo_report``: what taking it back left as it was, and why.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=ChangeKind.choices)
    message = NameField(_("message"), max_length=300, blank=True)
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="change_sets")
    state = models.CharField(_("state"), max_length=10, choices=ChangeState.choices, default=ChangeState.PREVIEW)
    plan = models.JSONField(_("plan"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    failure = models.TextField(_("why it failed"), blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)
    undone_at = models.DateTimeField(_("undone at"), null=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("undone by"), null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    undo_report = models.JSONField(_("what undoing left"), default=list, blank=True)

    objects = ChangeSetQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.message or self.get_kind_display()

    def get_absolute_url(self) -> str:
        return reverse("crm:change-set-detail", args=[self.public_id])


class ChangeSetEntry(models.Model):
    """One row that a change set made, changed or removed, with its columns before and after.

    No foreign key to the row: entries outlive it, and one table serves every model. Values are JSON by column name
    (``attname``); only columns that differ are kept for a changed row, all of them for one that was made or removed.
    """

    change_set = models.ForeignKey(ChangeSet, verbose_name=_("change set"), on_delete=models.PROTECT, related_name="entries")
    model = models.CharField(_("kind of record"), max_length=80)
    object_pk = models.BigIntegerField(_("number of the record"))
    action = models.CharField(_("what"), max_length=8, choices=ChangeAction.choices)
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("entry of a change set")
        verbose_name_plural = _("entries of change sets")
        ordering = ["id"]
        indexes = [models.Index(fields=["model", "object_pk"], name="change_of_record")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_pk} {self.action}"
