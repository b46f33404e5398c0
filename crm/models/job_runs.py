from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.choices import JobState
from crm.models.users import User
from crm.permissions import Permission


class JobRunQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.may(Permission.JOB_VIEW) else self.none()

    def whole(self) -> Self:
        """Jobs as somebody started them: without the parts that they were split into."""
        return self.filter(parent__isnull=True)

    def unfinished(self) -> Self:
        return self.filter(state__in=[JobState.QUEUED, JobState.RUNNING])


class JobRun(models.Model):
    """One run of background work, or one part of it: what was asked, how far it is, how it ended.

    ``name``: the task. ``key``: what makes the run one of its kind, such as the night it is for; asked for again, the
    same run goes on. ``parent``: the run that this is a part of. ``heartbeat_at``: the last sign of life; a run that
    has been silent for too long is taken up again by another worker.
    """

    name = models.CharField(_("job"), max_length=100)
    key = models.CharField(_("key"), max_length=200, unique=True)
    parent = models.ForeignKey("self", verbose_name=_("part of"), null=True, blank=True, on_delete=models.CASCADE, related_name="parts")
    state = models.CharField(_("state"), max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    parameters = models.JSONField(_("what was asked"), default=dict, blank=True)
    result = models.JSONField(_("what came out"), default=dict, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("to be done"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    queued_at = models.DateTimeField(_("queued at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-queued_at", "-id"]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="job_run_by_day"),
            models.Index(fields=["state", "heartbeat_at"], name="job_run_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.key}"

    def get_absolute_url(self) -> str:
        return reverse("crm:job-detail", args=[self.pk])
