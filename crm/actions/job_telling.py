"""Telling those who look after jobs that one has failed."""

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import KINDS
from crm.actions.notifications import holders_of, notify
from crm.choices import NotificationTopic
from crm.models import JobRun
from crm.permissions import Permission


def tell_of_failure(run: JobRun) -> None:
    """Leave a line for the secretariat, the administrators and whoever asked for the job."""
    users = {user.pk: user for user in holders_of(Permission.JOB_VIEW)}
    if run.asked_by is not None and run.asked_by.may(Permission.JOB_VIEW):
        users[run.asked_by.pk] = run.asked_by
    label = KINDS[run.name].label if run.name in KINDS else run.name
    key, text = f"job:{run.pk}:{timezone.now().isoformat()}", format_lazy(_("A job failed: {}"), label)
    notify(users.values(), topic=NotificationTopic.JOB, key=key, text=text, link=run.get_absolute_url())
