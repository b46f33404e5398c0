from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.choices import FollowUpState
from activities.models import FollowUp
from crm.actions.records import save_record
from crm.choices import Confidentiality
from crm.models import User
from crm.permissions import Permission


@transaction.atomic
def save_follow_up(follow_up: FollowUp, *, by: User) -> FollowUp:
    """Open a follow-up, or change one. It belongs to its exchange's host unit, else to the author's own.

    About a restricted exchange it is restricted too, since its text would give the exchange away. Raises PermissionDenied
    outside the author's units, ValidationError where a rule is broken.
    """
    if not follow_up.unit_id and (unit_id := _unit_for(follow_up, by=by)):
        follow_up.unit_id = unit_id
    if follow_up.exchange is not None and follow_up.exchange.confidentiality == Confidentiality.RESTRICTED:
        follow_up.confidentiality = Confidentiality.RESTRICTED
    _check_rights(follow_up, by=by)
    save_record(follow_up, by=by)
    return follow_up


@transaction.atomic
def close_follow_up(follow_up: FollowUp, *, by: User, state: str, remark: str = "") -> FollowUp:
    """Close a follow-up as done or dropped, or open it again; says when."""
    if state not in FollowUpState.values:
        raise ValidationError({"state": ValidationError(_("Choose done, dropped or open."), code="invalid_choice")})
    _check_rights(follow_up, by=by)
    follow_up.state = state
    follow_up.closed_at = None if state == FollowUpState.OPEN else timezone.now()
    follow_up.remark = remark or follow_up.remark
    save_record(follow_up, by=by)
    return follow_up


def _unit_for(follow_up: FollowUp, *, by: User) -> int | None:
    if follow_up.exchange is not None:
        return follow_up.exchange.host_unit_id
    return by.scope.home_unit_ids[0] if by.scope.home_unit_ids else None


def _check_rights(follow_up: FollowUp, *, by: User) -> None:
    if not by.may(Permission.FOLLOW_UP_EDIT):
        raise PermissionDenied
    if follow_up.is_new:
        if not by.scope.may_write_for(follow_up.unit_id):
            raise PermissionDenied
        return
    stored_unit = FollowUp.objects.editable_by(by).filter(pk=follow_up.pk).values_list("unit", flat=True).first()
    if stored_unit is None:
        raise PermissionDenied
    if follow_up.unit_id != stored_unit and not by.scope.may_write_for(follow_up.unit_id):
        raise ValidationError({"unit": ValidationError(_("You may not hand the follow-up over to this unit."), code="not-allowed")})
