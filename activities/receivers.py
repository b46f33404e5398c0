"""Copies follow the rows they were made from: what a change set did to exchanges and partners, facts do too."""

from typing import Any

from django.db.models import Min
from django.dispatch import receiver

from activities.actions.facts import refresh_facts_of, refresh_last_contact
from activities.models import Exchange, Participation
from activities.signals import activity_recorded
from crm.signals import rows_changed


@receiver(rows_changed)
def keep_facts_true(*, rows: dict[str, set[int]], **kwargs: Any) -> None:
    """Refresh the facts of the exchanges touched, the last contact of their partners, and the figures after them."""
    exchanges = set(rows.get("activities.exchange", ()))
    exchanges |= set(Participation.objects.filter(pk__in=rows.get("activities.participation", ())).values_list("exchange", flat=True))
    partner_ids = set(rows.get("partners.partner", ())) if exchanges or "activities.participation" in rows else set()
    partner_ids |= refresh_facts_of(exchanges)
    if not partner_ids:
        return
    refresh_last_contact(partner_ids)
    since = Exchange.objects.filter(participations__partner__in=partner_ids).aggregate(day=Min("starts_on"))["day"]
    if since is not None:
        activity_recorded.send(sender=Exchange, partner_ids=partner_ids, since=since)
