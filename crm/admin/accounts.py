"""Accounts, roles, office credentials and the audit trail: for the administrator alone."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin.base import PermittedAdmin, PermittedInline, ReadOnly, VersionedAdmin
from crm.models import AuditEvent, Membership, OfficeClient, User
from crm.permissions import Permission


class MembershipInline(PermittedInline):
    permission = Permission.ACCOUNT_MANAGE
    model = Membership
    fields = ("unit", "role", "valid_from", "valid_to")


@admin.register(User)
class UserAdmin(VersionedAdmin, DjangoUserAdmin):
    """Rights come from memberships alone, so Django's own flags and groups are not shown."""

    permission = Permission.ACCOUNT_MANAGE
    list_display = ("username", "full_name", "email", "is_active", "is_program", "last_login")
    list_filter = ("is_active", "is_program", "memberships__role")
    search_fields = ("username", "full_name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined", "is_program")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("full_name", "email", "language")}),
        (_("State"), {"fields": ("is_active", "is_program", "last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "full_name", "email", "language", "password1", "password2")}),)
    inlines = (MembershipInline,)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()


@admin.register(Membership)
class MembershipAdmin(VersionedAdmin):
    permission = Permission.ACCOUNT_MANAGE
    list_display = ("user", "role", "unit", "valid_from", "valid_to")
    list_select_related = ("user", "unit")
    list_filter = ("role", "unit__kind")
    search_fields = ("user__username", "user__full_name", "unit__code", "unit__name_vi", "unit__name_en")


_TRACES = ("last_used_at", "last_used_from", "revoked_at", "revoked_by")


@admin.register(OfficeClient)
class OfficeClientAdmin(ReadOnly, PermittedAdmin):
    """For looking only: credentials are made, renewed and revoked on the pages of the product (``crm/views/credentials.py``)."""

    permission = Permission.ACCOUNT_MANAGE
    list_display = ("name", "unit", "client_id", "purpose", "may_write", "expires_on", "last_used_at", "revoked_at")
    list_select_related = ("unit",)
    list_filter = ("may_write", "unit__kind")
    search_fields = ("name", "purpose", "unit__code", "client_id")
    fields = ("name", "unit", "client_id", "acts_as", "purpose", "may_write", "expires_on", *_TRACES)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, PermittedAdmin):
    permission = Permission.ACCOUNT_MANAGE
    list_display = ("at", "verb", "actor", "subject_type", "subject", "address")
    list_filter = ("verb", "subject_type")
    search_fields = ("actor", "subject", "subject_id")
    date_hierarchy = "at"
