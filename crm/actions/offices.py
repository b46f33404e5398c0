"""Credentials of the offices' programs: made, given another scope, given a new secret, revoked.

Who looks after the connections of a unit does it for that unit and those below; administrators for all.
"""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken

from crm.actions.audit import record_event
from crm.choices import CENTRAL_UNIT_KINDS, AuditVerb, Role
from crm.models import Membership, OfficeClient, Unit, User
from crm.permissions import Permission

# A program reads, or works as an officer does; it leads no unit, reads no restricted record but its own, manages no account.
PROGRAM_ROLES = (Role.VIEWER, Role.OFFICER, Role.NGO_OFFICER)
LEADS_MAY_GIVE = (Role.VIEWER, Role.OFFICER)
USUAL_DAYS = 183


def latest_expiry(today: date) -> date:
    """The same day of next year: no credential is made, or renewed, for longer."""
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # The 29th of February.
        return date(today.year + 1, 3, 1)


def usual_expiry(today: date) -> date:
    return today + timedelta(days=USUAL_DAYS)


def units_managed_by(user: User) -> QuerySet[Unit]:
    """The units of today whose programs the account may give credentials.

    A program of a unit at the centre sees what the centre sees, so that only who works there gives it one.
    """
    units = Unit.objects.on(timezone.localdate())
    if not user.may(Permission.CONNECTION_MANAGE) or user.is_program:
        return units.none()
    if user.may(Permission.ACCOUNT_MANAGE):
        return units
    led = units.filter(pk__in=user.scope.lead_unit_ids)
    return led if user.scope.central else led.exclude(kind__in=CENTRAL_UNIT_KINDS)


def roles_given_by(user: User) -> tuple[Role, ...]:
    """The roles that the account may let a program work in: none that can do more than itself."""
    return PROGRAM_ROLES if user.may(Permission.ACCOUNT_MANAGE) else LEADS_MAY_GIVE


def may_hold(client: OfficeClient, user: User) -> bool:
    """Whether the account may be given the credential's secret: it can do nothing that its holder may not give.

    An administrator may have given the program more roles, or others, than whoever leads the unit could.
    """
    if user.may(Permission.ACCOUNT_MANAGE):
        return True
    held = Membership.objects.filter(user=client.acts_as)
    beyond = held.exclude(role__in=roles_given_by(user), unit__in=units_managed_by(user).values("pk"))
    return client.acts_as.is_program and not beyond.exists()


@transaction.atomic
def issue_credential(client: OfficeClient, *, role: Role, by: User) -> str:
    """Give an office's program its credential and the account it acts as, with one role in the client's unit.

    The role says the scope as well: a viewer's program gets tokens for reading alone. Returns the secret, which is
    stored only as a hash and can never be read again.
    Raises PermissionDenied outside the units and roles the account may give, ValidationError when a rule is broken.
    """
    _check_role(role, by=by)
    # The row of the unit is held, so that two who make credentials at once name two accounts.
    if not units_managed_by(by).select_for_update(of=("self",), no_key=True).filter(pk=client.unit_id):
        raise PermissionDenied
    _check_expiry(client.expires_on)
    client.acts_as = _program_account(client, by=by)
    membership = Membership(user=client.acts_as, unit=client.unit, role=role)
    membership._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    membership.save()
    client.may_write = role != Role.VIEWER
    client.client_type = OfficeClient.CLIENT_CONFIDENTIAL
    client.authorization_grant_type = OfficeClient.GRANT_CLIENT_CREDENTIALS
    secret = _save_with_new_secret(client)
    record_event(AuditVerb.CREDENTIAL_MADE, by=by, subject=client, **_said_of(client, role=role.value))
    return secret


