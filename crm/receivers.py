"""The trace of signing in: by whom, when, from where; failed attempts too. And the workers, told of jobs that wait."""

import logging
from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from kombu.exceptions import OperationalError as BrokerError

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.models import User
from crm.signals import deliveries_waiting, jobs_queued
from crm.tasks import run_job, tell_webhooks

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def record_sign_in(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record_event(AuditVerb.SIGNED_IN, by=user, subject=user, request=request)


@receiver(user_logged_out)
def record_sign_out(*, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record_event(AuditVerb.SIGNED_OUT, by=user, subject=user, request=request)


@receiver(user_login_failed)
def record_failed_sign_in(*, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    name = credentials.get("username") or credentials.get("email") or ""
    record_event(AuditVerb.SIGN_IN_FAILED, request=request, name=str(name)[:150].replace("\x00", ""))


@receiver(jobs_queued)
def tell_workers(*, pks: list[int], **kwargs: Any) -> None:
    """A queue that does not answer loses nothing: the run stands in the database, and the sweep tells of it again."""
    for pk in pks:
        transaction.on_commit(partial(_tell, pk))


def _tell(pk: int) -> None:
    try:
        run_job.delay(pk)
    except BrokerError as error:
        logger.warning("job %s waits for the sweep: the queue does not answer: %s", pk, error)


@receiver(deliveries_waiting)
def send_deliveries(**kwargs: Any) -> None:
    """A queue that does not answer loses nothing: the timetable comes to the messages a few seconds later."""
    transaction.on_commit(_nudge)


def _nudge() -> None:
    try:
        tell_webhooks.delay()
    except BrokerError as error:
        logger.warning("messages to webhooks wait for the timetable: the queue does not answer: %s", error)
