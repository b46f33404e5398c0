from django.contrib import admin

from crm.admin.base import ReferenceAdmin
from partners.models import PartnerKind


@admin.register(PartnerKind)
class PartnerKindAdmin(ReferenceAdmin):
    list_display = ("label_vi", "label_en", "code", "family", "order", "retired_on")
    list_filter = ("family",)
    search_fields = ("code", "label_vi", "label_en", "aliases")
