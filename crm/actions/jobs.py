"""Telling whoever asked for long work that it has ended."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy

from crm.actions.notifications import notify
from crm.choices import ChangeState, ImportState, NotificationTopic
from crm.models import ChangeSet, User

# So long somebody looks at a bar; of what ends sooner the page itself has told.
WATCHED_FOR = timedelta(minutes=1)


def tell_of_end(
    asked_by: User | None, *, job: Any, state: ChangeState | ImportState, started_at: datetime | None, key: str, link: str
) -> None:
    """Leave a line for whoever asked for a job that took long: its name and how it ended. ``key`` as ``notify`` takes it."""
    now = timezone.now()
    if asked_by is None or started_at is None or now - started_at < WATCHED_FOR:
        return
    key = f"{key}:{started_at.isoformat()}:{state}"
    notify([asked_by], topic=NotificationTopic.JOB, key=key, text=format_lazy("{}: {}", str(job), state.label), link=link)


def tell_of_change_set(change_set: ChangeSet, state: ChangeState, *, asked_by: User | None) -> None:
    """The same for a change set that has just been applied, taken back or stopped."""
    key, link = f"change-set:{change_set.pk}", change_set.get_absolute_url()
    tell_of_end(asked_by, job=change_set, state=state, started_at=change_set.started_at, key=key, link=link)
