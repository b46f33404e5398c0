"""Keeping stored figures true. Every task may run twice, and today heals by the next night if one is lost."""

from datetime import date

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from reports.actions.snapshots import drop_passing_days, refresh_countries, take_snapshots
from reports.metrics.stored import stored_days

# Beyond this many partners, one pass over everything costs less than the list.
MANY = 5000


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def refresh_figures(partner_ids: list[int], since: str) -> None:
    """Recompute the partners and their countries for today, which plans touch too, and every stored day from ``since`` on."""
    days = {timezone.localdate(), *stored_days(date.fromisoformat(since))}
    for day in sorted(days, reverse=True):
        take_snapshots(day, partner_ids if len(partner_ids) <= MANY else None)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def refresh_coverage(country_ids: list[int] | None = None) -> None:
    """Recompute the countries, or all, for every stored day: their partners or what is asked of them changed."""
    for day in stored_days():
        refresh_countries(day, country_ids)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def take_all_snapshots() -> None:
    """Store the figures of today for everybody, and let go of days that are neither today nor the last of a month."""
    take_snapshots(timezone.localdate())
    drop_passing_days()
