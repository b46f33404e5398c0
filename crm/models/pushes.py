"""What the programs of the offices sent: every request that writes, and the files that are too big for one."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.choices import FeedNoun, JobState, PushKind
from crm.identifiers import new_public_id
from crm.models.users import User


class OfficePushQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Pushes of the reader's own units; those at the centre see all."""
        if not user.scope.permissions:
            return self.none()
        return self if user.scope.central else self.filter(unit__in=user.scope.unit_ids)


class OfficePush(models.Model):
    """One request by which an office's program wrote, or tried to: how many rows, what became of them, why some were refused.

    ``refusals``: stable code → rows. ``lag_seconds``: how long the youngest change had waited at the source, where it said so.
    No texts of records are kept here.
    """

    client = models.ForeignKey("crm.OfficeClient", verbose_name=_("credential"), on_delete=models.CASCADE, related_name="pushes")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    kind = models.CharField(_("how"), max_length=8, choices=PushKind.choices)
    noun = models.CharField(_("kind of record"), max_length=40)
    status = models.PositiveSmallIntegerField(_("status"))
    rows = models.PositiveIntegerField(_("rows"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    proposed = models.PositiveIntegerField(_("proposed"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    refusals = models.JSONField(_("refusals by code"), default=dict, blank=True)
    lag_seconds = models.BigIntegerField(_("lag in seconds"), null=True)
    address = models.GenericIPAddressField(_("network address"), null=True)

    objects = OfficePushQuerySet.as_manager()

    class Meta:
        verbose_name = _("push of an office")
        verbose_name_plural = _("pushes of offices")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["unit", "-at"], name="push_of_unit"),
            models.Index(fields=["client", "-at"], name="push_of_client"),
            models.Index(fields=["at"], name="push_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.unit.code} {self.kind} {self.noun}: {self.rows}"

    @property
    def noun_label(self) -> str:
        """The kind of record in the reader's language; what the change feed does not know, as the program named it."""
        return str(FeedNoun(self.noun).label) if self.noun in FeedNoun.values else self.noun


class PushJob(models.Model):
    """A file of many rows that an office's program sent at once (one JSON object a line), written in the background.

    ``dry_run``: its rows are tried out and nothing of them stays. ``youngest_change``: of all rows done, at the source.
    ``done`` counts lines whose fate is decided and stored; a worker that takes the job up again goes on behind them.
    ``results``: one JSON object a line, in the order of the file.
    """

    public_id = models.UUIDField(_("identifier"), default=new_public_id, unique=True, editable=False)
    client = models.ForeignKey("crm.OfficeClient", verbose_name=_("credential"), null=True, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("crm.Unit", verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    noun = models.CharField(_("kind of record"), max_length=40)
    file = models.FileField(_("file"), upload_to="pushes/%Y/%m/")
    results = models.FileField(_("results"), upload_to="pushes/%Y/%m/", blank=True)
    state = models.CharField(_("state"), max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    dry_run = models.BooleanField(_("dry run"), default=False)
    youngest_change = models.DateTimeField(_("youngest change"), null=True)
    failure = models.TextField(_("why it failed"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = OfficePushQuerySet.as_manager()

    class Meta:
        verbose_name = _("push job")
        verbose_name_plural = _("push jobs")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.unit.code} {self.noun} {self.public_id}"
