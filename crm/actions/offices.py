"""Credentials of the offices' programs."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken

from crm.choices import Role
from crm.models import Membership, OfficeClient, User
from crm.permissions import Permission

# A program reads, or works as an officer does; it leads no unit and manages no account.
PROGRAM_ROLES = (Role.VIEWER, Role.OFFICER, Role.NGO_OFFICER)


@transaction.atomic
def issue_credential(client: OfficeClient, *, role: Role, by: User) -> str:
    """Give an office's program its credential and the account it acts as, with one role in the client's unit.

    Returns the secret, which is stored only as a hash and can never be read again.
    Raises PermissionDenied without the right to manage accounts, ValidationError when a rule is broken.
    """
    if not by.may(Permission.ACCOUNT_MANAGE) or role not in PROGRAM_ROLES:
        raise PermissionDenied
    client.acts_as = _program_account(client, by=by)
    Membership.objects.create(user=client.acts_as, unit=client.unit, role=role)
    client.client_type = OfficeClient.CLIENT_CONFIDENTIAL
    client.authorization_grant_type = OfficeClient.GRANT_CLIENT_CREDENTIALS
    return _save_with_new_secret(client)


@transaction.atomic
def renew_secret(client: OfficeClient, *, by: User) -> str:
    """Replace the secret of a credential and return the new one; the old one ends at once, and the tokens got with it."""
    if not by.may(Permission.ACCOUNT_MANAGE):
        raise PermissionDenied
    AccessToken.objects.filter(application=client).delete()
    return _save_with_new_secret(client)


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
