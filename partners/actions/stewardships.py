from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.records import archive_record, save_record
from crm.models import Membership, User
from crm.permissions import Permission
from partners.models import Partner, Stewardship


@transaction.atomic
def save_stewardship(stewardship: Stewardship, *, by: User) -> Stewardship:
    """Let a unit keep a partner, as lead or in support, with an officer by name; or change that.

    Raises PermissionDenied where the account may not write the partner, ValidationError where another unit leads on one
    of the days, or where the officer is no active member of the unit.
    """
    _check_rights(stewardship, by=by)
    _check_officer(stewardship)
    save_record(stewardship, by=by)
    return stewardship


def archive_stewardship(stewardship: Stewardship, *, by: User) -> None:
    """Take a stewardship entered by mistake out of use; one that came to an end gets its last day instead."""
    _check_rights(stewardship, by=by)
    archive_record(stewardship, by=by)


def _check_rights(stewardship: Stewardship, *, by: User) -> None:
    if not by.may(Permission.PARTNER_EDIT) or not Partner.objects.editable_by(by).filter(pk=stewardship.partner_id).exists():
        raise PermissionDenied


def _check_officer(stewardship: Stewardship) -> None:
    """Only of a stewardship that still holds: who kept a partner years ago need not work there today."""
    officer, today = stewardship.officer, timezone.localdate()
    if officer is None or (stewardship.valid_to is not None and stewardship.valid_to <= today):
        return
    if not officer.is_active or not Membership.objects.on(today).filter(user=officer, unit=stewardship.unit_id).exists():
        message = _("%(who)s is no active member of this unit.")
        raise ValidationError({"officer": ValidationError(message, code="not-a-member", params={"who": officer})})
