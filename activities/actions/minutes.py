"""Writing the minutes of a meeting: what was promised becomes commitments, once however often it is sent."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction

from activities.actions.commitments import save_commitment
from activities.actions.exchanges import change_exchange
from activities.models import Commitment, Exchange
from crm.models import User
from crm.permissions import Permission
from crm.text import fold, nfc

Key = tuple[str, date | None]


@dataclass(frozen=True)
class Written:
    """What the minutes left: new commitments, and how many were there already. ``summarised``: the summary has grown."""

    commitments: list[Commitment]
    already: int
    summarised: bool = False


@transaction.atomic
def write_minutes(exchange: Exchange, *, by: User, promises: Sequence[Commitment], summary: str = "") -> Written:
    """Save the promises of one meeting, and add ``summary`` to its own, all or nothing.

    A promise of the same words and the same day as one of this exchange is the same, also where that one was put off,
    reworded or archived since. Raises PermissionDenied where the account may write no commitments or, with a summary,
    not change the exchange; ValidationError where a rule is broken.
    """
    if not by.may(Permission.COMMITMENT_EDIT) or not Exchange.objects.visible_to(by).live().filter(pk=exchange.pk).exists():
        raise PermissionDenied
    # Two who save the same minutes at once come one after the other.
    Exchange.objects.select_for_update(no_key=True).get(pk=exchange.pk)
    there = _there_already(exchange)
    new = [promise for promise in _exact_first(promises, there) if not _is_there(promise, there)]
    for promise in sorted(new, key=promises.index):
        promise.exchange = exchange
        save_commitment(promise, by=by)
    return Written(new, len(promises) - len(new), summarised=_summarise(exchange, summary, by=by))


def _there_already(exchange: Exchange) -> dict[Key, list[Commitment]]:
    """The commitments of the exchange by all the words and days that they ever had. Two queries."""
    stored = {row.pk: row for row in exchange.commitments.all()}
    there: dict[Key, list[Commitment]] = defaultdict(list)
    versions = Commitment.history.filter(id__in=stored).order_by("history_id").values_list("id", "text", "due_on")
    for pk, text, due_on in dict.fromkeys((pk, fold(text), due_on) for pk, text, due_on in versions):
        there[text, due_on].append(stored[pk])
    return there


def _exact_first(promises: Sequence[Commitment], there: dict[Key, list[Commitment]]) -> list[Commitment]:
    """Of "both sides" the side that is there already must not take the place of the other."""
    return sorted(promises, key=lambda promise: not any(_same_side(promise, row) for row in there.get(_key(promise), ())))


def _is_there(promise: Commitment, there: dict[Key, list[Commitment]]) -> bool:
    """Whether the promise is one of those there; each of these stands for one promise only."""
    rows = there.get(_key(promise), [])
    if not rows:
        return False
    found = next((row for row in rows if _same_side(promise, row)), rows[0])
    for others in there.values():
        if found in others:
            others.remove(found)
    return True


def _same_side(promise: Commitment, row: Commitment) -> bool:
    return (promise.owed_by, promise.partner_id) == (row.owed_by, row.partner_id)


def _key(promise: Commitment) -> Key:
    return fold(promise.text), promise.due_on


def _summarise(exchange: Exchange, summary: str, *, by: User) -> bool:
    """Add the text to the exchange's summary, unless it stands there already."""
    added = nfc(summary).strip()
    if not added or added in exchange.summary:
        return False
    exchange.summary = f"{exchange.summary}\n\n{added}".strip()
    change_exchange(exchange, by=by)
    return True
