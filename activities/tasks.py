"""What the timetable does for people: the night tells, the morning mails. Every task may run twice."""

from datetime import date

from celery import Task, shared_task
from django.core.mail import get_connection
from django.db import OperationalError
from django.utils import timezone

from activities.actions.reminders import remind
from crm.notifications import send_digests

TRY_AGAIN_SECONDS = 15 * 60
TRIES = 12


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def remind_everybody() -> None:
    """Leave everybody's notifications of this day."""
    remind(timezone.localdate())


@shared_task(bind=True, autoretry_for=(OperationalError,), max_retries=TRIES)
def mail_digests(task: Task, on: str = "") -> None:
    """Send the digests of the day. While the mail server does not take them, try again every quarter of an hour."""
    day = date.fromisoformat(on) if on else timezone.localdate()
    if send_digests(day, mail=get_connection()):
        raise task.retry(kwargs={"on": day.isoformat()}, countdown=TRY_AGAIN_SECONDS)
