"""Partners as rows of a list, on django-import-export: which column is which field, and how its words are read.

Fields, widgets and ``import_instance`` (all errors of a row at once) are the library's. Its loop over the rows
(``import_data``: a look-up, two deep copies, a diff and a savepoint per row) is not used, since 10,000 rows would
take it some fifteen seconds: rows go in chunks to ``partners.actions.imports``, the one door for many partners.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, resources, widgets

from crm.choices import Language, NameUsage
from crm.lookup import CountryIndex
from crm.tabular import Table, TableRow, shown
from crm.text import fold
from partners.actions.import_rows import PartnerRow, Problem
from partners.actions.partners import OtherName
from partners.lookup import PartnerKindIndex
from partners.models import Partner

FIELD_LABELS = {
    "name": gettext_lazy("Name"),
    "other_names": gettext_lazy("Other names"),
    "acronym": gettext_lazy("Acronym"),
    "kind": gettext_lazy("Kind"),
    "country": gettext_lazy("Country"),
    "city": gettext_lazy("City"),
    "website": gettext_lazy("Website"),
    "founded": gettext_lazy("Founded"),
    "external_id": gettext_lazy("Identifier in your list"),
}
# Folded headers by which lists usually name the fields, in Vietnamese and English.
_USUAL_HEADERS = {
    "name": ("name", "ten", "ten to chuc", "ten doi tac", "doi tac", "to chuc", "partner", "organisation", "organization", "institution"),
    "other_names": ("other names", "other name", "ten khac", "ten goi khac", "aliases", "alias", "ten tieng anh", "english name"),
    "acronym": ("acronym", "viet tat", "ten viet tat", "abbreviation", "short name"),
    "kind": ("kind", "type", "loai", "loai hinh", "loai doi tac", "category"),
    "country": ("country", "nuoc", "quoc gia", "nuoc quoc gia"),
    "city": ("city", "thanh pho", "tinh thanh", "place", "dia phuong"),
    "website": ("website", "web", "url", "trang web", "trang thong tin", "homepage"),
    "founded": ("founded", "established", "nam thanh lap", "thanh lap", "ngay thanh lap", "year founded"),
    "external_id": ("id", "ma", "ma so", "ma doi tac", "external id", "identifier", "code"),
}
_LANGUAGE_SUFFIX = re.compile(r"^(?P<name>.+?)\s*\((?P<language>[a-z]{2,3})\)$", re.DOTALL)
_WEBSITE = Partner._meta.get_field("website")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_YEAR = re.compile(r"^\d{1,5}$")
_DAY_ORDERS = (
    re.compile(r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?$"),
    re.compile(r"^(?:(?P<d>\d{1,2})[-/.])?(?P<m>\d{1,2})[-/.](?P<y>\d{4})$"),
)


def guess_mapping(columns: tuple[str, ...]) -> dict[str, str]:
    """Return column → field for the columns whose header is a usual name of a field; each field once."""
    known = {header: name for name, headers in _USUAL_HEADERS.items() for header in headers}
    mapping: dict[str, str] = {}
    for column in columns:
        name = known.get(fold(column))
        if name and name not in mapping.values():
            mapping[column] = name
    return mapping


# --- How the words of a cell are read ----------------------------------------------------------------


class LookupWidget(widgets.Widget):
    """A reference row by any of its names or its code. Unknown or ambiguous: whoever brings the list is asked.

    ``find`` raises ValidationError; each text is looked up once, since a list repeats a few of them a thousand times.
    """

    def __init__(self, find: Callable[[str], Any]) -> None:
        super().__init__()
        self._find = find
        self._answers: dict[str, tuple[int | None, str]] = {}

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> int | None:
        if not value:
            return None
        if value not in self._answers:
            self._answers[value] = self._look_up(value)
        found, refusal = self._answers[value]
        if refusal:
            raise ValueError(refusal)
        return found

    def _look_up(self, value: str) -> tuple[int | None, str]:
        try:
            return self._find(value).pk, ""
        except ValidationError as error:
            return None, " ".join(error.messages)


class OtherNamesWidget(widgets.Widget):
    """``Name (lang); Name (lang)``. A language outside ours becomes "other"; words in brackets stay in the name."""

    def __init__(self, usage: NameUsage) -> None:
        super().__init__()
        self.usage = usage

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> tuple[OtherName, ...]:
        return tuple(self._name(part.strip()) for part in value.split(";") if part.strip())

    def _name(self, text: str) -> OtherName:
        match = _LANGUAGE_SUFFIX.match(text)
        if match is None:
            return OtherName(text, Language.OTHER, self.usage)
        language = match["language"] if match["language"] in Language.values else Language.OTHER
        return OtherName(match["name"], language, self.usage)


class WebsiteWidget(widgets.Widget):
    """An address as typed, with https:// where no scheme stands; refused here, so that the value shown is the one typed."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        if not value:
            return ""
        try:
            address: str = _WEBSITE.clean(value if _SCHEME.match(value) else f"https://{value}", None)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
        return address


