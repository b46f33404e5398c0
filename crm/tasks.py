"""Jobs, change sets and subscribed views in the background: small steps, each with its own commit; safe to run twice, safe to be killed."""

import logging
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.actions import bulk_edits, connection_warnings, job_sweep
from crm.actions.job_work import work_on
from crm.actions.pushes import thin_push_jobs, thin_pushes
from crm.actions.saved_views import look_for_entries
from crm.actions.stored_answers import thin_stored_answers
from crm.actions.undoing import undo_next
from crm.actions.webhook_messages import tell_all
from crm.actions.webhook_results import thin_deliveries
from crm.actions.webhook_sending import send_due
from crm.choices import ChangeKind, ChangeState
from crm.feed import keeping
from crm.models import ChangeSet, ViewSubscription

logger = logging.getLogger(__name__)

# A worker that has not been heard of for so long is taken for dead, and its work goes on elsewhere.
STALLED_AFTER = timedelta(minutes=3)


@shared_task
def run_job(run_pk: int) -> None:
    """Do a job, or one part of it."""
    work_on(run_pk)


@shared_task
def sweep_jobs() -> None:
    """Take up jobs whose worker was lost, or whose message never arrived."""
    job_sweep.sweep_jobs()


@shared_task
def thin_jobs() -> None:
    """Let go of jobs that ended long ago."""
    job_sweep.thin_jobs()


@shared_task
def thin_connections() -> None:
    """Let go of answers that are no longer given again, and of the rows and files of pushes long past."""
    thin_stored_answers()
    thin_pushes()
    thin_push_jobs()


@shared_task
def prune_feed() -> None:
    """Let go of what readers of the change feed have long read."""
    keeping.prune_feed()


@shared_task
def run_bulk_edit(change_set_pk: int) -> None:
    """Change the rows of a started bulk edit, a few hundred in each transaction."""
    change_set = ChangeSet.objects.select_related("created_by").get(pk=change_set_pk)
    if change_set.created_by is None:
        return
    with translation.override(change_set.created_by.language):
        try:
            _to_the_end(bulk_edits.apply_next, change_set)
        except OperationalError:
            # The database was away for a moment: the edit stays as it is and is taken up again.
            raise
        except PermissionDenied:
            bulk_edits.fail(change_set, _("The account may no longer change these records."))
        except Exception:
            message = _("An unexpected error stopped the work. Nothing of the unfinished part was kept. Tell the administrator.")
            bulk_edits.fail(change_set, message)
            raise


@shared_task
def undo_change_set_later(change_set_pk: int) -> None:
    """Take a change set back, chunk by chunk."""
    change_set = ChangeSet.objects.select_related("undone_by").get(pk=change_set_pk)
    with translation.override(change_set.undone_by.language if change_set.undone_by else "vi"):
        _to_the_end(undo_next, change_set)


def _to_the_end(step: Callable[[ChangeSet], bool], change_set: ChangeSet) -> None:
    while step(change_set):
        pass


@shared_task
def resume_stalled_change_sets() -> None:
    """Take up bulk edits and undoings whose worker was lost, or whose message never arrived."""
    limit = timezone.now() - STALLED_AFTER
    silent = Q(heartbeat_at__lt=limit) | Q(heartbeat_at__isnull=True, started_at__lt=limit)
    for pk in ChangeSet.objects.filter(silent, state=ChangeState.RUNNING, kind=ChangeKind.BULK_EDIT).values_list("pk", flat=True):
        run_bulk_edit.delay(pk)
    for pk in ChangeSet.objects.filter(silent, state=ChangeState.UNDOING).values_list("pk", flat=True):
        undo_change_set_later.delay(pk)


@shared_task
def tell_of_entries() -> None:
    """Look at every subscribed view and tell its subscriber of rows that have entered."""
    for subscription in ViewSubscription.objects.order_by("pk").iterator():
        try:
            look_for_entries(subscription)
        except ViewSubscription.DoesNotExist:
            logger.info("subscription %s ended meanwhile", subscription.pk)


@shared_task
def tell_webhooks() -> None:
    """Make messages of what changed, and send those that are due, tries that failed before among them."""
    tell_all()
    send_due()


@shared_task
def thin_webhook_deliveries() -> None:
    """Let go of messages that ended long ago."""
    thin_deliveries()


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def look_after_connections() -> None:
    """Tell of credentials that end and offices that have gone silent, and let go of tokens whose time is over."""
    today = timezone.localdate()
    connection_warnings.warn_of_expiry(today)
    connection_warnings.warn_of_silence(today)
    connection_warnings.drop_expired_tokens()
