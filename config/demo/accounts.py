"""Accounts that show each role, with one known password, and the credential of one office's program."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from oauth2_provider.models import AbstractApplication

from config.demo.tables import document
from crm.choices import Role
from crm.models import Membership, OfficeClient, Unit, User

# Known to every reader of this file on purpose: these accounts exist only beside invented data.
PASSWORD = "nhip-cau-minh-hoa"  # noqa: S105  (known to everybody: invented accounts)
CLIENT_ID = "minh-hoa-nghe-an"
CLIENT_SECRET = "bi-mat-minh-hoa-nghe-an"  # noqa: S105  (known to everybody: an invented office)
MAIL_DOMAIN = "demo.invalid"

CENTRE = "VUFO"
AT_THE_CENTRE = "can-bo"
SECRETARIAT = "thu-ky"


@dataclass(frozen=True)
class Colleagues:
    """The accounts of the demonstration, by name."""

    by_username: dict[str, User]
    by_unit: dict[str, User]

    @property
    def secretariat(self) -> User:
        return self.by_username[SECRETARIAT]

    def of(self, unit: Unit) -> User:
        """Who writes for the unit: its own colleague, else the officer at the centre."""
        return self.by_unit.get(unit.code, self.by_username[AT_THE_CENTRE])


def make_accounts(today: date) -> Colleagues:
    """Make the accounts and the credential. Raises CommandError where a name is taken by somebody real."""
    listed = document("accounts.toml")["account"]
    if taken := User.objects.filter(username__in=[row["username"] for row in listed]).values_list("username", flat=True):
        raise CommandError(_("These sign-in names are already in use: %(names)s.") % {"names": ", ".join(taken)})
    units = {unit.code: unit for unit in Unit.objects.filter(code__in={row["unit"] for row in listed})}
    hashed = make_password(PASSWORD)  # Once for all of them: hashing is slow on purpose.
    by_username = {row["username"]: _make_account(row, units[row["unit"]], hashed) for row in listed}
    program = next(user for user in by_username.values() if user.is_program)
    _make_credential(program, expires_on=today + timedelta(days=365))
    by_unit = {row["unit"]: by_username[row["username"]] for row in listed if row["unit"] != CENTRE and not row.get("is_program")}
    return Colleagues(by_username=by_username, by_unit=by_unit)


def _make_account(row: dict[str, Any], unit: Unit, hashed: str) -> User:
    user = User(
        username=row["username"],
        full_name=row["full_name"],
        email=f"{row['username']}@{MAIL_DOMAIN}",
        is_program=bool(row.get("is_program")),
        password=hashed if row.get("shown") else make_password(None),
    )
    user.full_clean()
    user.save()
    membership = Membership(user=user, unit=unit, role=row["role"])
    membership.full_clean()
    membership.save()
    return user


def _make_credential(program: User, *, expires_on: date) -> None:
    OfficeClient.objects.create(
        name="Minh họa: chương trình của Liên hiệp Nghệ An",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
        authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
        unit=program.memberships.get().unit,
        acts_as=program,
        purpose="Thử giao diện REST với dữ liệu minh họa",
        expires_on=expires_on,
    )


def account_table() -> str:
    """Return what to sign in with, as lines for the terminal."""
    shown = [row for row in document("accounts.toml")["account"] if row.get("shown")]
    units = {unit.code: unit.display for unit in Unit.objects.filter(code__in=[row["unit"] for row in shown])}
    cells = [(row["username"], str(Role(row["role"]).label), units.get(row["unit"], row["unit"])) for row in shown]
    heads = (_("Sign-in name"), _("Role"), _("Unit"))
    widths = [max(len(row[column]) for row in [heads, *cells]) for column in range(2)]
    lines = [f"  {name:<{widths[0]}}  {role:<{widths[1]}}  {unit}" for name, role, unit in [heads, *cells]]
    return "\n".join(
        [
            _("Demo accounts (invented data; password of all: %(password)s)") % {"password": PASSWORD},
            *lines,
            _("Office credential for the REST API: client_id %(id)s, client_secret %(secret)s")
            % {"id": CLIENT_ID, "secret": CLIENT_SECRET},
        ]
    )
