"""Figures follow what is logged: computed again after the commit, in the background."""

from datetime import date
from typing import Any

from django.dispatch import receiver

from activities.signals import activity_recorded
from reports.tasks import refresh_figures


@receiver(activity_recorded)
def refresh_after_commit(*, partner_ids: set[int], since: date, **kwargs: Any) -> None:
    refresh_figures.delay_on_commit(sorted(partner_ids), since.isoformat())
