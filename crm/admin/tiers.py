from django.contrib import admin

from crm.admin.base import ReferenceAdmin
from crm.models import Tier, TierMembership


@admin.register(Tier)
class TierAdmin(ReferenceAdmin):
    list_display = ("label_vi", "label_en", "code", "group", "exclusive_in_group", "rank")
    list_filter = ("group",)
    search_fields = ("code", "label_vi", "label_en")


@admin.register(TierMembership)
class TierMembershipAdmin(ReferenceAdmin):
    list_display = ("country", "tier", "valid_from", "valid_to", "precision")
    list_select_related = ("country", "tier")
    list_filter = ("tier",)
    search_fields = ("country__alpha2", "country__name_vi", "country__name_en", "country__names__folded", "label_vi", "label_en")
    date_hierarchy = "valid_from"
