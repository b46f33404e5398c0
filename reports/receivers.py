"""Figures follow what is logged: computed again after the commit, in the background."""

from datetime import date
from typing import Any

from django.dispatch import receiver
from simple_history.signals import post_create_historical_record

from activities.signals import activity_recorded
from crm.signals import rows_changed
from partners.models import Partner
from reports.models import PlanLine
from reports.tasks import refresh_coverage, refresh_figures


@receiver(activity_recorded)
def refresh_after_commit(*, partner_ids: set[int], since: date, **kwargs: Any) -> None:
    refresh_figures.delay_on_commit(sorted(partner_ids), since.isoformat())


@receiver(post_create_historical_record, sender=Partner.history.model)
def follow_partner(*, history_instance: Any, **kwargs: Any) -> None:
    """A partner that moves to another country, is archived or comes back takes its exchanges or its standing along."""
    before = history_instance.prev_record
    if before is None:
        return
    countries = {before.country_id, history_instance.country_id}
    if len(countries) > 1 or (before.archived_at is None) != (history_instance.archived_at is None):
        refresh_coverage.delay_on_commit(sorted(country for country in countries if country is not None))


@receiver(rows_changed)
def follow_change_set(*, rows: dict[str, set[int]], **kwargs: Any) -> None:
    """Partners were archived, brought back or moved together: the standing of their countries follows."""
    countries = Partner.objects.filter(pk__in=rows.get("partners.partner", ()), country__isnull=False)
    if country_ids := sorted(countries.order_by().values_list("country", flat=True).distinct()):
        refresh_coverage.delay_on_commit(country_ids)


@receiver(post_create_historical_record, sender=PlanLine.history.model)
def follow_plan(**kwargs: Any) -> None:
    """What is asked changed, so every status may."""
    refresh_coverage.delay_on_commit()
