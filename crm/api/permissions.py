"""What a request needs: the scope of its token, and the permission that the view names for reading or writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS, BasePermission

from crm.permissions import Permission

if TYPE_CHECKING:
    from oauth2_provider.models import AccessToken
    from rest_framework.request import Request
    from rest_framework.views import APIView


class HasNamedPermission(BasePermission):
    """The token's scope (read or write) covers the method, and the account's role holds the view's permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        writes = request.method not in SAFE_METHODS
        needed = getattr(view, "write_permission" if writes else "permission", None)
        if needed is Permission.PUBLIC:
            return True
        if not request.user.is_authenticated:
            return False
        if needed is None:
            # No permission for writing is named: the method does not exist here, which 405 says better than 403.
            raise exceptions.MethodNotAllowed(request.method or "")
        self._check_scope(request, "write" if writes else "read")
        if not request.user.may(needed):
            raise exceptions.PermissionDenied(_("The account's role does not allow this."))
        return True

    def _check_scope(self, request: Request, scope: str) -> None:
        token = cast("AccessToken | None", request.auth)
        # A credential that was narrowed meanwhile narrows the tokens that it has.
        if token is not None and not (token.allow_scopes([scope]) and scope in token.application.scopes):
            detail = _("The access token lacks the scope “%(scope)s”. Ask for a token with it.") % {"scope": scope}
            raise exceptions.PermissionDenied(detail, code="insufficient-scope")
