"""Every view of the API names the permission for reading and, where it writes, the one for writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS, BasePermission

from crm.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request
    from rest_framework.views import APIView


class NamesPermission:
    """Mix-in for API views: puts ``permission`` on the URL's callable, where the walk over all URLs looks for it."""

    permission: ClassVar[Permission]
    write_permission: ClassVar[Permission | None] = None

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        if not hasattr(cls, "permission"):
            raise ImproperlyConfigured(f"{cls.__name__} names no permission.")
        view = super().as_view(*args, **kwargs)  # type: ignore[misc]  # a mix-in for APIView and GenericViewSet
        view.permission = cls.permission
        return view


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
        token = request.auth
        if token is not None and not token.allow_scopes([scope]):
            detail = _("The access token lacks the scope “%(scope)s”. Ask for a token with it.") % {"scope": scope}
            raise exceptions.PermissionDenied(detail, code="insufficient-scope")
