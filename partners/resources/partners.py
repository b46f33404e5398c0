"""Partners as rows of a list."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy
from import_export import fields

from crm.choices import NameUsage
from crm.lookup import CountryIndex, ProvinceIndex
from partners.actions.import_rows import NEW, SKIP, PartnerRow, Problem
from partners.lookup import PartnerKindIndex
from partners.resources.base import ListResource
from partners.resources.widgets import LookupWidget, OtherNamesWidget, ProvinceWidget, TextWidget, WebsiteWidget, YearWidget


class PartnerResource(ListResource[PartnerRow]):
    labels = {
        "name": gettext_lazy("Name"),
        "other_names": gettext_lazy("Other names"),
        "acronym": gettext_lazy("Acronym"),
        "kind": gettext_lazy("Kind"),
        "country": gettext_lazy("Country"),
        "city": gettext_lazy("City"),
        "province": gettext_lazy("Province of Viet Nam"),
        "website": gettext_lazy("Website"),
        "founded": gettext_lazy("Founded"),
        "external_id": gettext_lazy("Identifier in your list"),
    }
    usual_headers = {
        "name": (
            "name", "ten", "ten to chuc", "ten doi tac", "doi tac", "to chuc", "ten don vi", "ten co quan",
            "ten doi tac nuoc ngoai", "ten to chuc nuoc ngoai", "ten tieng viet",
            "partner", "organisation", "organization", "institution",
        ),
        "other_names": ("other names", "other name", "ten khac", "ten goi khac", "aliases", "alias", "ten tieng anh", "english name"),
        "acronym": ("acronym", "viet tat", "ten viet tat", "abbreviation", "short name"),
        "kind": ("kind", "type", "loai", "loai hinh", "loai doi tac", "loai hinh to chuc", "category"),
        "country": ("country", "nuoc", "quoc gia", "nuoc quoc gia", "quoc tich", "heading above the rows", "dong tieu de phia tren"),
        "city": ("city", "thanh pho", "place", "dia phuong"),
        "province": ("province", "tinh", "tinh thanh", "tinh thanh pho", "tinh hoat dong", "dia ban", "dia ban hoat dong"),
        "website": ("website", "web", "url", "trang web", "trang thong tin", "trang thong tin dien tu", "homepage"),
        "founded": ("founded", "established", "nam thanh lap", "thanh lap", "ngay thanh lap", "year founded"),
        "external_id": ("id", "ma", "ma so", "ma doi tac", "external id", "identifier", "code"),
    }  # fmt: skip
    required = "name"

    name = fields.Field("name", widget=TextWidget())
    other_names = fields.Field("other_names", widget=OtherNamesWidget(NameUsage.OTHER))
    acronym = fields.Field("acronym", widget=OtherNamesWidget(NameUsage.ACRONYM))
    kind = fields.Field("kind")
    country = fields.Field("country")
    city = fields.Field("city", widget=TextWidget())
    province = fields.Field("province")
    website = fields.Field("website", widget=WebsiteWidget())
    founded = fields.Field("founded")
    external_id = fields.Field("external_id", widget=TextWidget())

    def __init__(self, mapping: Mapping[str, str], *, countries: CountryIndex, kinds: PartnerKindIndex) -> None:
        provinces = {"province": ProvinceWidget(ProvinceIndex().find)} if "province" in mapping.values() else {}
        super().__init__(mapping, kind=LookupWidget(kinds.find), country=LookupWidget(countries.find), founded=YearWidget(), **provinces)

    def built(self, number: int, values: dict[str, Any], problems: tuple[Problem, ...], decision: str) -> PartnerRow:
        value = values.get
        return PartnerRow(
            number=number,
            name=value("name", ""),
            kind_id=value("kind"),
            country_id=value("country"),
            city=value("city", "") or value("province") or "",
            website=value("website", ""),
            founded_year=value("founded"),
            other_names=(*value("other_names", ()), *value("acronym", ())),
            external_id=value("external_id", ""),
            problems=problems,
            same_as=UUID(decision) if decision not in ("", SKIP, NEW) else None,
            skip=decision == SKIP,
            is_new=decision == NEW,
        )
