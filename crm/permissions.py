"""Who may do what. Roles are held per unit and period (Membership); what a role may do is written here."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from crm.choices import Role


class Permission(StrEnum):
    """One verb each. Every URL names one of these; ``tests/test_permissions.py`` walks the resolver."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    PARTNER_VIEW = "partner_view"
    PARTNER_EDIT = "partner_edit"
    PERSON_VIEW = "person_view"
    PERSON_EDIT = "person_edit"
    EXCHANGE_VIEW = "exchange_view"
    EXCHANGE_LOG = "exchange_log"
    FOLLOW_UP_VIEW = "follow_up_view"
    FOLLOW_UP_EDIT = "follow_up_edit"
    COVERAGE_VIEW = "coverage_view"
    REFERENCE_VIEW = "reference_view"
    REFERENCE_EDIT = "reference_edit"
    PARTNER_IMPORT = "partner_import"
    EXPORT = "export"
    MERGE = "merge"
    HAND_OVER = "hand_over"
    AGREEMENT_VIEW = "agreement_view"
    AGREEMENT_EDIT = "agreement_edit"
    COMMITMENT_VIEW = "commitment_view"
    COMMITMENT_EDIT = "commitment_edit"
    PLAN_EDIT = "plan_edit"
    ACTION_ITEM_EDIT = "action_item_edit"
    POLICY_EDIT = "policy_edit"
    REPORT_VIEW = "report_view"
    REPORT_EDIT = "report_edit"
    REPORT_ISSUE = "report_issue"
    DECLARE_NOTHING = "declare_nothing"
    REMIND_UNITS = "remind_units"
    JOB_VIEW = "job_view"
    CONNECTION_VIEW = "connection_view"
    CONNECTION_MANAGE = "connection_manage"
    ACCOUNT_MANAGE = "account_manage"


_READING = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.PARTNER_VIEW,
        Permission.PERSON_VIEW,
        Permission.EXCHANGE_VIEW,
        Permission.FOLLOW_UP_VIEW,
        Permission.COVERAGE_VIEW,
        Permission.REFERENCE_VIEW,
        Permission.EXPORT,
        Permission.AGREEMENT_VIEW,
        Permission.COMMITMENT_VIEW,
        Permission.REPORT_VIEW,
    }
)
_WRITING = _READING | {
    Permission.PARTNER_EDIT,
    Permission.PERSON_EDIT,
    Permission.EXCHANGE_LOG,
    Permission.FOLLOW_UP_EDIT,
    Permission.PARTNER_IMPORT,
    Permission.MERGE,
    Permission.AGREEMENT_EDIT,
    Permission.COMMITMENT_EDIT,
    Permission.ACTION_ITEM_EDIT,
    Permission.REPORT_EDIT,
    Permission.DECLARE_NOTHING,
    Permission.CONNECTION_VIEW,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _READING,
    Role.OFFICER: _WRITING,
    Role.NGO_OFFICER: _WRITING,
    Role.UNIT_LEAD: _WRITING | {Permission.HAND_OVER, Permission.REPORT_ISSUE, Permission.CONNECTION_MANAGE},
    Role.SECRETARIAT: _WRITING
    | {
        Permission.REFERENCE_EDIT,
        Permission.HAND_OVER,
        Permission.PLAN_EDIT,
        Permission.POLICY_EDIT,
        Permission.REMIND_UNITS,
        Permission.REPORT_ISSUE,
        Permission.JOB_VIEW,
    },
    Role.ADMINISTRATOR: _READING
    | {
        Permission.REFERENCE_EDIT,
        Permission.ACCOUNT_MANAGE,
        Permission.JOB_VIEW,
        Permission.CONNECTION_VIEW,
        Permission.CONNECTION_MANAGE,
    },
}

View = Callable[..., HttpResponseBase]


def check(request: HttpRequest, permission: Permission) -> None:
    """Raise PermissionDenied (403) unless the signed-in account holds the permission."""
    if permission is Permission.PUBLIC:
        return
    if not request.user.is_authenticated or not request.user.may(permission):
        raise PermissionDenied


def requires(permission: Permission) -> Callable[[View], View]:
    """Let a function view name its permission, and hold it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check(request, permission)
            return view(request, *args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # read by the test that walks the resolver
        return checked

    return decorate