class YearWidget(widgets.Widget):
    """A year, or a day of which the year is kept: 1986, 1986-05-01, 1/5/1986, 5/1986."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> int | None:
        if not value:
            return None
        year = int(value) if _YEAR.match(value) else _year_of_day(value)
        if year is None:
            raise ValueError(_("This is neither a year nor a day. Write the year, such as 1986."))
        if year > timezone.localdate().year:
            raise ValueError(_("The year %(year)d is still to come.") % {"year": year})
        return year


def _year_of_day(value: str) -> int | None:
    for order in _DAY_ORDERS:
        if match := order.match(value):
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"] or 1)).year
            except ValueError:
                return None
    return None


# --- The resource ------------------------------------------------------------------------------------


@dataclass
class Draft:
    """A row while its fields are filled in: the instance that the library writes to."""

    name: str = ""
    other_names: tuple[OtherName, ...] = ()
    acronym: tuple[OtherName, ...] = ()
    kind: int | None = None
    country: int | None = None
    city: str = ""
    website: str = ""
    founded: int | None = None
    external_id: str = ""


class PartnerResource(resources.Resource):
    """Reads the rows of one list, given its mapping of columns to fields (``{"other names": "other_names", …}``)."""

    name = fields.Field("name")
    other_names = fields.Field("other_names", widget=OtherNamesWidget(NameUsage.OTHER))
    acronym = fields.Field("acronym", widget=OtherNamesWidget(NameUsage.ACRONYM))
    kind = fields.Field("kind")
    country = fields.Field("country")
    city = fields.Field("city")
    website = fields.Field("website", widget=WebsiteWidget())
    founded = fields.Field("founded", widget=YearWidget())
    external_id = fields.Field("external_id")

    def __init__(self, mapping: Mapping[str, str], *, countries: CountryIndex, kinds: PartnerKindIndex) -> None:
        super().__init__()
        self.column_of = {name: column for column, name in mapping.items()}
        for name, column in self.column_of.items():
            self.fields[name].column_name = column
        self.fields["kind"].widget = LookupWidget(kinds.find)
        self.fields["country"].widget = LookupWidget(countries.find)
        self._mapped = [self.fields[name] for name in self.column_of]

    def get_import_fields(self) -> list[fields.Field]:
        """The mapped fields; the library asks for them with every row."""
        return self._mapped

    def rows(self, table: Table, *, decisions: Mapping[str, str] | None = None) -> Iterator[PartnerRow]:
        """Read every row. ``decisions``: row number → "skip" or the public id of the partner it is the same as."""
        decisions = decisions or {}
        for row in table.rows():
            yield self.read(row, decision=decisions.get(str(row.number), ""))

    def read(self, row: TableRow, *, decision: str = "") -> PartnerRow:
        """Return one row with its words turned into values, and everything that could not be."""
        draft = Draft()
        problems: list[Problem] = []
        if row.problem:
            problem = row.problem
            return PartnerRow(row.number, problems=(Problem("", problem.value, problem.code, problem.message, column=problem.column),))
        try:
            # The library gathers whatever widgets refuse into one error, by field.
            self.import_instance(draft, row.cells)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                problems.append(Problem(name, shown(row.cells[self.column_of[name]]), "invalid", " ".join(messages)))
        return PartnerRow(
            number=row.number,
            name=draft.name,
            kind_id=draft.kind,
            country_id=draft.country,
            city=draft.city,
            website=draft.website,
            founded_year=draft.founded,
            other_names=(*draft.other_names, *draft.acronym),
            external_id=draft.external_id,
            problems=tuple(problems),
            same_as=UUID(decision) if decision not in ("", "skip") else None,
            skip=decision == "skip",
        )
