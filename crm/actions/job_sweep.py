"""Healing: what a killed worker, a lost message or a database that was away has left is taken up again, and old runs go."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.job_kinds import routine_names
from crm.actions.job_runs import JobTaken, fail_job, go_on_after_parts, queue_again
from crm.choices import JobState
from crm.models import JobRun

ATTEMPTS_AT_MOST = 4
KEPT_DAYS = 90
ROUTINE_KEPT_DAYS = 2


def silence_allowed(attempts: int) -> timedelta:
    """How long a run may give no sign of life: twice as long with each attempt, so that what fails over and over rests."""
    silence: int = settings.JOB_SILENT_SECONDS
    return timedelta(seconds=silence * 2 ** max(attempts - 1, 0))


def sweep_jobs() -> int:
    """Take up every run that has been silent for too long; return how many. Safe to run at any time, also twice at once."""
    now = timezone.now()
    oldest = now - silence_allowed(0)
    waiting = JobRun.objects.filter(state=JobState.QUEUED).annotate(seen=Coalesce("heartbeat_at", "queued_at"))
    # Its message may have been lost, or stand far behind in the queue: a second one does no harm.
    moved = queue_again(waiting.filter(seen__lt=oldest))
    busy = JobRun.objects.unfinished().filter(parent=OuterRef("pk"))
    silent = JobRun.objects.filter(state=JobState.RUNNING, heartbeat_at__lt=oldest).exclude(Exists(busy))
    for run in silent.annotate(is_split=Exists(JobRun.objects.filter(parent=OuterRef("pk")))).select_related("asked_by"):
        if run.heartbeat_at is not None and run.heartbeat_at < now - silence_allowed(run.attempts):
            moved += _take_up(run)
    return moved


def thin_jobs() -> int:
    """Remove runs that ended long ago, with their parts; of routine ones what went well goes after two days. Return how many."""
    now, ended = timezone.now(), JobRun.objects.whole().exclude(state__in=[JobState.QUEUED, JobState.RUNNING])
    old = ended.filter(finished_at__lt=now - timedelta(days=KEPT_DAYS))
    routine = ended.filter(name__in=routine_names(), state=JobState.DONE, finished_at__lt=now - timedelta(days=ROUTINE_KEPT_DAYS))
    return sum(rows.delete()[1].get(JobRun._meta.label, 0) for rows in (old, routine))


def _take_up(run: JobRun) -> int:
    if getattr(run, "is_split", False):
        with transaction.atomic():
            go_on_after_parts(JobRun.objects.select_for_update(no_key=True).get(pk=run.pk))
        return 1
    if run.attempts < ATTEMPTS_AT_MOST:
        return queue_again([run])
    lost = _("The worker was lost %(times)s times while it did this. Look at its log, then run the job again.") % {"times": run.attempts}
    try:
        fail_job(run, "\n\n".join(filter(None, [lost, run.error])))
    except JobTaken:
        return 0
    return 1
