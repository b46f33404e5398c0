"""The columns of the coverage matrix, for each axis, and how contacts are counted into them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from crm.models import Field
from partners.models import PartnerKind
from reports.choices import Axis, PeriodKind
from reports.metrics.country_contacts import Source
from reports.metrics.days import YEAR_DAYS, day_number
from reports.metrics.periods import Period, period_of
from reports.metrics.provinces import ProvinceMap
from reports.metrics.tallies import NO_PROVINCE, Tally, by_field, by_kind, by_period, by_province

UNNAMED = 0
PARTS_OF_A_YEAR = 4


@dataclass(frozen=True)
class Column:
    """One column. ``key`` tells it in tallies and in plan lines; ``code`` in addresses.

    ``filters``: what a list of exchanges must ask for besides the row. ``since`` and ``until``: its first and last day.
    ``share``: the part of the year's duty that falls into it, where columns are periods; None where they are not.
    """

    key: int
    code: str
    label: str
    since: date
    until: date
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    share: Fraction | None = None
    is_partial: bool = False


@dataclass(frozen=True)
class Columns:
    """The columns of an axis as of a day, and the one way to count contacts into them."""

    axis: Axis
    columns: list[Column]
    count: Callable[[Source], Tally]
    since: date
    until: date


def columns_of(axis: Axis, as_of: date, *, provinces: ProvinceMap | None = None, group: Field | None = None) -> Columns:
    """Return the columns of the axis for the 365 days up to T. At most two queries.

    ``provinces``: the map that provinces lie on, that of T where not given. ``group``: a group of fields of which the
    columns are the fields; without one the columns are the groups.
    """
    since = as_of - timedelta(days=YEAR_DAYS - 1)
    if axis == Axis.QUARTER:
        return _quarters(since, as_of)
    if axis == Axis.FIELD:
        return _fields(since, as_of, group)
    if axis == Axis.PROVINCE:
        return _provinces(since, as_of, provinces or ProvinceMap.on(as_of))
    return _kinds(since, as_of)


def _quarters(since: date, until: date) -> Columns:
    """Calendar quarters cut to the year, so that the first and the last may be parts and all together are the year."""
    periods = [period_of(PeriodKind.QUARTER, since)]
    while periods[-1].end <= until:
        periods.append(periods[-1].next)
    columns = [_quarter(place, period, since, until) for place, period in enumerate(periods)]
    first_days = [day_number(column.since) for column in columns]
    return Columns(Axis.QUARTER, columns, lambda source: by_period(source, first_days, day_number(until)), since, until)


def _quarter(place: int, period: Period, since: date, until: date) -> Column:
    start, last = max(period.start, since), min(period.last_day, until)
    whole, days = (period.end - period.start).days, (last - start).days + 1
    share = Fraction(days, whole * PARTS_OF_A_YEAR)
    return Column(place, start.isoformat(), str(period), start, last, share=share, is_partial=days < whole)


def _fields(since: date, until: date, group: Field | None) -> Columns:
    fields = list(Field.objects.order_by("bit"))
    below: dict[int | None, list[Field]] = {}
    for row in fields:
        below.setdefault(row.parent_id, []).append(row)
    shown = [*below.get(group.pk, []), group] if group else below.get(None, [])
    columns, masks = [], {}
    for row in shown:
        members = [row] if group else [row, *below.get(row.pk, [])]
        label = _("%(group)s, no field named") % {"group": row} if group and row.pk == group.pk else str(row)
        columns.append(Column(row.pk, row.code, label, since, until, {"field": [member.code for member in members]}))
        masks[row.pk] = sum(1 << member.bit for member in members)
    if group is None:
        columns.append(Column(UNNAMED, "none", _("No field named"), since, until, {"unnamed": ["field"]}))
        masks[UNNAMED] = 0
    return Columns(Axis.FIELD, columns, lambda source: by_field(source, day_number(until), masks), since, until)


def _provinces(since: date, until: date, provinces: ProvinceMap) -> Columns:
    columns = [
        Column(row.pk, row.slug, str(row), since, until, {"province": [provinces.provinces[pk].slug for pk in provinces.parts_of(row.pk)]})
        for row in provinces.on_the_map
    ]
    columns.append(Column(NO_PROVINCE, "none", _("No province named"), since, until, {"unnamed": ["province"]}))
    return Columns(Axis.PROVINCE, columns, lambda source: by_province(source, day_number(until), provinces), since, until)


def _kinds(since: date, until: date) -> Columns:
    kinds: list[Any] = list(PartnerKind.objects.order_by("order", "id"))
    columns = [Column(kind.pk, kind.code, str(kind), since, until, {"partner_kind": [kind.code]}) for kind in kinds]
    return Columns(Axis.PARTNER_KIND, columns, lambda source: by_kind(source, day_number(until)), since, until)
