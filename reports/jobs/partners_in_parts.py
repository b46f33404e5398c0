"""Cutting the register into parts of about the same size, by country."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.models import Country
from partners.models import Partner

PART_SIZE = 2000
CODES_NAMED = 8


@dataclass(frozen=True)
class RegisterPart:
    """Partners of a few small countries, or a stretch of the partners of one; ``countries``: ids, None for those without.

    Ends left open take in who is registered between cutting and reading.
    """

    label: str
    countries: tuple[int | None, ...]
    count: int
    first: int | None = None
    last: int | None = None

    def as_parameters(self) -> dict[str, Any]:
        return {"label": self.label, "countries": list(self.countries), "first": self.first, "last": self.last}


def partners_of(parameters: dict[str, Any]) -> list[int]:
    """The keys of the partners of a part, archived ones too: what was held with them was held."""
    return list(_within(parameters).order_by("pk").values_list("pk", flat=True))


def cut_register(size: int = PART_SIZE) -> Iterator[RegisterPart]:
    """Yield parts that together are the whole register: small countries packed together, large ones cut."""
    codes: dict[int | None, str] = dict(Country.objects.values_list("pk", "alpha2"))
    codes[None] = _("without a country")
    rows = Partner.objects.order_by("country", "pk").values_list("country", "pk").iterator()
    packed: list[tuple[int | None, int]] = []
    for country_id, group in groupby(rows, key=lambda row: row[0]):
        pks = [pk for _country, pk in group]
        if len(pks) > size:
            yield from _stretches(country_id, codes[country_id], pks, size)
            continue
        if packed and sum(count for _country, count in packed) + len(pks) > size:
            yield _pack(packed, codes)
            packed = []
        packed.append((country_id, len(pks)))
    if packed:
        yield _pack(packed, codes)


def _stretches(country_id: int | None, code: str, pks: list[int], size: int) -> Iterator[RegisterPart]:
    starts = range(0, len(pks), size)
    for number, start in enumerate(starts, 1):
        chunk = pks[start : start + size]
        first, last = (None if start == 0 else chunk[0]), (None if number == len(starts) else chunk[-1])
        yield RegisterPart(f"{code} {number}/{len(starts)}", (country_id,), len(chunk), first, last)


def _pack(packed: list[tuple[int | None, int]], codes: dict[int | None, str]) -> RegisterPart:
    named = [codes[country_id] for country_id, _count in packed]
    label = ", ".join(named) if len(named) <= CODES_NAMED else f"{named[0]}, {named[1]} … {named[-1]} ({len(named)})"
    return RegisterPart(label, tuple(country_id for country_id, _count in packed), sum(count for _country, count in packed))


def _within(parameters: dict[str, Any]) -> QuerySet[Partner]:
    known = [country_id for country_id in parameters["countries"] if country_id is not None]
    partners = Partner.objects.filter(country__in=known)
    if None in parameters["countries"]:
        partners |= Partner.objects.filter(country__isnull=True)
    if parameters["first"] is not None:
        partners = partners.filter(pk__gte=parameters["first"])
    return partners if parameters["last"] is None else partners.filter(pk__lte=parameters["last"])
