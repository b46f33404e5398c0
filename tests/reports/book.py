"""A book of exchanges for tests of figures: said in one line each, written in bulk, facts filled by the product's own rule."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from activities.actions.facts import fill_facts
from activities.choices import Direction, ExchangeStatus, Level, PointsClass, Sides
from activities.models import Exchange, ExchangeKind, Participation
from crm.models import Unit
from partners.models import Partner, PartnerKind

AS_OF = date(2025, 9, 30)


@dataclass(frozen=True)
class Entry:
    """One exchange: with which partners (by their place in a list), how many days before AS_OF, and what it was."""

    age: int
    points_class: PointsClass = PointsClass.MEETING
    level: Level = Level.WORKING
    one_sided: bool = False
    partners: tuple[int, ...] = (0,)
    direction: Direction = Direction.MUTUAL

    @property
    def day(self) -> date:
        return AS_OF - timedelta(days=self.age)


def some_partners(count: int) -> list[Partner]:
    kind = PartnerKind.objects.order_by("pk")[0]
    return [Partner.objects.create(name=f"Partner {number}", kind=kind) for number in range(count)]


def write(entries: Iterable[Entry], partners: list[Partner]) -> list[Exchange]:
    """Write the entries in the order given."""
    kinds = {kind.points_class: kind for kind in ExchangeKind.objects.order_by("-pk")}
    unit = Unit.objects.order_by("pk")[0]
    entries = list(entries)
    exchanges = Exchange.objects.bulk_create(
        Exchange(
            kind=kinds[entry.points_class],
            starts_on=entry.day,
            level=entry.level,
            sides=Sides.OURS if entry.one_sided else Sides.BOTH,
            direction=entry.direction,
            status=ExchangeStatus.HELD,
            host_unit=unit,
        )
        for entry in entries
    )
    for entry, exchange in zip(entries, exchanges, strict=True):
        rows = [Participation(exchange=exchange, partner=partners[place]) for place in dict.fromkeys(entry.partners)]
        fill_facts(rows, exchange, field_mask=0)
        Participation.objects.bulk_create(rows)
    return exchanges


@contextmanager
def taken_back() -> Iterator[None]:
    """Undo everything written inside, so that random examples do not meet."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
