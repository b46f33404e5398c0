from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.admin.base import PermittedAdmin, ReadOnly, VersionedAdmin, account
from crm.permissions import Permission
from reports.actions.plans import archive_plan_line, save_plan_line
from reports.models import PlanLine, PolicyVersion


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly, PermittedAdmin):
    """Immutable: a new version comes from a new file."""

    list_display = ("name", "code", "effective_from", "approved_on", "approver")
    search_fields = ("code", "name")


@admin.register(PlanLine)
class PlanLineAdmin(VersionedAdmin):
    permission = Permission.PLAN_EDIT
    list_display = ("scope", "required", "cadence_days", "least_level", "exempt", "valid_from", "valid_to", "is_archived")
    list_select_related = ("tier", "country")
    list_filter = ("tier", "exempt", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("tier__code", "tier__label_vi", "country__name_vi", "country__name_en", "country__alpha2")
    actions = ("archive",)

    @admin.display(description=_("tier or country"))
    def scope(self, line: PlanLine) -> str:
        return str(line.tier or line.country)

    @admin.display(description=_("archived"), boolean=True)
    def is_archived(self, line: PlanLine) -> bool:
        return line.is_archived

    def save_model(self, request: HttpRequest, obj: PlanLine, form: Any, change: bool) -> None:
        save_plan_line(obj, by=account(request))

    @admin.action(description=_("Archive the selected lines"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet) -> None:
        lines = list(queryset.filter(archived_at__isnull=True))
        for line in lines:
            archive_plan_line(line, by=account(request))
        text = ngettext("%(count)s line archived.", "%(count)s lines archived.", len(lines))
        self.message_user(request, text % {"count": len(lines)}, messages.SUCCESS)
