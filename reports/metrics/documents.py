"""Figures as plain data for JSON: what the commands print and the API answers. Rounded once, exact integers beside."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from activities.choices import Level
from partners.models import Partner
from reports.metrics.commitments import Kept, kept
from reports.metrics.contacts import contacts_with
from reports.metrics.coverage import CountryCoverage, TierCoverage, level_reached
from reports.metrics.days import policy_on
from reports.metrics.duties import Duties, attainment, status
from reports.metrics.engagement import Engagement, engagement_of
from reports.metrics.ledger import LedgerRow, ledger
from reports.metrics.reciprocity import Reciprocity, reciprocity, returns_owed
from reports.metrics.risks import risk_of
from reports.metrics.rounding import BILLIONTHS, points, rounded, strength_points
from reports.models import PolicyVersion


def engagement_document(partner: Partner, as_of: date) -> dict[str, Any]:
    """All figures of one partner as of the day, with the ledger that adds up to E. Without data, figures are null."""
    policy = policy_on(as_of)
    figures = engagement_of(policy, as_of, partner.pk)
    return {
        "partner": str(partner.public_id),
        "name": partner.name,
        "as_of": as_of.isoformat(),
        "policy": policy.code,
        "E": figures and float(strength_points(figures.strength)),
        "E_exact": figures and figures.strength,
        "EI": figures and float(figures.index(policy)),
        "band": figures and figures.band(policy).value,
        "facts": figures and _facts(figures),
        "momentum": figures and _momentum(figures),
        "attainment": attainment_of(partner, as_of, policy),
        "reciprocity": _reciprocity(partner, as_of),
        "risks": _risks(partner, as_of, policy),
        "commitments": _commitments(partner, as_of),
        "ledger": [_ledger_row(row) for row in ledger(policy, as_of, partner)],
    }


def coverage_document(as_of: date, tiers: Iterable[TierCoverage]) -> dict[str, Any]:
    """Every tier as of the day, its countries and blocs, and what they add up to."""
    return {"as_of": as_of.isoformat(), "policy": policy_on(as_of).code, "tiers": [_tier(tier) for tier in tiers]}


def _facts(figures: Engagement) -> dict[str, Any]:
    return {
        "recency_days": figures.recency_days,
        "frequency": figures.frequency,
        "depth": _number(figures.depth),
        "fields": figures.fields_touched,
        "people_met": figures.people_known,
        "units_involved": figures.units_involved,
        "first_exchange": figures.first_day.isoformat(),
        "longest_gap_days": figures.longest_gap_days,
    }


def _momentum(figures: Engagement) -> dict[str, Any]:
    return {"sequential": _number(figures.momentum_sequential), "seasonal": _number(figures.momentum_seasonal)}


def attainment_of(partner: Partner, as_of: date, policy: PolicyVersion) -> dict[str, Any]:
    """What was done with the partner, held against what is asked of its country. Without a duty, nulls."""
    duty = Duties.on(as_of, policy).for_partner(partner, as_of)
    contacts = contacts_with(partner, as_of)
    asked = None if duty is None or duty.exempt else duty
    value = attainment(contacts.done, asked.required if asked else None)
    stands = status(duty, as_of, last=contacts.last, planned=contacts.planned)
    return {
        "status": stands and stands.value,
        "done": contacts.done,
        "required": asked and asked.required,
        "value": None if value is None else float(rounded(value, 2)),
        "cadence_days": asked and asked.cadence_days,
        "least_level": asked and Level(asked.least_level).name.lower(),
        "level_reached": asked and level_reached(contacts, asked),
    }


def _reciprocity(partner: Partner, as_of: date) -> dict[str, Any]:
    visits = reciprocity(as_of, [partner.pk]).get(partner.pk, Reciprocity(partner.pk))
    owed = returns_owed(as_of, [partner.pk])
    return {
        "visits_in": visits.visits_in,
        "visits_out": visits.visits_out,
        "ratio": _number(visits.ratio),
        "balance": _number(visits.balance),
        "returns_owed": [{"by": row.owed_by.value, "since": row.day.isoformat(), "late": row.is_late} for row in owed],
    }


def _risks(partner: Partner, as_of: date, policy: PolicyVersion) -> dict[str, Any]:
    """The reason codes without their rows, which depend on the reader."""
    found = risk_of(policy, as_of, partner.pk)
    return {"alarm": found and found.alarm.value, "codes": [f"R{code.bit_length()}" for code in found.codes] if found else []}


def _commitments(partner: Partner, as_of: date) -> dict[str, Any]:
    promises = kept(as_of, partner=partner)
    return {"ours": _kept(promises.ours), "theirs": _kept(promises.theirs)}


def _kept(side: Kept) -> dict[str, Any]:
    return {
        "n": side.n,
        "on_time": side.on_time,
        "late": side.late,
        "overdue": side.overdue,
        "broken": side.broken,
        "share": _number(side.share),
        "low": _number(side.low),
        "high": _number(side.high),
    }


def _ledger_row(row: LedgerRow) -> dict[str, Any]:
    return {
        "exchange": str(row.exchange.public_id),
        "day": row.day.isoformat(),
        "kind": row.exchange.kind.code,
        "points": float(points(row.points)),
        "counted": float(points(row.counted)),
        "weight": float(rounded(Fraction(row.weight, BILLIONTHS), 4)),
        "adds": float(strength_points(row.adds)),
        "adds_exact": row.adds,
    }


def _tier(tier: TierCoverage) -> dict[str, Any]:
    return {
        "code": tier.tier.code,
        "countries": [_country(row) for row in tier.countries],
        "bloc_members": [_country(row) for row in tier.bloc_members],
        "totals": {
            "countries": len(tier.countries),
            "active_countries": tier.active_countries,
            "breadth": _number(tier.breadth),
            "depth": _number(tier.depth),
            "statuses": {status.value: count for status, count in tier.statuses.items()},
        },
    }


def _country(row: CountryCoverage) -> dict[str, Any]:
    return {
        "alpha2": row.country.alpha2,
        "name_vi": row.country.name_vi,
        "name_en": row.country.name_en,
        "status": row.status and row.status.value,
        "partners": row.partners,
        "active_partners": row.active_partners,
        "last_exchange": row.last_exchange_on and row.last_exchange_on.isoformat(),
        "done": row.done,
        "required": row.required,
        "attainment": _number(row.attainment_shown),
        "cadence_days": row.cadence_days,
        "level_reached": row.level_reached,
        "next_planned": row.next_planned_on and row.next_planned_on.isoformat(),
    }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
