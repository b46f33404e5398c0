"""The ledger: the rows that add up to a partner's strength, exactly."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from activities.choices import PointsClass
from activities.models import Exchange, Participation
from partners.models import Partner
from reports.metrics.caps import cuts_on
from reports.metrics.days import day_number, day_of
from reports.metrics.engagement import narrowed_to
from reports.models import PolicyPoints, PolicyVersion


@dataclass(frozen=True)
class LedgerRow:
    """What one exchange adds. ``points``: M1, hundredths before caps; ``counted``: after them; ``weight``: billionths.

    ``adds`` = counted × weight, in units of 10^-11 points; the sum of the rows is E.
    """

    exchange: Exchange
    day: date
    points: int
    counted: int
    weight: int

    @property
    def adds(self) -> int:
        return self.counted * self.weight


@dataclass(frozen=True)
class _Fact:
    exchange: Exchange
    points: int
    is_letter: bool


def ledger(policy: PolicyVersion, as_of: date, partner: Partner) -> list[LedgerRow]:
    """Return the partner's exchanges in ``(T − window, T]``, the latest day first, with what each adds to E.

    The caps hold for days, so what a day counts is apportioned to its exchanges in the order in which they were
    entered (by id): first the letters up to what letters count, then everything up to the cap of the day.
    """
    today = day_number(as_of)
    facts = (
        Participation.objects.filter(partner=partner, counted=True, day_no__gt=today - policy.window_days, day_no__lte=today)
        .select_related("exchange__kind")
        .order_by("-day_no", "exchange_id")
    )
    points: dict[int | None, PolicyPoints] = {row.merit: row for row in policy.points.all()}
    weights = dict(policy.weights.values_list("age", "billionths"))
    cuts = _cuts(policy, today, partner)
    rows: list[LedgerRow] = []
    for day_no, of_day in groupby(facts, key=lambda fact: fact.day_no):
        merits = [(fact.exchange, points[fact.merit]) for fact in of_day]
        scored = [_Fact(exchange, merit.hundredths, merit.points_class == PointsClass.LETTER) for exchange, merit in merits]
        for fact, counted in zip(scored, _apportioned(scored, cut=cuts.get(day_no, 0), day_cap=policy.day_cap), strict=True):
            rows.append(LedgerRow(fact.exchange, day_of(day_no), fact.points, counted, weights[today - day_no]))
    return rows


def _cuts(policy: PolicyVersion, today: int, partner: Partner) -> dict[int, int]:
    partners, parameters = narrowed_to([partner.pk])
    return {day_no: cut for _partner, day_no, cut in cuts_on(policy, today=today, partners=partners, parameters=parameters)}


def _apportioned(facts: Iterable[_Fact], *, cut: int, day_cap: int) -> Iterator[int]:
    """Yield what each exchange of one day counts, in hundredths."""
    facts = list(facts)
    letters_left = sum(fact.points for fact in facts if fact.is_letter) - cut
    day_left = day_cap
    for fact in facts:
        counted = fact.points
        if fact.is_letter:
            counted = min(counted, letters_left)
            letters_left -= counted
        counted = min(counted, day_left)
        day_left -= counted
        yield counted
