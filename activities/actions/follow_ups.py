from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from activities.actions.recipients import recipients_of
from activities.choices import FollowUpState
from activities.models import FollowUp
from crm.actions.notifications import notify, settle
from crm.actions.records import save_record
from crm.choices import Confidentiality, NotificationTopic
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
    settle(recipients_of(follow_up), key=reminder_key(follow_up))
    return follow_up


@transaction.atomic
def postpone_follow_up(follow_up: FollowUp, *, by: User, until: date | None) -> FollowUp:
    """Give a follow-up another day, or none."""
    _check_rights(follow_up, by=by)
    follow_up.due_on = until
    save_record(follow_up, by=by)
    settle(recipients_of(follow_up), key=reminder_key(follow_up))
    return follow_up


@transaction.atomic
def pass_follow_up(follow_up: FollowUp, *, by: User, to: User | None) -> FollowUp:
    """Hand a follow-up to a colleague, who is told; to nobody, it is its unit's again."""
    _check_rights(follow_up, by=by)
    if to is not None and (not to.is_active or to.is_program):
        raise ValidationError({"assignee": ValidationError(_("This account is closed. Choose another colleague."), code="inactive")})
    settle(recipients_of(follow_up), key=reminder_key(follow_up))
    follow_up.assignee = to
    save_record(follow_up, by=by)
    if to is not None and to != by:
        key = f"{reminder_key(follow_up)}passed:{follow_up.revision}"
        text = text_to_tell(follow_up)
        notify([to], topic=NotificationTopic.FOLLOW_UP, key=key, text=format_lazy("{}: {}", by, text), link=follow_up.get_absolute_url())
    return follow_up


def reminder_key(follow_up: FollowUp) -> str:
    """How the keys of everything that was told about a follow-up begin."""
    return f"follow-up:{follow_up.pk}:"


def text_to_tell(follow_up: FollowUp) -> str | Promise:
    """What may stand in a notification, which also goes out by mail: nothing of a restricted text."""
    if follow_up.confidentiality == Confidentiality.RESTRICTED:
        return _("a restricted item")
    return follow_up.text


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
