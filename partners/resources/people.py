"""People as rows of a list, such as the participants of an event."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy
from import_export import fields, widgets

from crm.lookup import CountryIndex
from partners.actions.import_rows import NEW, SKIP, PersonRow, Problem
from partners.models import Person
from partners.resources.base import ListResource
from partners.resources.widgets import LookupWidget, TextWidget

_EMAIL = Person._meta.get_field("email")


class EmailWidget(widgets.Widget):
    """An address, or the first of several."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        first = value.replace(",", ";").partition(";")[0].strip()
        if not first:
            return ""
        try:
            return str(_EMAIL.clean(first, None))
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error


class PersonResource(ListResource[PersonRow]):
    labels = {
        "full_name": gettext_lazy("Name as on the card"),
        "title": gettext_lazy("Title"),
        "organisation": gettext_lazy("Organisation"),
        "country": gettext_lazy("Country"),
        "email": gettext_lazy("E-mail"),
        "phone": gettext_lazy("Phone"),
        "how_to_address": gettext_lazy("How to address"),
        "languages": gettext_lazy("Languages"),
    }
    usual_headers = {
        "full_name": ("name", "full name", "ten", "ho ten", "ho va ten", "ho va ten dai bieu", "dai bieu", "participant", "ten dai bieu"),
        "title": ("title", "position", "post", "job title", "chuc vu", "chuc danh", "chuc vu chuc danh"),
        "organisation": (
            "organisation", "organization", "institution", "company", "don vi", "to chuc", "co quan", "co quan to chuc", "ten to chuc",
            "don vi cong tac", "co quan cong tac", "co quan don vi",
        ),
        "country": ("country", "nuoc", "quoc gia", "quoc tich", "nationality", "heading above the rows", "dong tieu de phia tren"),
        "email": ("email", "e mail", "mail", "thu dien tu", "dia chi email"),
        "phone": ("phone", "tel", "telephone", "mobile", "dien thoai", "so dien thoai", "di dong", "dt"),
        "how_to_address": ("how to address", "salutation", "danh xung", "xung ho", "cach xung ho", "mr ms", "ong ba"),
        "languages": ("language", "languages", "ngon ngu", "ngoai ngu"),
    }  # fmt: skip
    required = "full_name"

    full_name = fields.Field("full_name", widget=TextWidget())
    title = fields.Field("title", widget=TextWidget())
    organisation = fields.Field("organisation", widget=TextWidget())
    country = fields.Field("country")
    email = fields.Field("email", widget=EmailWidget())
    phone = fields.Field("phone", widget=TextWidget())
    how_to_address = fields.Field("how_to_address", widget=TextWidget())
    languages = fields.Field("languages", widget=TextWidget())

    def __init__(self, mapping: Mapping[str, str], *, countries: CountryIndex) -> None:
        super().__init__(mapping, country=LookupWidget(countries.find))

    def built(self, number: int, values: dict[str, Any], problems: tuple[Problem, ...], decision: str) -> PersonRow:
        texts = {name: values.get(name, "") for name in self.labels if name != "country"}
        return PersonRow(
            number=number,
            **texts,
            country_id=values.get("country"),
            problems=problems,
            same_as=UUID(decision) if decision not in ("", SKIP, NEW) else None,
            skip=decision == SKIP,
        )
