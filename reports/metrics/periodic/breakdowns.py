"""Exchanges by tier, country, field, province and unit, and foreign NGOs by region: one row for each key.

An exchange with several countries, fields, provinces or units is one in each of their rows, so rows may add up to more than the
total. Tiers are those of the span's own last day; provinces are shown on one map for all columns, with the old names under them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activities.models import Exchange, ExchangeUnit, Participation
from crm.models import Country, Field, Tier, TierMembership, Unit
from reports.metrics.days import day_number
from reports.metrics.periodic.labels import in_both_languages
from reports.metrics.periodic.sources import exchanges, ngos_registered
from reports.metrics.periodic.spans import Span

REGIONS = {"Africa": _("Africa"), "Americas": _("Americas"), "Asia": _("Asia"), "Europe": _("Europe"), "Oceania": _("Oceania")}
Key = int | str
Pairs = QuerySet[Any]


@dataclass(frozen=True)
class Row:
    """One key of a breakdown, named in both languages."""

    key: Key
    name_vi: str
    name_en: str


@dataclass(frozen=True)
class Breakdown:
    """``pairs``: querysets with a ``key`` and the ``row`` that counts under it, no pair in two of them.

    ``rows`` names keys, in the order of lists. ``parts`` stand set in under the row that ``above`` leads them to.
    ``once``: no pair comes twice in ``pairs``, as it does where an exchange has two partners of one country.
    """

    code: str
    label: str | Promise
    noun: str
    pairs: Callable[[Span], Sequence[Pairs]]
    rows: Callable[[Span, Iterable[Key]], Sequence[Row]]
    parts: "Breakdown | None" = None
    above: Callable[[Span, Key], Key] = lambda span, key: key
    once: bool = False

    def counts(self, span: Span) -> Counter[Key]:
        """How many different rows stand under each key."""
        found: Counter[Key] = Counter()
        for pairs in self.pairs(span):
            found.update(dict(pairs.order_by().values_list("key").annotate(Count("row", distinct=not self.once))))
        return found


def days_of(span: Span) -> tuple[int, int]:
    """The first and the last day of the span, as the parts in its exchanges have them: they spare a walk through all other years."""
    return day_number(span.start), day_number(span.end) - 1


def parts_of(span: Span) -> QuerySet[Participation]:
    """The partners' parts in the exchanges of the span."""
    return Participation.objects.filter(exchange__in=exchanges(span).values("pk"), day_no__range=days_of(span)).order_by()


def _by_tier(span: Span) -> list[Pairs]:
    held = TierMembership.objects.on(span.day)
    rows = parts_of(span).filter(partner__country__tier_memberships__in=held)
    return [rows.annotate(key=F("partner__country__tier_memberships__tier"), row=F("exchange"))]


def _by_country(span: Span) -> list[Pairs]:
    rows = parts_of(span).filter(partner__country__isnull=False)
    return [rows.annotate(key=F("partner__country"), row=F("exchange"))]


def _by_field(span: Span) -> list[Pairs]:
    """By group of fields: the field's own, or the field itself where it is a group."""
    through: Any = Exchange.fields.through
    rows = through.objects.filter(exchange__in=exchanges(span).values("pk")).order_by()
    return [rows.annotate(key=Coalesce("field__parent", "field"), row=F("exchange"))]


def _by_province(span: Span) -> list[Pairs]:
    through: Any = Exchange.provinces.through
    rows = through.objects.filter(exchange__in=exchanges(span).values("pk")).order_by()
    return [rows.annotate(key=span.provinces.shown("province"), row=F("exchange"))]


def _by_old_province(span: Span) -> list[Pairs]:
    """Those logged under a province that has gone into another since."""
    provinces = span.provinces
    moved = [pk for pk, place in provinces.places.items() if pk != place]
    through: Any = Exchange.provinces.through
    rows = through.objects.filter(exchange__in=exchanges(span).values("pk"), province__in=moved).order_by()
    return [rows.annotate(key=F("province"), row=F("exchange"))]


def _by_unit(span: Span) -> list[Pairs]:
    held = exchanges(span)
    hosted, together = held, ExchangeUnit.objects.filter(exchange__in=held.values("pk")).exclude(unit=F("exchange__host_unit"))
    if span.unit_ids is not None:
        hosted, together = hosted.filter(host_unit__in=span.unit_ids), together.filter(unit__in=span.unit_ids)
    return [hosted.annotate(key=F("host_unit"), row=F("pk")), together.annotate(key=F("unit"), row=F("exchange"))]


def _ngos_by_region(span: Span) -> list[Pairs]:
    rows = ngos_registered(span).filter(country__isnull=False).order_by()
    return [rows.annotate(key=F("country__region"), row=F("pk"))]


def _labelled(rows: Iterable[Any]) -> list[Row]:
    return [Row(row.pk, row.label_vi, row.label_en) for row in rows]


def _named(rows: Iterable[Any]) -> list[Row]:
    return [Row(row.pk, row.name_vi, row.name_en) for row in rows]


def _tiers(span: Span, keys: Iterable[Key]) -> list[Row]:
    return _labelled(Tier.objects.filter(pk__in=keys))


def _countries(span: Span, keys: Iterable[Key]) -> list[Row]:
    return _named(Country.objects.filter(pk__in=keys))


def _fields(span: Span, keys: Iterable[Key]) -> list[Row]:
    return _labelled(Field.objects.filter(pk__in=keys))


def _provinces(span: Span, keys: Iterable[Key]) -> list[Row]:
    wanted = set(keys)
    return _named(province for pk, province in span.provinces.provinces.items() if pk in wanted)


def _former(span: Span, keys: Iterable[Key]) -> list[Row]:
    """Provinces that are no more, each with its last day, since the one it went into often has the same name."""
    wanted = set(keys)
    rows = [province for pk, province in span.provinces.provinces.items() if pk in wanted]
    ends = {row.pk: f" (– {row.valid_to - timedelta(days=1):%d/%m/%Y})" if row.valid_to else "" for row in rows}
    return [Row(row.pk, row.name_vi + ends[row.pk], row.name_en + ends[row.pk]) for row in rows]


def _units(span: Span, keys: Iterable[Key]) -> list[Row]:
    return [Row(row.pk, row.short_name or row.name_vi, row.short_name or row.name_en) for row in Unit.objects.filter(pk__in=keys)]


def _regions(span: Span, keys: Iterable[Key]) -> list[Row]:
    return [Row(key, *in_both_languages(REGIONS.get(str(key), str(key)))) for key in sorted(keys, key=str)]


_OLD_PROVINCES = Breakdown("old_province", _("Exchanges by province as recorded"), "exchanges", _by_old_province, _former)
BREAKDOWNS = (
    Breakdown("tier", _("Exchanges by tier"), "exchanges", _by_tier, _tiers),
    Breakdown("country", _("Exchanges by country"), "exchanges", _by_country, _countries),
    Breakdown("field", _("Exchanges by field"), "exchanges", _by_field, _fields),
    Breakdown(
        "province", _("Exchanges by province"), "exchanges", _by_province, _provinces,
        _OLD_PROVINCES, lambda span, key: span.provinces.places[int(key)],
    ),
    Breakdown("unit", _("Exchanges by unit"), "exchanges", _by_unit, _units, once=True),
    Breakdown("ngo_region", _("Foreign NGOs with a certificate, by region"), "partners", _ngos_by_region, _regions, once=True),
)  # fmt: skip
BY_CODE = {breakdown.code: breakdown for breakdown in (*BREAKDOWNS, _OLD_PROVINCES)}
