"""The collision radar (M8, overlap): two units of ours that meet the same partner within 90 days, and share no exchange with it.

Only unit, day and kind are told, which the directory tells anyway; never what it is about. Restricted exchanges are in no
figure, so here neither. Letters are no meeting: many units may congratulate the same partner on the same day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from activities.choices import ExchangeStatus, PointsClass
from activities.models import ExchangeKind, ExchangeUnit, Participation
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner
from reports.metrics.houses import houses

RADAR_DAYS = 90


@dataclass(frozen=True)
class Meeting:
    """What the other unit may know of a meeting."""

    unit: Unit
    on: date
    kind: ExchangeKind
    is_ahead: bool


@dataclass(frozen=True)
class Collision:
    """The two meetings of two units with one partner that lie nearest to each other, the earlier one first."""

    partner: Partner
    first: Meeting
    second: Meeting

    @property
    def days_apart(self) -> int:
        return (self.second.on - self.first.on).days

    @property
    def is_ahead(self) -> bool:
        """Whether one of the two is still to come, so that the units can join it."""
        return self.first.is_ahead or self.second.is_ahead

    @property
    def units(self) -> tuple[Unit, Unit]:
        return self.first.unit, self.second.unit

    @property
    def order(self) -> tuple[bool, int, str, int, str, str]:
        """Sorts what can still be joined first, by its day; then what was held, the latest first."""
        day, (first, second) = self.second.on.toordinal(), self.units
        return not self.is_ahead, day if self.is_ahead else -day, self.partner.sort_key, self.partner.pk, first.path, second.path


@dataclass(frozen=True)
class _Row:
    """A participation in the window; ``root``: the delegation that the exchange belongs to, else the exchange itself.

    ``hosts``: its host unit, and that of the delegation unless that is restricted.
    """

    partner_id: int
    on: date
    kind_id: int
    exchange_id: int
    root: int
    hosts: tuple[int, ...]


def collisions(as_of: date, *, country_ids: Iterable[int] | None = None) -> list[Collision]:
    """Return the collisions among what was held in ``(T − 90, T]`` or is planned in ``(T, T + 90]``, as known on T.

    One for each partner and pair of houses (``reports.metrics.houses``) that met it no more than 90 days apart without an
    exchange, or a delegation, of the window that both of them hold. Five queries.
    """
    rows = list(_rows(as_of, country_ids))
    if not rows:
        return []
    holders = _holders(rows, houses())
    kinds = {kind.pk: kind for kind in ExchangeKind.objects.all()}
    by_partner: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        by_partner[row.partner_id].append(row)
    partners = Partner.objects.select_related("country").in_bulk(by_partner)
    found = [
        Collision(partners[partner_id], *(_meeting(unit, row, kinds, as_of) for unit, row in pair))
        for partner_id, same in by_partner.items()
        for pair in _nearest_pairs(same, holders)
    ]
    return sorted(found, key=lambda collision: collision.order)


def concerning(found: Iterable[Collision], reader: User) -> list[Collision]:
    """Those in which a unit of the reader has a part; all of them for the centre."""
    if reader.scope.central:
        return list(found)
    return [row for row in found if not reader.scope.unit_ids.isdisjoint(unit.pk for unit in row.units)]


def overlap(found: Iterable[Collision], country_ids: Iterable[int] | None = None) -> int:
    """M8: partners that two or more units met within 90 days without a shared exchange: of meetings held, of these countries."""
    wanted = None if country_ids is None else set(country_ids)
    return len({row.partner.pk for row in found if not row.is_ahead and (wanted is None or row.partner.country_id in wanted)})


def _rows(as_of: date, country_ids: Iterable[int] | None) -> Iterator[_Row]:
    """Two-way meetings of the window with partners that more than one unit meets. One query."""
    met = _window(as_of).filter(partner__archived_at=None)
    if country_ids is not None:
        met = met.filter(partner__country__in=list(country_ids))
    counts = {"hosts": Count("host_unit", distinct=True), "co_hosts": Count("exchange__co_units__unit", distinct=True)}
    several = met.order_by().values("partner").annotate(**counts).filter(Q(hosts__gt=1) | Q(co_hosts__gt=0))
    columns = ("partner", "exchange__starts_on", "exchange__kind", "exchange", "exchange__parent", "host_unit")
    of_parent = ("exchange__parent__host_unit", "exchange__parent__confidentiality")
    rows = met.filter(partner__in=several.values("partner")).order_by("partner", "day_no", "exchange")
    for partner_id, on, kind_id, exchange_id, parent_id, host_id, parent_host_id, level in rows.values_list(*columns, *of_parent):
        hosts = (host_id, parent_host_id) if parent_id and level != Confidentiality.RESTRICTED else (host_id,)
        yield _Row(partner_id, on, kind_id, exchange_id, parent_id or exchange_id, hosts)


def _window(as_of: date) -> Any:
    """What was held by T, and what is planned after T and was on record by the end of T."""
    known_by = timezone.make_aware(datetime.combine(as_of + timedelta(days=1), time.min))
    planned = Q(
        exchange__starts_on__gt=as_of, exchange__created_at__lt=known_by, exchange__archived_at=None,
        exchange__status__in=[ExchangeStatus.PLANNED, ExchangeStatus.HELD],
    )  # fmt: skip
    held = Q(exchange__starts_on__lte=as_of, exchange__archived_at=None, exchange__status=ExchangeStatus.HELD)
    around = {"exchange__starts_on__gt": as_of - timedelta(days=RADAR_DAYS), "exchange__starts_on__lte": as_of + timedelta(days=RADAR_DAYS)}
    meetings = Participation.objects.filter(held | planned, two_way=True, exchange__kind__points_class__isnull=False, **around)
    return meetings.exclude(exchange__kind__points_class=PointsClass.LETTER).exclude(exchange__confidentiality=Confidentiality.RESTRICTED)


def _holders(rows: Iterable[_Row], homes: dict[int, Unit]) -> dict[int, set[Unit]]:
    """Return root → the houses that hold it: hosts and co-hosts of the exchange, or of any part of the delegation. One query."""
    holders: dict[int, set[Unit]] = defaultdict(set)
    roots: dict[int, int] = {}
    for row in rows:
        roots[row.exchange_id] = roots[row.root] = row.root
        holders[row.root].update(homes[host_id] for host_id in row.hosts)
    together = ExchangeUnit.objects.filter(exchange__in=roots).exclude(exchange__confidentiality=Confidentiality.RESTRICTED)
    for exchange_id, unit_id in together.values_list("exchange", "unit"):
        holders[roots[exchange_id]].add(homes[unit_id])
    return holders


def _nearest_pairs(rows: list[_Row], holders: dict[int, set[Unit]]) -> Iterator[list[tuple[Unit, _Row]]]:
    """For each two houses that hold nothing together: their nearest two meetings with the partner, by day."""
    by_unit: dict[Unit, list[_Row]] = defaultdict(list)
    for row in rows:
        for unit in holders[row.root]:
            by_unit[unit].append(row)
    shared = {frozenset(pair) for row in rows for pair in combinations(holders[row.root], 2)}
    for one, other in combinations(sorted(by_unit, key=lambda unit: unit.path), 2):
        if frozenset((one, other)) in shared:
            continue
        pairs = [((one, first), (other, second)) for first in by_unit[one] for second in by_unit[other]]
        # Among pairs as near as each other the latest, which may still be ahead.
        nearest = min(
            pairs, key=lambda pair: (abs((pair[0][1].on - pair[1][1].on).days), -pair[0][1].on.toordinal(), pair[0][1].exchange_id)
        )
        if abs((nearest[0][1].on - nearest[1][1].on).days) <= RADAR_DAYS:
            yield sorted(nearest, key=lambda held: (held[1].on, held[1].exchange_id))


def _meeting(unit: Unit, row: _Row, kinds: dict[int, ExchangeKind], as_of: date) -> Meeting:
    return Meeting(unit, row.on, kinds[row.kind_id], is_ahead=row.on > as_of)
