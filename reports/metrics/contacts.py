"""M8, the facts: what was done, and what is planned, with the partners of each country as of a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from activities.choices import LEVELS, SIDES_STEPS, ExchangeStatus, Sides
from activities.models import Participation
from activities.models.exchanges import ParticipationQuerySet
from crm.choices import Confidentiality
from partners.models import Partner
from reports.metrics.days import ACTIVE_DAYS, day_number, day_of

# The level as the merit code holds it: the index of facts answers with it alone, without a look at the rows.
_LEVEL = F("merit") / SIDES_STEPS % LEVELS
_OF_A_YEAR = {
    "last": Max("day_no"),
    "done": Count("exchange", distinct=True),
    "active": Count("partner", distinct=True, filter=Q(partner__archived_at__isnull=True)),
    "highest_level": Max(_LEVEL),
}


@dataclass(frozen=True)
class Contacts:
    """``partners``: in the register today; ``active``: of those, with a two-way exchange in ``(T − 365, T]``.

    ``last``: the last two-way exchange with anybody of the country; ``done``: different two-way exchanges in
    ``(T − 365, T]``; ``highest_level`` of those; ``planned``: the first two-way exchange after T that was on record by T.
    """

    partners: int = 0
    active: int = 0
    last: date | None = None
    done: int = 0
    highest_level: int | None = None
    planned: date | None = None


def contacts_by_country(as_of: date, country_ids: Collection[int]) -> dict[int, Contacts]:
    """Return the contacts with each country, by id; a country without partners has none. Four or five queries.

    A partner without a country counts nowhere; one of a bloc counts for the bloc. Archived partners are neither
    partners nor active, but an exchange held with them was held.
    """
    partners = partners_by_country(country_ids)
    year = {country_id: figures for country_id, *figures in _by_country(_within_a_year(as_of), country_ids).annotate(**_OF_A_YEAR)}
    repeated = _within_a_year(as_of).repeating_their_delegation()
    in_delegations = dict(_by_country(repeated, country_ids).annotate(Count("exchange", distinct=True)))
    # Only for countries silent for a year are all the years before looked through.
    silent = [country_id for country_id in country_ids if country_id not in year]
    before = dict(_by_country(_two_way(as_of), silent).annotate(Max("day_no")))
    planned = dict(_by_country(planned_after(as_of), country_ids).annotate(Min("exchange__starts_on")))
    found: dict[int, Contacts] = {}
    for country_id in country_ids:
        last, done, active, highest_level = year.get(country_id) or (before.get(country_id), 0, 0, None)
        found[country_id] = Contacts(
            partners=partners.get(country_id, 0),
            active=active,
            last=None if last is None else day_of(last),
            done=done - in_delegations.get(country_id, 0),
            highest_level=highest_level,
            planned=planned.get(country_id),
        )
    return found


def partners_by_country(country_ids: Collection[int]) -> dict[int, int]:
    """Return how many partners each country has in the register today; a country without any is left out. One query."""
    return dict(Partner.objects.live().filter(country__in=country_ids).order_by().values_list("country").annotate(Count("pk")))


def contacts_with(partner: Partner, as_of: date) -> Contacts:
    """Return the contacts with one partner. Three queries."""
    last = _two_way(as_of).filter(partner=partner).aggregate(last=Max("day_no"))["last"]
    year = _within_a_year(as_of).filter(partner=partner).aggregate(done=Count("exchange", distinct=True), highest_level=Max(_LEVEL))
    planned = planned_after(as_of).filter(partner=partner).aggregate(planned=Min("exchange__starts_on"))
    return Contacts(partners=1, active=int(year["done"] > 0), last=None if last is None else day_of(last), **year, **planned)


def _by_country(rows: QuerySet[Participation], country_ids: Collection[int]) -> QuerySet[Participation, Any]:
    """Group the rows of partners of the countries by country; figures are annotated after the country's id."""
    return rows.filter(partner__country__in=country_ids).values_list("partner__country")


def _two_way(as_of: date) -> ParticipationQuerySet:
    return Participation.objects.filter(counted=True, two_way=True, day_no__lte=day_number(as_of)).order_by()


def _within_a_year(as_of: date) -> ParticipationQuerySet:
    return _two_way(as_of).filter(day_no__gt=day_number(as_of) - ACTIVE_DAYS)


def planned_after(as_of: date) -> QuerySet[Participation]:
    """Two-way exchanges after T that were on record by the end of T, and are planned still or were held since."""
    end_of_day = timezone.make_aware(datetime.combine(as_of + timedelta(days=1), time.min))
    return (
        Participation.objects.filter(
            exchange__status__in=[ExchangeStatus.PLANNED, ExchangeStatus.HELD],
            exchange__sides=Sides.BOTH,
            exchange__starts_on__gt=as_of,
            exchange__created_at__lt=end_of_day,
            exchange__archived_at__isnull=True,
            exchange__kind__points_class__isnull=False,
        )
        .exclude(exchange__confidentiality=Confidentiality.RESTRICTED)
        .order_by()
    )
