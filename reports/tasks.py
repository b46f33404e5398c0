"""What the timetable does with figures. Each only asks for a job, which is then split, watched and healed (crm.actions.job_runs)."""

from celery import shared_task
from django.utils import timezone

from reports.jobs.contacts import start_check_of_contacts
from reports.jobs.digests import start_digests
from reports.jobs.rechecks import start_rechecks
from reports.jobs.snapshots import start_snapshot


@shared_task
def take_all_snapshots() -> None:
    """Store the figures of today for everybody, and let go of days that are neither today nor the last of a month."""
    start_check_of_contacts(timezone.localdate())
    start_snapshot(timezone.localdate())


@shared_task
def send_weekly_digests() -> None:
    """Make and mail the digests of the week; later on the same day, try again what no mail server took."""
    start_digests(timezone.localdate())


@shared_task
def recheck_figures() -> None:
    """Hold issued reports to their hashes, and a sample of stored figures to those computed anew."""
    start_rechecks(timezone.localdate())
