"""What is asked of a country or a partner on a day: its plan line, else its tier's, else the policy's cadence."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from crm.models import TierMembership
from partners.models import Partner
from reports.choices import CoverageStatus
from reports.models import PlanLine, PolicyCadence, PolicyVersion


@dataclass(frozen=True)
class Duty:
    """N exchanges in 365 days, at least every so many days, at least once at a level; or exempt from all of it."""

    required: int
    cadence_days: int
    least_level: int
    exempt: bool = False

    @property
    def demand(self) -> tuple[bool, int, int, int]:
        """Sorts the more demanding duty last: more exchanges, then a shorter cadence, then a higher level."""
        return (not self.exempt, self.required, -self.cadence_days, self.least_level)


@dataclass(frozen=True)
class Duties:
    """All duties that hold on a day, by country and by tier."""

    of_countries: Mapping[int, Duty]
    of_tiers: Mapping[int, Duty]

    @classmethod
    def on(cls, as_of: date, policy: PolicyVersion) -> "Duties":
        """Read the plan lines that hold on the day and the policy's cadences. Two queries."""
        of_tiers = {row.tier_id: _asked_by(row) for row in PolicyCadence.objects.filter(policy=policy)}
        of_countries: dict[int, Duty] = {}
        for line in PlanLine.objects.live().duties().on(as_of).order_by("id"):
            duty = _asked_by(line, exempt=line.exempt)
            if line.country_id is not None:
                of_countries[line.country_id] = duty
            elif line.tier_id is not None:
                of_tiers[line.tier_id] = duty
        return cls(of_countries, of_tiers)

    def for_country(self, country_id: int, tier_id: int) -> Duty | None:
        """The duty towards a country as a member of a tier; None where nothing is asked."""
        return self.of_countries.get(country_id) or self.of_tiers.get(tier_id)

    def for_partner(self, partner: Partner, as_of: date) -> Duty | None:
        """What is asked of the partner's country; None where nothing is. One query."""
        return None if partner.country_id is None else self.by_country(as_of, [partner.country_id]).get(partner.country_id)

    def by_country(self, as_of: date, country_ids: Collection[int] | None = None) -> dict[int, Duty]:
        """The duty towards the partners of each country of which something is asked, or of those given. One query.

        It is the country's own line, else the most demanding of the tiers the country is in on the day.
        """
        memberships = TierMembership.objects.on(as_of)
        if country_ids is not None:
            memberships = memberships.filter(country__in=country_ids)
        asked: dict[int, Duty] = {}
        for country_id, tier_id in memberships.order_by("country", "tier").values_list("country", "tier"):
            if (duty := self.of_tiers.get(tier_id)) and (country_id not in asked or duty.demand > asked[country_id].demand):
                asked[country_id] = duty
        own = self.of_countries if country_ids is None else {pk: self.of_countries[pk] for pk in country_ids if pk in self.of_countries}
        return {**asked, **own}


def _asked_by(row: PlanLine | PolicyCadence, *, exempt: bool = False) -> Duty:
    return Duty(row.required, row.cadence_days, row.least_level, exempt)


def attainment(done: int, required: int | None) -> Fraction | None:
    """M8: a = min(1, n / N), so that over-serving friends never hides neglect; None where nothing is asked."""
    return None if required is None else min(Fraction(1), Fraction(done, required))


def mean(attainments: Iterable[Fraction | None]) -> Fraction | None:
    """The depth of a set: the mean attainment of those of whom something is asked; None where there are none."""
    known = [value for value in attainments if value is not None]
    return sum(known, Fraction(0)) / len(known) if known else None


def status(duty: Duty | None, as_of: date, *, last: date | None, planned: date | None) -> CoverageStatus | None:
    """M8: where a duty stands on the day T; None where nothing is asked.

    ``last``: the last two-way exchange on or before T. The next is due on ``last + cadence``; it is *due* from a
    quarter of the cadence before that day up to it, *overdue* after it, else *covered*. *Never*: no exchange yet.
    ``planned``: the next planned two-way exchange. If it lies in ``(T, T + cadence]``, whatever was never met, due
    or overdue is *planned* instead.
    """
    if duty is None:
        return None
    if duty.exempt:
        return CoverageStatus.EXEMPT
    reached = _status_without_plans(duty, as_of, last)
    if reached is not CoverageStatus.COVERED and is_within(duty, as_of, planned):
        return CoverageStatus.PLANNED
    return reached


def is_within(duty: Duty, as_of: date, planned: date | None) -> bool:
    """Whether a planned day lies in ``(T, T + cadence]``."""
    return planned is not None and as_of < planned <= as_of + timedelta(days=duty.cadence_days)


def _status_without_plans(duty: Duty, as_of: date, last: date | None) -> CoverageStatus:
    if last is None:
        return CoverageStatus.NEVER
    next_due = last + timedelta(days=duty.cadence_days)
    if as_of > next_due:
        return CoverageStatus.OVERDUE
    if as_of >= next_due - timedelta(days=duty.cadence_days // 4):
        return CoverageStatus.DUE
    return CoverageStatus.COVERED
