"""Figures follow what is logged: computed again after the commit, in the background."""

from datetime import date
from typing import Any

from django.dispatch import receiver
from simple_history.signals import post_create_historical_record

from activities.models import Agreement, AgreementParty, Commitment
from activities.signals import activity_recorded
from crm.signals import rows_changed
from partners.models import Partner, Post, Registration, Stewardship
from reports.jobs.contacts import start_refresh_of_contacts
from reports.jobs.refreshing import start_refresh, start_refresh_of_countries
from reports.jobs.risks import start_refresh_of_risks
from reports.models import PlanLine


@receiver(activity_recorded)
def refresh_after_commit(*, partner_ids: set[int], since: date, **kwargs: Any) -> None:
    start_refresh(partner_ids, since)


@receiver(post_create_historical_record, sender=Partner.history.model)
def follow_partner(*, history_instance: Any, **kwargs: Any) -> None:
    """A partner that moves to another country, is archived or comes back takes its exchanges or its standing along."""
    before = history_instance.prev_record
    if before is None:
        return
    countries = {before.country_id, history_instance.country_id}
    if len(countries) > 1 or (before.archived_at is None) != (history_instance.archived_at is None):
        start_refresh_of_countries(country for country in countries if country is not None)
    if len(countries) > 1 or before.kind_id != history_instance.kind_id:
        start_refresh_of_contacts([history_instance.id])


@receiver(rows_changed)
def follow_change_set(*, rows: dict[str, set[int]], **kwargs: Any) -> None:
    """Partners were archived, brought back or moved together: their contacts and the standing of their countries follow."""
    start_refresh_of_contacts(rows.get("partners.partner", ()))
    countries = Partner.objects.filter(pk__in=rows.get("partners.partner", ()), country__isnull=False)
    if country_ids := sorted(countries.order_by().values_list("country", flat=True).distinct()):
        start_refresh_of_countries(country_ids)
    if rows.get(PlanLine._meta.label_lower):
        start_refresh_of_countries()


@receiver(post_create_historical_record, sender=PlanLine.history.model)
def follow_plan(**kwargs: Any) -> None:
    """What is asked changed, so every status may."""
    start_refresh_of_countries()


# What risks ask of a partner beside exchanges. A plan that changes moves them by the next night.
_OF_PARTNERS = (Commitment, AgreementParty, Registration, Post, Stewardship)


def follow_risks(*, history_instance: Any, **kwargs: Any) -> None:
    """Somebody promised, kept, signed, registered, took office or left it: the partner's risks follow, from that day on."""
    before = history_instance.prev_record
    rows = [row for row in (before, history_instance) if row is not None]
    days = [getattr(row, "promised_on", None) or getattr(row, "valid_from", None) for row in rows]
    partner_ids = {row.partner_id for row in rows if row.partner_id is not None}
    start_refresh_of_risks(partner_ids, None if None in days else min(day for day in days if day is not None))


for _model in _OF_PARTNERS:
    post_create_historical_record.connect(follow_risks, sender=_model.history.model, dispatch_uid=f"risks of {_model.__name__}")


@receiver(post_create_historical_record, sender=Agreement.history.model)
def follow_agreement(*, history_instance: Any, **kwargs: Any) -> None:
    """An agreement changed, or renews another: the risks of those who signed either follow."""
    parties = AgreementParty.objects.filter(agreement__in=[history_instance.id, history_instance.renews_id or 0], partner__isnull=False)
    start_refresh_of_risks(set(parties.values_list("partner", flat=True)))


@receiver(post_create_historical_record, sender=Partner.history.model)
def follow_profile(*, history_instance: Any, **kwargs: Any) -> None:
    """A profile was verified, closed, archived or brought back."""
    before = history_instance.prev_record
    if before is not None and any(
        getattr(before, name) != getattr(history_instance, name) for name in ("verified_on", "status", "archived_at")
    ):
        start_refresh_of_risks([history_instance.id])


@receiver(rows_changed)
def follow_rows(*, rows: dict[str, set[int]], **kwargs: Any) -> None:
    """The same, changed together."""
    partner_ids = set(rows.get("partners.partner", ()))
    for model in _OF_PARTNERS:
        changed = model._default_manager.filter(pk__in=rows.get(model._meta.label_lower, ()), partner__isnull=False)
        partner_ids |= set(changed.order_by().values_list("partner", flat=True))
    start_refresh_of_risks(partner_ids)
