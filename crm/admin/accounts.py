"""Accounts, roles, office credentials and the audit trail: for the administrator alone."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from crm.actions.offices import PROGRAM_ROLES, issue_credential, renew_secret
from crm.admin.base import PermittedAdmin, PermittedInline, ReadOnly, VersionedAdmin, account
from crm.choices import Role
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


class OfficeClientForm(forms.ModelForm):
    name = forms.CharField(label=_("Name"), max_length=150)
    role = forms.ChoiceField(
        label=_("Role in the unit"), choices=[(role.value, role.label) for role in PROGRAM_ROLES], initial=Role.OFFICER
    )

    class Meta:
        model = OfficeClient
        fields = ("name", "unit", "purpose", "expires_on", "role")


@admin.register(OfficeClient)
class OfficeClientAdmin(PermittedAdmin):
    """The secret is shown once, on the page that answers the request which made it, and is stored nowhere."""

    permission = Permission.ACCOUNT_MANAGE
    list_display = ("name", "unit", "client_id", "purpose", "expires_on", "acts_as")
    list_select_related = ("unit", "acts_as")
    search_fields = ("name", "purpose", "unit__code", "client_id")
    actions = ("new_secret",)

    def get_fields(self, request: HttpRequest, obj: OfficeClient | None = None) -> tuple[str, ...]:
        return ("name", "unit", "client_id", "acts_as", "purpose", "expires_on") if obj else OfficeClientForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: OfficeClient | None = None) -> tuple[str, ...]:
        return ("unit", "client_id", "acts_as") if obj else ()

    def get_form(self, request: HttpRequest, obj: OfficeClient | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs if obj else {**kwargs, "form": OfficeClientForm})

    def save_model(self, request: HttpRequest, obj: OfficeClient, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.secret_once = issue_credential(obj, role=Role(form.cleaned_data["role"]), by=account(request))

    def response_add(self, request: HttpRequest, obj: OfficeClient, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj, obj.secret_once)

    @admin.action(description=_("Give a new secret (one credential)"), permissions=["change"])
    def new_secret(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        clients = list(queryset[:2])
        if len(clients) != 1:
            self.message_user(request, _("Choose exactly one credential."), level="ERROR")
            return None
        return self._show_secret(request, clients[0], renew_secret(clients[0], by=account(request)))

    def _show_secret(self, request: HttpRequest, client: OfficeClient, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Office credential"),
            "opts": self.opts,
            "client": client,
            "secret": secret,
        }
        return TemplateResponse(request, "crm/admin/office_secret.html", context, headers={"Cache-Control": "no-store"})


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, PermittedAdmin):
    permission = Permission.ACCOUNT_MANAGE
    list_display = ("at", "verb", "actor", "subject_type", "subject", "address")
    list_filter = ("verb", "subject_type")
    search_fields = ("actor", "subject", "subject_id")
    date_hierarchy = "at"
