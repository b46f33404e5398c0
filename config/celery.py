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
    # A worker that was killed in the middle leaves an import "running": it is taken up again.
    "resume-stalled-imports": {"task": "partners.tasks.resume_stalled_imports", "schedule": crontab(minute="*/5")},
}
