"""Agreements as rows of a list."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, widgets

from activities.actions.import_agreement_plans import AgreementRow, AgreementRun, plan_agreements
from activities.actions.import_agreements import import_agreements
from activities.choices import AgreementLevel
from activities.models import AgreementKind
from crm.choices import DatePrecision, ImportNoun
from crm.lookup import CountryIndex, NotFound
from crm.models import Country, ImportJob
from crm.permissions import Permission
from crm.tabular import Table
from crm.text import fold
from crm.written import read_day
from partners.actions.import_nouns import ImportedNoun, Reading, register_noun
from partners.actions.import_rows import Problem
from partners.resources.base import ListResource
from partners.resources.widgets import LookupWidget, TextWidget


class DayWidget(widgets.Widget):
    """A day as people write it, to the day: 18/3/2024, 2024-03-18, ngày 18 tháng 3 năm 2024."""

    def __init__(self) -> None:
        super().__init__()
        self._today = timezone.localdate()

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> date | None:
        if not value:
            return None
        written = read_day(value, today=self._today)
        if written is None or written.precision != DatePrecision.DAY:
            raise ValueError(_("This is not a day of the calendar. Write it as dd/mm/yyyy, such as 21/11/2026."))
        return written.day


class LevelWidget(widgets.Widget):
    """A level by any word of its name, in both languages or as its code."""

    words = {
        AgreementLevel.CENTRAL: ("trung uong", "cap trung uong", "centre", "central", "quoc gia"),
        AgreementLevel.PROVINCIAL: ("tinh", "cap tinh", "thanh pho", "dia phuong", "province", "provincial"),
        AgreementLevel.COMMUNE: ("xa", "phuong", "cap xa", "huyen", "cap huyen", "commune", "ward"),
        AgreementLevel.ORGANISATION: ("to chuc", "hoi", "truong", "doan the", "organisation", "organization"),
    }

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        if not value:
            return ""
        folded = fold(value)
        for level, words in self.words.items():
            if folded == level.value or folded in words:
                return level.value
        raise ValueError(_("Write the level as: centre, province, commune or organisation."))


class KindIndex:
    """All kinds by code and label, with and without what stands in brackets."""

    def __init__(self) -> None:
        self._kinds: dict[str, AgreementKind] = {}
        for kind in AgreementKind.objects.order_by("order", "pk"):
            for label in (kind.code, kind.label_vi, kind.label_en):
                before, _bracket, inside = label.partition("(")
                for word in (label, before, inside.rstrip(")")):
                    if folded := fold(word):
                        self._kinds.setdefault(folded, kind)

    def find(self, text: str) -> AgreementKind:
        """Raises NotFound."""
        if kind := self._kinds.get(fold(text)):
            return kind
        raise NotFound(text)


class AgreementResource(ListResource[AgreementRow]):
    labels = {
        "title": gettext_lazy("Title"),
        "partner": gettext_lazy("Partner"),
        "country": gettext_lazy("Partner's country"),
        "province": gettext_lazy("Province of our side"),
        "kind": gettext_lazy("Kind"),
        "number": gettext_lazy("Number"),
        "level": gettext_lazy("Level"),
        "signed_on": gettext_lazy("Signed on"),
        "place": gettext_lazy("Signed at"),
        "valid_from": gettext_lazy("In force from"),
        "valid_to": gettext_lazy("In force until"),
        "note": gettext_lazy("What was agreed"),
    }
    usual_headers = {
        "title": ("title", "agreement", "ten", "ten thoa thuan", "ten van ban", "thoa thuan", "trich yeu", "van ban"),
        "partner": ("partner", "doi tac", "ten doi tac", "phia ban", "ben ky", "doi tac ky", "their side", "dia phuong ket nghia"),
        "country": ("country", "nuoc", "quoc gia", "partner s country", "heading above the rows", "dong tieu de phia tren"),
        "province": ("province", "tinh", "tinh thanh", "tinh thanh pho", "dia phuong", "our side", "phia ta", "province of our side"),
        "kind": ("kind", "type", "loai", "hinh thuc", "loai van ban", "loai thoa thuan"),
        "number": ("number", "no", "so", "so hieu", "so van ban", "so ky hieu"),
        "level": ("level", "cap", "cap ky", "cap ky ket"),
        "signed_on": ("signed", "signed on", "date", "ngay ky", "ngay ky ket", "thoi gian ky", "ky ngay"),
        "place": ("place", "signed at", "noi ky", "dia diem", "dia diem ky"),
        "valid_from": ("from", "valid from", "effective", "in force from", "tu", "tu ngay", "hieu luc tu", "ngay hieu luc"),
        "valid_to": (
            "until", "to", "valid to", "expires", "in force until", "den", "den ngay", "hieu luc den", "ngay het han", "het hieu luc",
            "het han", "thoi han den",
        ),
        "note": ("note", "notes", "summary", "ghi chu", "noi dung", "noi dung chinh", "what was agreed"),
    }  # fmt: skip
    required = "title"

    title = fields.Field("title", widget=TextWidget())
    partner = fields.Field("partner", widget=TextWidget())
    country = fields.Field("country")
    province = fields.Field("province", widget=TextWidget())
    kind = fields.Field("kind")
    number = fields.Field("number", widget=TextWidget())
    level = fields.Field("level", widget=LevelWidget())
    signed_on = fields.Field("signed_on")
    place = fields.Field("place", widget=TextWidget())
    valid_from = fields.Field("valid_from")
    valid_to = fields.Field("valid_to")
    note = fields.Field("note", widget=TextWidget())

    def __init__(self, mapping: Mapping[str, str]) -> None:
        countries = {"country": LookupWidget(CountryIndex().find)} if "country" in mapping.values() else {}
        days = {name: DayWidget() for name in ("signed_on", "valid_from", "valid_to")}
        super().__init__(mapping, kind=LookupWidget(KindIndex().find), **days, **countries)

    def built(self, number: int, values: dict[str, Any], problems: tuple[Problem, ...], decision: str) -> AgreementRow:
        value = values.get
        texts: dict[str, Any] = {name: value(name) or "" for name in ("title", "partner", "province", "number", "level")}
        days: dict[str, Any] = {name: value(name) for name in ("signed_on", "valid_from", "valid_to")}
        return AgreementRow(
            number_of_row=number,
            **texts,
            **days,
            country_id=value("country"),
            kind_id=value("kind"),
            signed_at=value("place") or "",
            summary=value("note") or "",
            problems=problems,
        )


def read_agreements(job: ImportJob, table: Table, is_check: bool) -> Reading:
    resource = AgreementResource(job.mapping)
    said: Any = job.defaults
    country = Country.objects.filter(alpha2=said.get("country", "")).first()
    run = AgreementRun(unit=job.unit, country=country, change_set=job.change_set)
    return Reading(resource.column_of, resource.rows(table), run, plan_agreements, import_agreements)


register_noun(
    ImportNoun.AGREEMENTS,
    ImportedNoun(
        AgreementResource,
        read_agreements,
        not_required=gettext_lazy("Say which column holds the title of the agreement."),
        column_heading=gettext_lazy("Is the agreement’s"),
        new_heading=gettext_lazy("New agreements"),
        rights=(Permission.AGREEMENT_EDIT,),
        silent=("country",),
    ),
)
