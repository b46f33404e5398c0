from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from crm.permissions import Permission

# The site has one way to sign in, to sign out and to change a password; the admin adds none of its own.
_OWN_ACCOUNT_PAGES = frozenset({"login", "logout", "password_change", "password_change_done", "view_on_site"})


class NhipCauAdminSite(admin.AdminSite):
    """Reference data and accounts. Rights come from our permissions; only admins that name one are shown."""

    site_header = _("Nhịp Cầu: reference data and accounts")
    site_title = _("Nhịp Cầu")
    index_title = _("Reference data and accounts")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_authenticated and (user.may(Permission.REFERENCE_EDIT) or user.may(Permission.ACCOUNT_MANAGE))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own admins and pass over those that libraries bring along."""
        if isinstance(getattr(admin_class, "permission", None), Permission):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As Django's, but an account without the right is refused instead of being sent to sign in again."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            response: HttpResponseBase = inner(request, *args, **kwargs)
            return response

        return checked

    def get_urls(self) -> list[Any]:
        urls = [url for url in super().get_urls() if getattr(url, "name", None) not in _OWN_ACCOUNT_PAGES]
        for url in urls:
            if isinstance(url, URLPattern):
                callback: Any = url.callback
                callback.permission = Permission.REFERENCE_EDIT
                callback.login_url = None  # That is: the site's own sign-in page.
        return urls
