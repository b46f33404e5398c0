"""What one exchange does to the figures of its partners as of a day: the same figures with it and without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from activities.choices import ExchangeStatus
from activities.models import Exchange, Participation
from crm.choices import Confidentiality
from crm.models import Country
from partners.models import Partner
from reports.choices import Silence
from reports.metrics.coverage import country_coverage
from reports.metrics.days import ACTIVE_DAYS, day_number, policy_on
from reports.metrics.engagement import engagement
from reports.models import PolicyVersion


@dataclass(frozen=True)
class IndexEffect:
    """A partner's index without the exchange, None where there were no data, and with it."""

    partner: Partner
    before: Decimal | None
    after: Decimal | None

    @property
    def is_unchanged(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True)
class PlanEffect:
    """Exchanges with a country in 365 days, without this one and with it, of those asked in a year."""

    country: Country
    before: int
    after: int
    required: int


@dataclass(frozen=True)
class Effect:
    """``silence``: why the exchange counts nowhere, then the rest is empty."""

    silence: Silence | None
    indices: Sequence[IndexEffect] = ()
    plans: Sequence[PlanEffect] = ()


def effect_of(exchange: Exchange, as_of: date) -> Effect:
    """Work out what the exchange adds as of the day. At most 16 queries, whatever the number of partners.

    Raises ValidationError where no policy is in force.
    """
    policy = policy_on(as_of)
    rows = list(Participation.objects.filter(exchange=exchange).select_related("partner__country").order_by("rank", "id"))
    if silence := _silence(exchange, rows, as_of, policy):
        return Effect(silence)
    partners = [row.partner for row in rows if row.counted]
    return Effect(None, _indices(exchange, partners, as_of, policy), _plans(exchange, partners, as_of, policy))


def _silence(exchange: Exchange, rows: Sequence[Participation], as_of: date, policy: PolicyVersion) -> Silence | None:
    """Why nothing counts the exchange; the rules are those of ``activities.actions.facts.is_counted``."""
    if exchange.is_archived:
        return Silence.ARCHIVED
    if exchange.confidentiality == Confidentiality.RESTRICTED:
        return Silence.RESTRICTED
    if exchange.status != ExchangeStatus.HELD or exchange.starts_on > as_of:
        return Silence.NOT_HELD
    if exchange.kind.points_class is None:
        return Silence.KIND
    if not any(row.counted for row in rows):
        return Silence.IN_DELEGATION
    if (as_of - exchange.starts_on).days >= policy.window_days:
        return Silence.LONG_AGO
    return None


def _indices(exchange: Exchange, partners: Sequence[Partner], as_of: date, policy: PolicyVersion) -> list[IndexEffect]:
    ids = [partner.pk for partner in partners]
    after = {row.partner_id: row.index(policy) for row in engagement(policy, as_of, ids)}
    before = {row.partner_id: row.index(policy) for row in engagement(policy, as_of, ids, without=exchange.pk)}
    return [IndexEffect(partner, before.get(partner.pk), after.get(partner.pk)) for partner in partners]


def _plans(exchange: Exchange, partners: Sequence[Partner], as_of: date, policy: PolicyVersion) -> list[PlanEffect]:
    """One line for each country of which something is asked; of several tiers the most demanding."""
    counted = _countries_that_count(exchange, as_of)
    asked: dict[int, PlanEffect] = {}
    for row in country_coverage(policy, as_of, sorted({partner.country_id for partner in partners if partner.country_id})):
        if row.required is None or (row.country.pk in asked and asked[row.country.pk].required >= row.required):
            continue
        asked[row.country.pk] = PlanEffect(row.country, row.done - int(row.country.pk in counted), row.done, row.required)
    return list(asked.values())


def _countries_that_count(exchange: Exchange, as_of: date) -> set[int | None]:
    """The countries among whose exchanges of 365 days this one is counted (metrics rule 3: a delegation once)."""
    year = (day_number(as_of) - ACTIVE_DAYS, day_number(as_of))
    rows = Participation.objects.filter(exchange=exchange, counted=True, two_way=True, day_no__gt=year[0], day_no__lte=year[1])
    return set(rows.once_per_country().values_list("partner__country", flat=True))
