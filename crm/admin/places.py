from typing import Any

from django.contrib import admin

from crm.admin.base import PermittedInline, ReferenceAdmin
from crm.models import Country, CountryName, Province, ProvinceCode, ProvinceName, ProvinceSuccession

NAME_FIELDS = ("name", "language", "usage", "valid_from", "valid_to", "source", "confidence", "note")


class CountryNameInline(PermittedInline):
    model = CountryName
    fields = NAME_FIELDS


class ProvinceNameInline(PermittedInline):
    model = ProvinceName
    fields = (*NAME_FIELDS[:3], "kind", *NAME_FIELDS[3:])


class ProvinceCodeInline(PermittedInline):
    model = ProvinceCode
    fields = ("code", "valid_from", "valid_to", "source", "confidence", "note")


@admin.register(Country)
class CountryAdmin(ReferenceAdmin):
    list_display = ("name_vi", "name_en", "alpha2", "alpha3", "kind", "region")
    list_filter = ("kind", "region", "un_status")
    search_fields = ("alpha2", "alpha3", "name_vi", "name_en", "names__name", "names__folded")
    inlines = (CountryNameInline,)


@admin.register(Province)
class ProvinceAdmin(ReferenceAdmin):
    list_display = ("name_vi", "slug", "code_list", "valid_from", "valid_to")
    search_fields = ("slug", "name_vi", "name_en", "names__name", "names__folded", "codes__code")
    inlines = (ProvinceNameInline, ProvinceCodeInline)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("codes")

    @admin.display(description=ProvinceCode._meta.verbose_name)
    def code_list(self, province: Province) -> str:
        return ", ".join(code.code for code in province.codes.all())


@admin.register(ProvinceSuccession)
class ProvinceSuccessionAdmin(ReferenceAdmin):
    list_display = ("predecessor", "successor", "happened_on", "legal_basis")
    list_select_related = ("predecessor", "successor")
    search_fields = ("predecessor__name_vi", "successor__name_vi", "predecessor__slug", "successor__slug")
