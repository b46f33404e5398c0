"""Figures for readers: from the stored day where it was stored whole, else computed, with the same result."""

from collections.abc import Collection
from datetime import date

from activities.models import Participation
from crm.known import known_on
from reports.choices import Alarm, CoverageStatus
from reports.metrics.contacts import partners_by_country
from reports.metrics.coverage import CountryCoverage, TierCoverage, by_tier, coverage, members_on
from reports.metrics.days import day_number, policy_on
from reports.metrics.engagement import FIGURES, Engagement, engagement
from reports.metrics.risks import PartnerRisk, risks
from reports.models import CoverageSnapshot, EngagementSnapshot, PolicyVersion, RiskSnapshot


def engagement_on(as_of: date, partner_ids: Collection[int]) -> dict[int, Engagement]:
    """Return the figures of the partners as of the day, by partner id; one without any counted exchange is left out."""
    policy = policy_on(as_of)
    if not is_stored(policy, as_of):
        return {row.partner_id: row for row in engagement(policy, as_of, partner_ids)}
    stored = EngagementSnapshot.objects.filter(policy=policy, day=as_of, partner__in=partner_ids).values_list(*FIGURES)
    return {row.partner_id: row for row in (Engagement(*values) for values in stored)}


def risks_on(as_of: date, partner_ids: Collection[int]) -> dict[int, PartnerRisk]:
    """Return the risks of the partners as of the day, by partner id; one without any reason is left out."""
    policy = policy_on(as_of)
    if not is_stored(policy, as_of):
        return {row.partner_id: row for row in risks(policy, as_of, partner_ids)}
    rows = RiskSnapshot.objects.filter(policy=policy, day=as_of, partner__in=partner_ids).values_list("partner", "mask", "alarm")
    return {partner_id: PartnerRisk(partner_id, mask, Alarm(alarm)) for partner_id, mask, alarm in rows}


def coverage_on(as_of: date) -> list[TierCoverage]:
    """Return every tier with its countries as of the day.

    Stored rows serve only if they are of exactly the memberships that hold on the day by now: a tier corrected
    since is computed. Partners are counted as the register stands now: new and imported ones are no exchange, so
    nothing stored follows them.
    """
    policy = policy_on(as_of)
    members = members_on(as_of)
    stored = {} if known_on() else {(row.tier_id, row.country_id): row for row in CoverageSnapshot.objects.filter(policy=policy, day=as_of)}
    if not stored or stored.keys() != {(tier.pk, country.pk) for tier, country in members}:
        return coverage(policy, as_of)
    partners = partners_by_country({country.pk for _tier, country in members})
    return by_tier(
        _read(stored[tier.pk, country.pk], tier=tier, country=country, partners=partners.get(country.pk, 0)) for tier, country in members
    )


def has_data(as_of: date) -> bool:
    """Whether any exchange that counts is on record by the day. Without one, a zero says that nothing was entered."""
    return Participation.objects.filter(counted=True, day_no__lte=day_number(as_of)).exists()


def is_stored(policy: PolicyVersion, day: date) -> bool:
    """Whether the day was stored whole: coverage is written with all partners, in the same transaction.

    Never as known on another day: what is stored follows the records as they stand.
    """
    return known_on() is None and CoverageSnapshot.objects.filter(policy=policy, day=day).exists()


def stored_days(since: date | None = None) -> list[date]:
    """The days that were stored whole, the latest first."""
    rows = CoverageSnapshot.objects.order_by("-day")
    if since is not None:
        rows = rows.filter(day__gte=since)
    return list(rows.values_list("day", flat=True).distinct())


def _read(row: CoverageSnapshot, **member: object) -> CountryCoverage:
    return CountryCoverage(
        **member,  # type: ignore[arg-type]  # the tier, the country and its partners
        active_partners=row.active_partners,
        last_exchange_on=row.last_exchange_on,
        done=row.done,
        required=row.required,
        cadence_days=row.cadence_days,
        level_reached=row.level_reached,
        next_planned_on=row.next_planned_on,
        status=CoverageStatus(row.status) if row.status else None,
    )
