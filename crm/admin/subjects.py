from typing import Any

from django.contrib import admin
from django.db.models import Max

from crm.admin.base import ReferenceAdmin
from crm.models import Field, PolicyDocument

LAST_BIT = 62


def _next_bit() -> int:
    """The first place in the bit mask that no field ever had; rows are never deleted, so the highest tells."""
    highest = Field.objects.aggregate(Max("bit"))["bit__max"]
    return 0 if highest is None else highest + 1


@admin.register(Field)
class FieldAdmin(ReferenceAdmin):
    list_display = ("label_vi", "label_en", "code", "parent", "dac3_codes", "sdg_goals", "retired_on")
    list_select_related = ("parent",)
    list_filter = ("parent",)
    search_fields = ("code", "label_vi", "label_en")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """The mask holds 63 fields; after that one must be renamed, since a bit is never given twice."""
        return super().has_add_permission(request, obj) and _next_bit() <= LAST_BIT

    def save_model(self, request: Any, obj: Field, form: Any, change: bool) -> None:
        if not change:
            obj.bit = _next_bit()
        super().save_model(request, obj, form, change)


@admin.register(PolicyDocument)
class PolicyDocumentAdmin(ReferenceAdmin):
    list_display = ("doc_number", "title_vi", "kind", "issued_on", "effective_on", "status")
    list_filter = ("kind", "status")
    search_fields = ("code", "doc_number", "title_vi", "title_en")
