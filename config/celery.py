"""The Celery app and the whole timetable: what runs by itself, and when (Asia/Ho_Chi_Minh)."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("nhip_cau")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    # Windows move with the day, so every figure is taken anew after midnight.
    "take-all-snapshots-nightly": {"task": "reports.tasks.take_all_snapshots", "schedule": crontab(hour=0, minute=20)},
    # Whatever was entered or changed is compared with what is there.
    "scan-for-duplicates-nightly": {"task": "partners.tasks_duplicates.scan_nightly", "schedule": crontab(hour=1, minute=30)},
    # What is due and what is coming is told before work begins, and then mailed to those who want it so.
    "remind-nightly": {"task": "activities.tasks.remind_everybody", "schedule": crontab(hour=5, minute=0)},
    "look-after-connections-nightly": {"task": "crm.tasks.look_after_connections", "schedule": crontab(hour=5, minute=10)},
    "mail-digests": {"task": "activities.tasks.mail_digests", "schedule": crontab(hour=6, minute=30, day_of_week="mon-fri")},
    # What is stored is not believed for ever: issued reports and a sample of past figures are looked at again.
    "recheck-figures-nightly": {"task": "reports.tasks.recheck_figures", "schedule": crontab(hour=2, minute=40)},
    # Monday's digest of the secretariat; later in the morning only what a mail server has not taken.
    "weekly-digests": {"task": "reports.tasks.send_weekly_digests", "schedule": crontab(hour="6-12/2", minute=0, day_of_week="mon")},
    # A worker that was killed in the middle leaves an import "running": it is taken up again.
    "resume-stalled-imports": {"task": "partners.tasks.resume_stalled_imports", "schedule": crontab(minute="*/5")},
    "resume-stalled-change-sets": {"task": "crm.tasks.resume_stalled_change_sets", "schedule": crontab(minute="*/5")},
    # The same for every other job: whatever has been silent for too long is taken up again by another worker.
    "sweep-jobs": {"task": "crm.tasks.sweep_jobs", "schedule": crontab(minute="*/2")},
    "prune-feed-nightly": {"task": "crm.tasks.prune_feed", "schedule": crontab(hour=3, minute=50)},
    "thin-jobs-nightly": {"task": "crm.tasks.thin_jobs", "schedule": crontab(hour=3, minute=40)},
    # Whoever connected by a webhook is told within seconds. A message that waited longer is superseded by the next one.
    "tell-webhooks": {"task": "crm.tasks.tell_webhooks", "schedule": 5.0, "options": {"expires": 5.0}},
    "thin-webhook-deliveries-nightly": {"task": "crm.tasks.thin_webhook_deliveries", "schedule": crontab(hour=3, minute=50)},
    # Answers that were kept for repeats, and what the offices' programs sent a quarter of a year ago.
    "thin-connections-nightly": {"task": "crm.tasks.thin_connections", "schedule": crontab(hour=3, minute=45)},
    "tell-of-rows-that-enter-views": {"task": "crm.tasks.tell_of_entries", "schedule": crontab(minute="10", hour="6-20")},
}
