"""Of countries: whether any partner is active."""

from collections.abc import Collection
from datetime import date

from activities.models import Participation
from reports.metrics.days import ACTIVE_DAYS, day_number


def countries_with_active_partner(as_of: date, contacted: Collection[int]) -> set[int]:
    """Return those of the countries contacted in ``(T − 365, T]`` that have an active partner. One or two queries.

    An active partner is one in the register, so only countries that were met through archived ones are looked at closely.
    """
    today = day_number(as_of)
    rows = Participation.objects.filter(counted=True, two_way=True, day_no__gt=today - ACTIVE_DAYS, day_no__lte=today).order_by()
    countries = rows.values_list("partner__country", flat=True).distinct()
    # Whoever is archived was archived by somebody, and of that there is an index.
    doubtful = set(countries.filter(partner__archived_by__isnull=False, partner__country__in=contacted))
    if not doubtful:
        return set(contacted)
    confirmed = set(countries.filter(partner__archived_at__isnull=True, partner__country__in=doubtful))
    return (set(contacted) - doubtful) | confirmed
