from django.contrib import admin

from activities.models import AgreementKind, ExchangeKind, Forum, Occasion
from crm.admin.base import ReferenceAdmin


@admin.register(ExchangeKind)
class ExchangeKindAdmin(ReferenceAdmin):
    list_display = ("label_vi", "label_en", "code", "family", "direction", "points_class", "order", "retired_on")
    list_filter = ("family", "points_class", "report_bucket")
    search_fields = ("code", "label_vi", "label_en")


@admin.register(AgreementKind)
class AgreementKindAdmin(ReferenceAdmin):
    list_display = ("label_vi", "label_en", "code", "family", "order", "retired_on")
    list_filter = ("family",)
    search_fields = ("code", "label_vi", "label_en")


@admin.register(Forum)
class ForumAdmin(ReferenceAdmin):
    list_display = ("name_vi", "name_en", "abbreviation", "kind", "scope", "founded", "status")
    list_filter = ("kind", "status")
    search_fields = ("code", "name_vi", "name_en", "abbreviation")


@admin.register(Occasion)
class OccasionAdmin(ReferenceAdmin):
    list_display = ("name_vi", "name_en", "kind", "country", "day", "month", "year", "retired_on")
    list_filter = ("kind", "month")
    search_fields = ("code", "name_vi", "name_en", "country__name_vi", "country__name_en")
    list_select_related = ("country",)
