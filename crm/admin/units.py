from typing import Any

from django.contrib import admin

from crm.admin.base import PermittedAdmin, ReferenceAdmin
from crm.models import Unit, UnitSuccession


@admin.register(Unit)
class UnitAdmin(ReferenceAdmin):
    list_display = ("name_vi", "name_en", "code", "kind", "province", "country", "founded")
    list_select_related = ("province", "country")
    list_filter = ("kind",)
    search_fields = ("code", "name_vi", "name_en", "short_name")

    def get_readonly_fields(self, request: Any, obj: Unit | None = None) -> tuple[str, ...]:
        """Code and place in the tree make the path of the unit and of all below it, so they stay as they were set."""
        return (*self.readonly_fields, "code", "parent") if obj else self.readonly_fields


@admin.register(UnitSuccession)
class UnitSuccessionAdmin(PermittedAdmin):
    list_display = ("predecessor", "successor", "happened_on")
    list_select_related = ("predecessor", "successor")
