"""What every admin has in common: one named permission, no deleting, and reference rows that can be confirmed."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.admin import SimpleHistoryAdmin

from crm.actions.reference import confirm_rows
from crm.choices import Confidence
from crm.models import User
from crm.models.records import Sourced
from crm.permissions import Permission


def account(request: HttpRequest) -> User:
    """Who is signed in. Nobody else reaches an admin page."""
    return cast("User", request.user)


class Permitted:
    """Rights by one permission of ours instead of Django's own; nothing is ever deleted here."""

    permission = Permission.REFERENCE_EDIT

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_authenticated and request.user.may(self.permission)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class PermittedAdmin(Permitted, admin.ModelAdmin):
    """An admin whose every URL names its permission, for the test that walks the resolver."""

    view_on_site = False
    list_per_page = 50

    def get_urls(self) -> list[Any]:
        urls = super().get_urls()
        for pattern in urls:
            if isinstance(pattern, URLPattern):
                callback: Any = pattern.callback
                callback.permission = self.permission
        return urls


class VersionedAdmin(PermittedAdmin, SimpleHistoryAdmin):
    """The same, with the versions of each row behind the History button."""


class ReadOnly:
    """Mixed in before an admin: to be looked at, not to be written."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Standing(admin.SimpleListFilter):
    """Rows to be confirmed, confirmed, or sure from the start."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("To be confirmed")), ("confirmed", _("Confirmed")), ("sure", _("Sure from the start"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        match self.value():
            case "open":
                return queryset.filter(confidence=Confidence.LOW, confirmed_at__isnull=True)
            case "confirmed":
                return queryset.filter(confirmed_at__isnull=False)
            case "sure":
                return queryset.exclude(confidence=Confidence.LOW).filter(confirmed_at__isnull=True)
        return None


class ReferenceAdmin(VersionedAdmin):
    """Sourced rows: where they were read, how sure they are, and the secretariat's word on them."""

    readonly_fields = ("confirmed_at", "confirmed_by")
    actions = ("confirm",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, "standing"]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [Standing, *self.list_filter, "confidence"]

    @admin.display(description=_("standing"))
    def standing(self, row: Sourced) -> str:
        if row.confirmed_at:
            return str(_("Confirmed on %(day)s") % {"day": date_format(localtime(row.confirmed_at), "SHORT_DATE_FORMAT")})
        return str(_("To be confirmed")) if row.to_be_confirmed else row.get_confidence_display().split(":")[0]

    @admin.action(description=_("Confirm the selected rows"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = confirm_rows(queryset.filter(confirmed_at__isnull=True), by=account(request), request=request)
        self.message_user(
            request, ngettext("%(count)s row confirmed.", "%(count)s rows confirmed.", count) % {"count": count}, messages.SUCCESS
        )


class PermittedInline(Permitted, admin.TabularInline):
    extra = 0
    show_change_link = False
    can_delete = False
