from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.actions.records import archive_record, save_record
from crm.models import User
from crm.permissions import Permission
from partners.models import Partner, Registration


@transaction.atomic
def save_registration(registration: Registration, *, by: User) -> Registration:
    """Record a certificate of a partner, or change one. A renewal is a row of its own that ``renews`` the old one.

    Raises PermissionDenied where the account may not write the partner, ValidationError where a rule is broken.
    """
    _check_rights(registration, by=by)
    old = registration.renews
    if old is not None and old.partner_id != registration.partner_id:
        raise ValidationError({"renews": ValidationError(_("This certificate belongs to another partner."), code="other-partner")})
    save_record(registration, by=by)
    return registration


def archive_registration(registration: Registration, *, by: User) -> None:
    """Take a certificate entered by mistake out of use."""
    _check_rights(registration, by=by)
    archive_record(registration, by=by)


def _check_rights(registration: Registration, *, by: User) -> None:
    if not by.may(Permission.PARTNER_EDIT) or not Partner.objects.editable_by(by).filter(pk=registration.partner_id).exists():
        raise PermissionDenied
