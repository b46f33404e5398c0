"""Storing the figures of a day, so that pages read rows instead of computing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from activities.models import Participation
from crm.models import Country
from partners.models import Partner
from reports.actions.risk_snapshots import store_risks
from reports.metrics.coverage import CountryCoverage, country_coverage
from reports.metrics.days import day_number, policy_on
from reports.metrics.engagement import FIGURES, engagement_statement
from reports.metrics.stored import is_stored, stored_days
from reports.models import CoverageSnapshot, EngagementSnapshot, PolicyVersion, RiskSnapshot

_COVERAGE_FIGURES = [
    *("partners", "active_partners", "last_exchange_on", "done", "required", "cadence_days"),
    *("level_reached", "next_planned_on", "status"),
]


@dataclass(frozen=True)
class Taken:
    """How many rows a snapshot wrote."""

    policy: PolicyVersion
    partners: int
    countries: int


def take_snapshots(day: date, partner_ids: Collection[int] | None = None) -> Taken:
    """Store the figures as of the day, of all partners and countries, or of those given and their countries.

    A day that is not stored whole yet is stored whole, so that rows of a day are always all of its rows. Safe to run
    twice and in any order: figures are computed anew and replace what was stored. Raises ValidationError for a day
    without a policy, or still to come.
    """
    policy = policy_on(day)
    with transaction.atomic():
        if partner_ids is not None and not is_stored(policy, day):
            partner_ids = None
        country_ids = None if partner_ids is None else _countries_of(partner_ids)
        _wait_for_other_writers(policy, country_ids)
        partners = _store_partners(policy, day, partner_ids)
        countries = _store_coverage(policy, day, country_ids)
    return Taken(policy, partners, countries)


def store_partners(day: date, partner_ids: Collection[int]) -> int:
    """Store the figures of some partners of a day that is being stored in parts; return how many rows.

    The day counts as stored, and is shown, only once ``close_day`` has stored its countries.
    """
    policy = policy_on(day)
    with transaction.atomic():
        _wait_for_other_writers(policy, _countries_of(partner_ids))
        return _store_partners(policy, day, partner_ids)


def close_day(day: date) -> int:
    """Store the countries of a day whose partners were all stored in parts; return how many rows. From now on it is shown."""
    policy = policy_on(day)
    with transaction.atomic():
        _wait_for_other_writers(policy)
        return _store_coverage(policy, day, None)


def refresh_risks(day: date, partner_ids: Collection[int] | None = None) -> int:
    """Store anew the risks of a stored day: of all partners, or of those given; return how many are at risk. A day not stored is left so.

    The figures are read as stored: it is the rest that changed, such as a promise or a post.
    """
    policy = policy_on(day)
    with transaction.atomic():
        _wait_for_other_writers(policy)
        return store_risks(policy, day, partner_ids) if is_stored(policy, day) else 0


def refresh_countries(day: date, country_ids: Collection[int] | None = None) -> int:
    """Store anew how countries stood on a stored day: all, or those given; return how many rows. A day not stored is left so."""
    policy = policy_on(day)
    with transaction.atomic():
        _wait_for_other_writers(policy, country_ids)
        return _store_coverage(policy, day, country_ids) if is_stored(policy, day) else 0


def drop_passing_days() -> int:
    """Remove stored days that are neither today nor the last of a month; return how many days went."""
    today = timezone.localdate()
    passing = [day for day in stored_days() if day < today and not _is_month_end(day)]
    if passing:
        EngagementSnapshot.objects.filter(day__in=passing).delete()
        RiskSnapshot.objects.filter(day__in=passing).delete()
        CoverageSnapshot.objects.filter(day__in=passing).delete()
    return len(passing)


def _wait_for_other_writers(policy: PolicyVersion, country_ids: Collection[int | None] | None = None) -> None:
    """Let one process at a time read facts of a country and store its figures, so that an older reading never replaces a newer one.

    Of all countries, or of those given; None among them stands for partners without one.
    """
    if country_ids is None or None in country_ids:
        PolicyVersion.objects.select_for_update(no_key=True).get(pk=policy.pk)
    countries = Country.objects.select_for_update(no_key=True).order_by("pk")
    if country_ids is not None:
        countries = countries.filter(pk__in=[country_id for country_id in country_ids if country_id is not None])
    list(countries.values_list("pk", flat=True))


def _store_partners(policy: PolicyVersion, day: date, partner_ids: Collection[int] | None) -> int:
    """Whatever is stored of single partners: their engagement, and their risks, which are read from it."""
    statement, parameters = engagement_statement(policy, day, partner_ids)
    partners = _store_engagement(policy, day, partner_ids, statement, parameters)
    store_risks(policy, day, partner_ids, parameters)
    return partners


def _store_engagement(
    policy: PolicyVersion, day: date, partner_ids: Collection[int] | None, statement: str, parameters: dict[str, Any]
) -> int:
    table = EngagementSnapshot._meta.db_table
    columns = ", ".join(FIGURES)
    figures = ", ".join(f"{name} = excluded.{name}" for name in FIGURES if name != "partner_id")
    _without_facts(policy, day, partner_ids).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT.format(table=table, columns=columns, statement=statement, figures=figures, day=_DAY[connection.vendor]),
            {**parameters, "day": day.isoformat()},
        )
        return int(cursor.rowcount)


# SQLite needs the WHERE to tell the ON of the conflict from the ON of a join, and keeps days as text.
_UPSERT = """
INSERT INTO {table} (policy_id, day, {columns})
SELECT %(policy)s, {day}, {columns} FROM ({statement}) AS figures WHERE true
ON CONFLICT (partner_id, policy_id, day) DO UPDATE SET {figures}
"""
_DAY = {"postgresql": "CAST(%(day)s AS date)", "sqlite": "%(day)s"}


def _without_facts(policy: PolicyVersion, day: date, partner_ids: Collection[int] | None) -> QuerySet[EngagementSnapshot]:
    """Stored rows of partners that have no counted exchange any more by the day: no data is no row."""
    rows = EngagementSnapshot.objects.filter(policy=policy, day=day)
    if partner_ids is not None:
        rows = rows.filter(partner__in=partner_ids)
    facts = Participation.objects.filter(counted=True, day_no__lte=day_number(day))
    return rows.filter(~Exists(facts.filter(partner=OuterRef("partner"))))


def _store_coverage(policy: PolicyVersion, day: date, country_ids: Collection[int | None] | None) -> int:
    wanted = None if country_ids is None else {country_id for country_id in country_ids if country_id is not None}
    rows = country_coverage(policy, day, wanted)
    stored = CoverageSnapshot.objects.filter(policy=policy, day=day)
    if wanted is not None:
        stored = stored.filter(country__in=wanted)
    stored.delete()
    CoverageSnapshot.objects.bulk_create(_as_stored(policy, day, row) for row in rows)
    return len(rows)


def _as_stored(policy: PolicyVersion, day: date, row: CountryCoverage) -> CoverageSnapshot:
    figures = {name: getattr(row, name) for name in _COVERAGE_FIGURES}
    figures["status"] = row.status or ""
    return CoverageSnapshot(policy=policy, day=day, tier=row.tier, country=row.country, **figures)


def _countries_of(partner_ids: Collection[int]) -> set[int | None]:
    """The countries of the partners; None stands for partners without one."""
    return set(Partner.objects.filter(pk__in=partner_ids).values_list("country", flat=True).distinct().order_by())


def _is_month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1
