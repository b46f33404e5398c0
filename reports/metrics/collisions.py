"""The collision radar (M8, overlap): two units of ours that meet the same partner within 90 days, and share no exchange with it.

Only unit, day and kind are told, which the directory tells anyway; never what it is about. Restricted exchanges are in no
figure, so here neither. Letters are no meeting: many units may congratulate the same partner on the same day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from activities.models import Exchange, ExchangeKind
from crm.models import Unit, User
from partners.models import Partner
from reports.metrics.collision_pairs import Pair, Window, count_pairs, nearest_pairs
from reports.metrics.days import day_of
from reports.metrics.houses import houses


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


@dataclass(frozen=True)
class Tally:
    """How many collisions concern the reader, and country → partners that overlap whoever reads; None: partners of no country."""

    ahead: int
    held: int
    partners: Mapping[int | None, int]

    def overlap(self, country_ids: Iterable[int] | None = None) -> int:
        """M8: partners that two or more units met within 90 days without a shared exchange: of meetings held, of these countries."""
        if country_ids is None:
            return sum(self.partners.values())
        return sum(self.partners.get(pk, 0) for pk in set(country_ids))


class Radar:
    """Collisions among what was held in ``(T − 90, T]`` or is planned in ``(T, T + 90]``, as known on T.

    One for each partner and pair of houses (``reports.metrics.houses``) that met it no more than 90 days apart without an
    exchange, or a delegation, of the window that both of them hold. ``reader``: only those in which a unit of theirs has a
    part; all of them for the centre.
    """

    def __init__(self, as_of: date, reader: User | None = None) -> None:
        """One query."""
        homes = houses()
        self._units = sorted(set(homes.values()), key=lambda unit: unit.path)
        places = {unit.pk: place for place, unit in enumerate(self._units, 1)}
        own = None
        if reader is not None and not reader.scope.central:
            own = [place for unit_id, place in places.items() if unit_id in reader.scope.unit_ids]
        self._window = Window(as_of, {unit_id: places[home.pk] for unit_id, home in homes.items()}, own)

    def tally(self) -> Tally:
        """Count without listing. Two queries."""
        counted = count_pairs(self._window)
        return Tally(counted.ahead, counted.held, counted.overlap)

    def rows(self, limit: int, *, ahead: bool | None = None, among: int | None = None) -> list[Collision]:
        """The first rows: what can still be joined, by its day; then what was held, the latest first. Four or five queries.

        ``ahead``: only those, or only what was held. ``among``: how many there are, where that is known.
        """
        pairs = nearest_pairs(self._window, ahead=ahead, limit=limit, latest=limit)
        if len(pairs) < min(limit, limit if among is None else among):
            pairs = nearest_pairs(self._window, ahead=ahead, limit=limit)
        return self._read(pairs)

    def _read(self, pairs: list[Pair]) -> list[Collision]:
        partners = Partner.objects.select_related("country").in_bulk({pair.partner_id for pair in pairs})
        exchange_ids = {pk for pair in pairs for pk in (pair.one_exchange, pair.other_exchange)}
        held_as = dict(Exchange.objects.filter(pk__in=exchange_ids).order_by().values_list("pk", "kind"))
        kinds = ExchangeKind.objects.in_bulk(set(held_as.values()))
        found = []
        for pair in pairs:
            sides = sorted([(pair.one_day, pair.one_exchange, pair.one), (pair.other_day, pair.other_exchange, pair.other)])
            meetings = [self._meeting(day_of(day_no), kinds[held_as[pk]], place) for day_no, pk, place in sides]
            found.append(Collision(partners[pair.partner_id], *meetings))
        return found

    def _meeting(self, on: date, kind: ExchangeKind, place: int) -> Meeting:
        return Meeting(self._units[place - 1], on, kind, is_ahead=on > self._window.as_of)
