"""From a line typed in a hurry to one exchange: kept as a draft until it is complete, logged once however often it is sent."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from activities.actions.exchanges import archive_exchange, log_exchange
from activities.choices import FollowUpState
from activities.models import Exchange, ExchangeDraft
from crm.actions.records import archive_record
from crm.models import User
from crm.permissions import Permission


@transaction.atomic
def keep_draft(*, by: User, key: UUID, text: str, answers: dict[str, Any]) -> ExchangeDraft:
    """Keep what was typed, as the account's draft of this key. A draft that has become an exchange stays as it was.

    Raises PermissionDenied where the account may not log, ValidationError where the text cannot be stored.
    """
    draft = _hold(by=by, key=key)
    if draft.exchange_id is None:
        _write(draft, text=text, answers=answers)
    return draft


@transaction.atomic
def log_entry(exchange: Exchange, *, by: User, key: UUID, text: str, answers: dict[str, Any], **related: Any) -> tuple[Exchange, bool]:
    """Log the exchange of this key; return it, and whether it is new. Sent again, it returns the one that is there.

    ``related``: what ``log_exchange`` takes. The draft's row is held from the first statement, so of two workers that
    get the same line at once the second finds the exchange of the first. Raises what ``log_exchange`` raises; then
    nothing is kept.
    """
    draft = _hold(by=by, key=key)
    if draft.exchange is not None:
        return draft.exchange, False
    draft.exchange = log_exchange(exchange, by=by, **related)
    draft.discarded_at = None
    _write(draft, text=text, answers=answers)
    return draft.exchange, True


@transaction.atomic
def take_back_entry(exchange: Exchange, *, by: User) -> None:
    """Archive an exchange that has just been logged, and what was to be done after it or was promised at it."""
    for follow_up in exchange.follow_ups.live().filter(created_by=by, state=FollowUpState.OPEN):
        archive_record(follow_up, by=by)
    for commitment in exchange.commitments.unsettled().filter(created_by=by):
        archive_record(commitment, by=by)
    archive_exchange(exchange, by=by)


@transaction.atomic
def discard_draft(draft: ExchangeDraft, *, by: User) -> None:
    """Throw a draft away; it can be taken back with ``restore_draft``."""
    _set_discarded(draft, by=by, at=timezone.now())


@transaction.atomic
def restore_draft(draft: ExchangeDraft, *, by: User) -> None:
    """Take a draft back that was thrown away."""
    _set_discarded(draft, by=by, at=None)


def _set_discarded(draft: ExchangeDraft, *, by: User, at: Any) -> None:
    held = _hold(by=by, key=draft.key)
    if draft.user_id != by.pk or held.exchange_id is not None:
        raise PermissionDenied
    held.discarded_at = at
    held.save(update_fields=["discarded_at", "updated_at"])


def _hold(*, by: User, key: UUID) -> ExchangeDraft:
    """The draft of this key, made where there is none, locked until the transaction ends."""
    if not by.may(Permission.EXCHANGE_LOG):
        raise PermissionDenied
    ExchangeDraft.objects.bulk_create([ExchangeDraft(user=by, key=key)], ignore_conflicts=True)
    return ExchangeDraft.objects.select_for_update(of=("self",)).select_related("exchange").get(user=by, key=key)


def _write(draft: ExchangeDraft, *, text: str, answers: dict[str, Any]) -> None:
    draft.text, draft.answers = text, answers
    draft.full_clean(validate_unique=False, validate_constraints=False)
    draft.save()
