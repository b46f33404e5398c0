"""A partner as the API writes it: what a source says, what stands, and the way back to rows and columns.

Offices compare texts and codes, so two words about a partner are compared as JSON: a kind is its code, a country its two
letters, fields are codes, other names are objects.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from crm.choices import Language
from crm.models import Country, Field
from crm.text import one_line
from partners.actions.partners import OtherName
from partners.choices import PartnerStatus
from partners.models import Partner, PartnerKind, PartnerName

# Fields of the register that a source may say, in the order in which people read them.
REGISTRY_FIELDS = (
    "name", "name_language", "names", "kind", "country", "city", "website", "founded_year", "fields", "status", "friend_since",
)  # fmt: skip
SETS = frozenset({"names", "fields"})
_TEXTS = frozenset({"name", "city"})
_PLAIN = ("name", "name_language", "city", "website", "founded_year", "status", "friend_since")


# What a whole row says of fields that it leaves out.
LEFT_OUT: dict[str, Any] = {
    "name_language": Language.OTHER.value, "names": [], "country": None, "city": "", "website": "", "founded_year": None, "fields": [],
    "status": PartnerStatus.ACTIVE.value, "friend_since": None,
}  # fmt: skip


def as_said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return validated values, as ``save_partner`` takes them, the way the API writes them and the database keeps them."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        if name == "kind":
            said[name] = value.code
        elif name == "country":
            said[name] = value and value.alpha2
        elif name == "fields":
            said[name] = sorted(field.code for field in value)
        elif name == "names":
            said[name] = _names_said(value)
        else:
            said[name] = one_line(value) if name in _TEXTS else value
    return said


def _names_said(names: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Other names, each once."""
    rows = {(one_line(row["name"]), str(row["language"]), str(row["usage"])): None for row in names}
    return [_name_object(*row) for row in rows]


def _name_object(name: str, language: str, usage: str) -> dict[str, str]:
    return {"name": name, "language": language, "usage": usage}


def standing(partners: Iterable[Partner]) -> dict[int, dict[str, Any]]:
    """Return partner → what stands of it, as the API writes it. Two queries; kind and country come with the partners."""
    rows = list(partners)
    pks = [partner.pk for partner in rows]
    names: dict[int, list[dict[str, str]]] = defaultdict(list)
    for pk, *name in PartnerName.objects.filter(partner__in=pks).order_by("id").values_list("partner_id", "name", "language", "usage"):
        names[pk].append(_name_object(*name))
    fields: dict[int, list[str]] = defaultdict(list)
    for pk, code in (
        Partner.fields.through.objects.filter(partner_id__in=pks).order_by("field__code").values_list("partner_id", "field__code")
    ):
        fields[pk].append(code)
    return {
        partner.pk: {
            **{name: getattr(partner, name) for name in _PLAIN},
            "kind": partner.kind.code,
            "country": partner.country and partner.country.alpha2,
            "names": names[partner.pk],
            "fields": fields[partner.pk],
        }
        for partner in rows
    }


class Codes:
    """Rows by the codes that stand for them, each list read once, when it is first needed."""

    @cached_property
    def kinds(self) -> dict[str, PartnerKind]:
        return {row.code: row for row in PartnerKind.objects.all()}

    @cached_property
    def countries(self) -> dict[str, Country]:
        return {row.alpha2: row for row in Country.objects.exclude(alpha2=None)}

    @cached_property
    def fields(self) -> dict[str, Field]:
        return {row.code: row for row in Field.objects.all()}

    def read(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the API writes as ``save_partner`` takes it. Raises KeyError for a code that is no longer there."""
        values = dict(said)
        if "kind" in said:
            values["kind"] = self.kinds[said["kind"]]
        if said.get("country"):
            values["country"] = self.countries[said["country"]]
        if "fields" in said:
            values["fields"] = [self.fields[code] for code in said["fields"]]
        if "names" in said:
            values["names"] = [OtherName(**name) for name in said["names"]]
        return values
