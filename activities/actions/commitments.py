"""What one side promised the other: written down, put off, passed on, and settled with what shows it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from activities.actions.recipients import recipients_of
from activities.choices import CommitmentState
from activities.models import Commitment, Exchange
from activities.models.commitments import UNSETTLED
from crm.actions.notifications import notify, settle
from crm.actions.records import archive_record, save_record
from crm.choices import Confidentiality, NotificationTopic
from crm.models import User
from crm.permissions import Permission


@transaction.atomic
def save_commitment(commitment: Commitment, *, by: User) -> Commitment:
    """Write down what was promised, or change it.

    It belongs to the unit of its exchange or agreement, else to the author's own. About a restricted one it is restricted
    too, since its text would give that away. Raises PermissionDenied outside the author's units, ValidationError where a
    rule is broken.
    """
    if not commitment.unit_id and (unit_id := _unit_for(commitment, by=by)):
        commitment.unit_id = unit_id
    about = (commitment.exchange, commitment.agreement)
    if any(row is not None and row.confidentiality == Confidentiality.RESTRICTED for row in about):
        commitment.confidentiality = Confidentiality.RESTRICTED
    _check_rights(commitment, by=by)
    _check_days(commitment)
    save_record(commitment, by=by)
    return commitment


@transaction.atomic
def settle_commitment(
    commitment: Commitment,
    *,
    by: User,
    state: str,
    on: date | None = None,
    proof: str = "",
    proof_exchange: Exchange | None = None,
    reason: str = "",
) -> Commitment:
    """Say that it was done, broken or dropped ``on`` a day, by default today; or that it is open, or in progress, again.

    What is given replaces proof and reason, what is not leaves them. Broken and dropped ask for a reason.
    """
    if state not in CommitmentState.values:
        raise ValidationError({"state": ValidationError(_("Choose one of the states."), code="invalid_choice")})
    _check_rights(commitment, by=by)
    commitment.state = state
    commitment.settled_on = None if state in UNSETTLED else on or timezone.localdate()
    commitment.proof = proof or commitment.proof
    commitment.proof_exchange = proof_exchange or commitment.proof_exchange
    commitment.reason = reason or commitment.reason
    if state in (CommitmentState.BROKEN, CommitmentState.DROPPED) and not commitment.reason:
        raise ValidationError({"reason": ValidationError(_("Say why it was dropped or broken."), code="required")})
    _check_days(commitment)
    save_record(commitment, by=by)
    settle(recipients_of(commitment), key=commitment_key(commitment))
    return commitment


@transaction.atomic
def postpone_commitment(commitment: Commitment, *, by: User, until: date | None, reason: str) -> Commitment:
    """Give it another day, or none, and say why: putting a promise off is news for the other side."""
    _check_rights(commitment, by=by)
    if commitment.is_settled:
        raise ValidationError(_("It is settled already. Open it again first."), code="settled")
    if not reason.strip():
        raise ValidationError({"reason": ValidationError(_("Say why it is put off."), code="required")})
    commitment.due_on, commitment.reason = until, reason
    _check_days(commitment)
    save_record(commitment, by=by)
    settle(recipients_of(commitment), key=commitment_key(commitment))
    return commitment


@transaction.atomic
def pass_commitment(commitment: Commitment, *, by: User, to: User | None) -> Commitment:
    """Hand it to a colleague, who is told; to nobody, it is its unit's again."""
    _check_rights(commitment, by=by)
    if to is not None and (not to.is_active or to.is_program):
        raise ValidationError({"assignee": ValidationError(_("This account is closed. Choose another colleague."), code="inactive")})
    settle(recipients_of(commitment), key=commitment_key(commitment))
    commitment.assignee = to
    save_record(commitment, by=by)
    if to is not None and to != by:
        key = f"{commitment_key(commitment)}passed:{commitment.revision}"
        text = format_lazy("{}: {}", by, words_to_tell(commitment))
        notify([to], topic=NotificationTopic.COMMITMENT, key=key, text=text, link=commitment.get_absolute_url())
    return commitment


@transaction.atomic
def archive_commitment(commitment: Commitment, *, by: User) -> None:
    """Take out of use what was entered by mistake; nobody is reminded of it any more."""
    _check_rights(commitment, by=by)
    archive_record(commitment, by=by)
    settle(recipients_of(commitment), key=commitment_key(commitment))


def restrict_commitments(rows: Iterable[Commitment], *, by: User) -> None:
    """Restrict what was promised at an exchange, or in an agreement, that is restricted now."""
    for commitment in rows:
        if commitment.confidentiality != Confidentiality.RESTRICTED:
            commitment.confidentiality = Confidentiality.RESTRICTED
            save_record(commitment, by=by)


def commitment_key(commitment: Commitment) -> str:
    """How the keys of everything that was told about a commitment begin."""
    return f"commitment:{commitment.pk}:"


def words_to_tell(commitment: Commitment) -> str | Promise:
    """What may stand in a notification, which also goes out by mail: nothing of a restricted text."""
    if commitment.confidentiality == Confidentiality.RESTRICTED:
        return _("a restricted item")
    return commitment.text


def _unit_for(commitment: Commitment, *, by: User) -> int | None:
    """The host of the exchange, the unit that keeps the agreement; where the author may not write for it, the author's own."""
    held_by = (commitment.exchange and commitment.exchange.host_unit_id) or (commitment.agreement and commitment.agreement.unit_id)
    if held_by and by.scope.may_write_for(held_by):
        return held_by
    return by.scope.home_unit_ids[0] if by.scope.home_unit_ids else None


def _check_rights(commitment: Commitment, *, by: User) -> None:
    if not by.may(Permission.COMMITMENT_EDIT):
        raise PermissionDenied
    if commitment.is_new:
        if not by.scope.may_write_for(commitment.unit_id):
            raise PermissionDenied
        return
    stored_unit = Commitment.objects.editable_by(by).filter(pk=commitment.pk).values_list("unit", flat=True).first()
    if stored_unit is None:
        raise PermissionDenied
    if commitment.unit_id != stored_unit and not by.scope.may_write_for(commitment.unit_id):
        raise ValidationError({"unit": ValidationError(_("You may not hand the commitment over to this unit."), code="not-allowed")})


def _check_days(commitment: Commitment) -> None:
    errors: dict[str, Any] = {}
    today = timezone.localdate()
    promised_on: date | None = commitment.promised_on  # None where it was left out: the model says so
    if promised_on and promised_on > today:
        errors["promised_on"] = ValidationError(_("Nothing can have been promised on a day still to come."), code="future")
    if promised_on and commitment.due_on and commitment.due_on < promised_on:
        errors["due_on"] = ValidationError(_("It cannot be due before it was promised."), code="due-before-promised")
    if commitment.settled_on and commitment.settled_on > today:
        errors["settled_on"] = ValidationError(_("This day is still to come. Settle it when it has come."), code="future")
    elif promised_on and commitment.settled_on and commitment.settled_on < promised_on:
        errors["settled_on"] = ValidationError(_("It cannot be settled before it was promised."), code="settled-before-promised")
    if errors:
        raise ValidationError(errors)
