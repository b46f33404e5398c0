from django.contrib import admin

from activities.models import ExchangeKind, Forum
from crm.admin.base import ReferenceAdmin


@admin.register(ExchangeKind)
class ExchangeKindAdmin(ReferenceAdmin):
    list_display = ("label_vi", "label_en", "code", "family", "direction", "points_class", "order", "retired_on")
    list_filter = ("family", "points_class", "report_bucket")
    search_fields = ("code", "label_vi", "label_en")


@admin.register(Forum)
class ForumAdmin(ReferenceAdmin):
    list_display = ("name_vi", "name_en", "abbreviation", "kind", "scope", "founded", "status")
    list_filter = ("kind", "status")
    search_fields = ("code", "name_vi", "name_en", "abbreviation")
