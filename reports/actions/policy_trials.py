"""What would move under a draft: figures of a day under the policy in force and under the draft, side by side."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from partners.models import Partner
from reports.actions.policies import load_policy
from reports.actions.policy_drafts import text_of_draft
from reports.choices import Band
from reports.metrics.coverage import country_coverage
from reports.metrics.days import policy_on
from reports.metrics.engagement import engagement
from reports.metrics.strength import band_of, engagement_index
from reports.models import PolicyDraft, PolicyVersion

LARGEST_MOVES = 20
TOP = 50
STEPS = 3

Progress = Callable[[int], None]


def preview_of(draft: PolicyDraft, as_of: date, *, tell: Progress = lambda done: None) -> dict[str, Any]:
    """Return what would move as of the day if the draft were in force: bands, indices, ranks, and the status of countries.

    Plain data for JSON, as the page shows it; indices as texts with one decimal. Nothing of the draft stays stored.
    Raises ValidationError for a draft that breaks a rule. ``tell`` hears how many of the ``STEPS`` are done.
    """
    before = policy_on(as_of)
    old, old_statuses = _strengths(before, as_of), _statuses(before, as_of)
    tell(1)
    with on_trial(draft) as after:
        new = _strengths(after, as_of)
        new_statuses = _statuses(after, as_of)
        moves = _moves(before, after, old, new)
    tell(2)
    found = {
        "as_of": as_of.isoformat(),
        "before": before.name,
        "partners": len(old),
        "moved": sum(1 for move in moves if move[1] != move[2]),
        "bands": _bands(moves),
        "largest": _largest(moves),
        "ranks": _ranks(old, new),
        "countries": _changed(old_statuses, new_statuses),
    }
    tell(STEPS)
    return found


@contextmanager
def on_trial(draft: PolicyDraft) -> Iterator[PolicyVersion]:
    """A version made of the draft that is taken back at the end, so that figures can be computed under it."""
    with transaction.atomic():
        version, _is_new = load_policy(text_of_draft(draft))
        try:
            yield version
        finally:
            transaction.set_rollback(True)


_Move = tuple[int, Decimal, Decimal, Band, Band]


def _strengths(policy: PolicyVersion, as_of: date) -> dict[int, int]:
    return {row.partner_id: row.strength for row in engagement(policy, as_of)}


def _moves(before: PolicyVersion, after: PolicyVersion, old: dict[int, int], new: dict[int, int]) -> list[_Move]:
    """Each partner's index and band, before and after. Who has figures is a matter of exchanges, not of the policy."""
    moves = []
    for key, strength in old.items():
        was, will = engagement_index(strength, before), engagement_index(new[key], after)
        moves.append((key, was, will, band_of(was, before), band_of(will, after)))
    return moves


def _bands(moves: list[_Move]) -> list[dict[str, Any]]:
    counted = Counter((was, will) for _key, _old, _new, was, will in moves if was != will)
    order = list(Band)
    pairs = sorted(counted, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    return [{"from": was.value, "to": will.value, "partners": counted[was, will]} for was, will in pairs]


def _largest(moves: list[_Move]) -> list[dict[str, Any]]:
    moved = sorted((move for move in moves if move[1] != move[2]), key=lambda move: (-abs(move[2] - move[1]), move[0]))[:LARGEST_MOVES]
    partners = Partner.objects.in_bulk([move[0] for move in moved])
    return [{**_named(partners[key]), "before": str(was), "after": str(will)} for key, was, will, _from, _to in moved]


def _ranks(old: dict[int, int], new: dict[int, int]) -> list[dict[str, Any]]:
    """The partners of the top before or after whose place changes, in the order of the old places."""
    was, will = _places(old), _places(new)
    moved = [key for key in was if min(was[key], will[key]) <= TOP and was[key] != will[key]]
    shown = sorted(moved, key=lambda key: (was[key], key))[:TOP]
    partners = Partner.objects.in_bulk(shown)
    return [{**_named(partners[key]), "before": was[key], "after": will[key]} for key in shown]


def _places(strengths: dict[int, int]) -> dict[int, int]:
    """The place of each partner by strength; equals share one, by which 1, 2, 2, 4."""
    order = sorted(strengths, key=lambda key: -strengths[key])
    places: dict[int, int] = {}
    for number, key in enumerate(order, start=1):
        same = number > 1 and strengths[order[number - 2]] == strengths[key]
        places[key] = places[order[number - 2]] if same else number
    return places


def _named(partner: Partner) -> dict[str, str]:
    return {"partner": str(partner.public_id), "name": partner.name}


def _statuses(policy: PolicyVersion, as_of: date) -> dict[tuple[int, int], tuple[str, str, str | None]]:
    """By tier and country: the names, and the status."""
    rows = country_coverage(policy, as_of)
    return {(row.tier.pk, row.country.pk): (row.tier.code, row.country.alpha2, row.status and row.status.value) for row in rows}


def _changed(old: dict[tuple[int, int], tuple[str, str, str | None]], new: dict[tuple[int, int], tuple[str, str, str | None]]) -> list[Any]:
    return [
        {"tier": tier, "country": country, "before": was, "after": new[key][2]}
        for key, (tier, country, was) in old.items()
        if new[key][2] != was
    ]