@transaction.atomic
def renew_secret(client: OfficeClient, *, by: User, expires_on: date | None = None, role: Role | None = None) -> str:
    """Replace the secret of a credential and return the new one; the old one ends at once, and the tokens got with it.

    ``expires_on`` moves its last day; without it the day stays, if it is still to come. ``role`` narrows or widens what it may do.
    Raises PermissionDenied outside the account's units and roles, ValidationError where it was revoked or the day breaks a rule.
    """
    locked = _locked(client, by=by)
    if role is not None:
        _check_role(role, by=by)
        _give_role(locked, role, by=by)
    if not may_hold(locked, by):
        raise PermissionDenied
    locked.expires_on = expires_on or locked.expires_on
    _check_expiry(locked.expires_on)
    locked.warned_for = None
    # The row is written first, so that a token that is being given out meanwhile waits for it, and then is found.
    secret = _save_with_new_secret(locked)
    AccessToken.objects.filter(application=locked).delete()
    record_event(AuditVerb.CREDENTIAL_ROTATED, by=by, subject=locked, **_said_of(locked, role=_role_of(locked)))
    client.refresh_from_db()
    return secret


@transaction.atomic
def revoke_credential(client: OfficeClient, *, by: User) -> None:
    """End a credential for good: its secret, its tokens and, where nothing else acts as it, its account.

    Raises PermissionDenied outside the account's units, ValidationError where it was revoked before.
    """
    locked = _locked(client, by=by)
    locked.revoked_at, locked.revoked_by = timezone.now(), by
    locked.save(update_fields=["revoked_at", "revoked_by", "updated"])
    AccessToken.objects.filter(application=locked).delete()
    account = locked.acts_as
    if account.is_program and not account.acting_clients.filter(revoked_at__isnull=True).exists():
        account.is_active = False
        account._history_user = by
        account.save(update_fields=["is_active"])
    record_event(AuditVerb.CREDENTIAL_REVOKED, by=by, subject=locked, **_said_of(locked))
    client.refresh_from_db()


def _locked(client: OfficeClient, *, by: User) -> OfficeClient:
    found: OfficeClient | None = (
        OfficeClient.objects.editable_by(by).select_for_update(of=("self",), no_key=True).filter(pk=client.pk).first()
    )
    if found is None:
        raise PermissionDenied
    if found.revoked_at is not None:
        raise ValidationError(_("This credential was revoked. Make a new one."), code="credential-revoked")
    return found


def _check_role(role: Role, *, by: User) -> None:
    if role not in roles_given_by(by):
        raise PermissionDenied


def _check_expiry(day: date) -> None:
    today = timezone.localdate()
    if not today < day <= latest_expiry(today):
        message = _("Choose a day after today, at most a year ahead.")
        raise ValidationError({"expires_on": ValidationError(message, code="expiry-out-of-range")})


def _give_role(client: OfficeClient, role: Role, *, by: User) -> None:
    """Let the program have this one role in its unit. The roles of a person are nobody's here."""
    if not client.acts_as.is_program:
        raise PermissionDenied
    held = list(Membership.objects.filter(user=client.acts_as, unit=client.unit).order_by("id"))
    first, *others = held or [Membership(user=client.acts_as, unit=client.unit)]
    for membership in others:
        membership.delete()
    first.role = role
    first._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    first.save()
    client.may_write = role != Role.VIEWER


def _role_of(client: OfficeClient) -> str:
    return ", ".join(Membership.objects.filter(user=client.acts_as, unit=client.unit).values_list("role", flat=True))


def _said_of(client: OfficeClient, **more: str) -> dict[str, Any]:
    return {"unit": client.unit.code, "scopes": " ".join(client.scopes), "expires_on": client.expires_on.isoformat(), **more}


def _save_with_new_secret(client: OfficeClient) -> str:
    secret: str = generate_client_secret()
    client.client_secret = secret
    client.full_clean(exclude={"client_secret"})
    client.save()
    return secret


def _program_account(client: OfficeClient, *, by: User) -> User:
    prefix = f"program-{client.unit.code.lower()}"
    number = User.objects.filter(username__startswith=f"{prefix}-").count() + 1
    account = User(username=f"{prefix}-{number}", full_name=client.name[:150], is_program=True)
    account.set_unusable_password()
    account._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    account.save()
    return account
