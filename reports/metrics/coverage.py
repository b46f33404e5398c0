"""M8 per tier and country as of a day: what was done held against what is asked."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from crm.models import Country, Tier, TierMembership
from crm.models.places import CountryKind
from reports.choices import CoverageStatus
from reports.metrics.contacts import Contacts, contacts_by_country
from reports.metrics.duties import Duties, Duty, attainment, is_within, mean, status
from reports.metrics.rounding import rounded
from reports.models import PolicyVersion


@dataclass(frozen=True)
class CountryCoverage:
    """One country as a member of one tier. ``required`` and what follows from it are None where nothing is asked."""

    tier: Tier
    country: Country
    partners: int
    active_partners: int
    last_exchange_on: date | None
    done: int
    required: int | None
    cadence_days: int | None
    level_reached: bool | None
    next_planned_on: date | None
    status: CoverageStatus | None

    @property
    def attainment(self) -> Fraction | None:
        return attainment(self.done, self.required)

    @property
    def attainment_shown(self) -> Decimal | None:
        return None if self.attainment is None else rounded(self.attainment, 2)


@dataclass
class TierCoverage:
    """A tier as of a day: its countries, its blocs apart, and what they add up to. Totals are of countries only."""

    tier: Tier
    countries: list[CountryCoverage] = field(default_factory=list)
    bloc_members: list[CountryCoverage] = field(default_factory=list)

    @property
    def rows(self) -> list[CountryCoverage]:
        """Countries, then blocs: every row that a list of the tier has."""
        return [*self.countries, *self.bloc_members]

    @property
    def active_countries(self) -> int:
        return sum(1 for row in self.countries if row.active_partners)

    @property
    def breadth(self) -> Decimal | None:
        """Countries with at least one active partner / countries in the tier on the day; None for an empty tier."""
        return rounded(Fraction(self.active_countries, len(self.countries)), 3) if self.countries else None

    @property
    def depth(self) -> Decimal | None:
        """Mean attainment of the countries of which something is asked; None where there are none."""
        value = mean(row.attainment for row in self.countries)
        return None if value is None else rounded(value, 3)

    @property
    def statuses(self) -> dict[CoverageStatus, int]:
        """How many countries stand at each status, every status named."""
        return _count_statuses(self.countries)

    @property
    def statuses_with_blocs(self) -> dict[CoverageStatus, int]:
        """How many countries and blocs stand at each status: as many as the list of that status has rows."""
        return _count_statuses(self.rows)


def members_on(as_of: date, country_ids: Collection[int] | None = None) -> list[tuple[Tier, Country]]:
    """Return (tier, country or bloc) for every membership that holds on the day, in the order of lists. One query."""
    memberships = TierMembership.objects.on(as_of).select_related("tier", "country")
    if country_ids is not None:
        memberships = memberships.filter(country__in=country_ids)
    ordered = memberships.order_by("tier__rank", "tier_id", "country__sort_key", "country_id", "id")
    return list({(row.tier_id, row.country_id): (row.tier, row.country) for row in ordered}.values())


def country_coverage(policy: PolicyVersion, as_of: date, country_ids: Collection[int] | None = None) -> list[CountryCoverage]:
    """Return a row for each country in each tier on the day: of all countries, or of those given. At most eight queries."""
    members = members_on(as_of, country_ids)
    duties = Duties.on(as_of, policy)
    contacts = contacts_by_country(as_of, sorted({country.pk for _tier, country in members}))
    return [_row(tier, country, contacts[country.pk], duties.for_country(country.pk, tier.pk), as_of) for tier, country in members]


def by_tier(rows: Iterable[CountryCoverage]) -> list[TierCoverage]:
    """Group rows under every tier there is, also one that was empty on the day. One query."""
    tiers = {tier.pk: TierCoverage(tier) for tier in Tier.objects.all()}
    for row in rows:
        is_bloc = row.country.kind == CountryKind.BLOC
        group = tiers[row.tier.pk]
        (group.bloc_members if is_bloc else group.countries).append(row)
    return list(tiers.values())


def coverage(policy: PolicyVersion, as_of: date) -> list[TierCoverage]:
    """Return every tier with its countries as of the day, computed from the facts."""
    return by_tier(country_coverage(policy, as_of))


def _count_statuses(rows: Iterable[CountryCoverage]) -> dict[CoverageStatus, int]:
    counted = Counter(row.status for row in rows)
    return {status: counted[status] for status in CoverageStatus}


def _row(tier: Tier, country: Country, contacts: Contacts, duty: Duty | None, as_of: date) -> CountryCoverage:
    asked = None if duty is None or duty.exempt else duty
    return CountryCoverage(
        tier=tier,
        country=country,
        partners=contacts.partners,
        active_partners=contacts.active,
        last_exchange_on=contacts.last,
        done=contacts.done,
        required=asked.required if asked else None,
        cadence_days=asked.cadence_days if asked else None,
        level_reached=None if asked is None else level_reached(contacts, asked),
        next_planned_on=contacts.planned if asked is None or is_within(asked, as_of, contacts.planned) else None,
        status=status(duty, as_of, last=contacts.last, planned=contacts.planned),
    )


def level_reached(contacts: Contacts, duty: Duty) -> bool:
    """Whether at least one two-way exchange of the last 365 days was at the level asked, or higher."""
    return contacts.highest_level is not None and contacts.highest_level >= duty.least_level
