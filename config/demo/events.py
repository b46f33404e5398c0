"""Events with several partners at once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from activities.choices import Direction, ExchangeStatus, Level, OurRole
from activities.models import Event, Exchange, Forum
from config.demo.directory import Acquaintance
from config.demo.entries import Entry
from config.demo.surroundings import Surroundings
from config.demo.tables import document
from crm.actions.records import save_record
from crm.choices import Confidentiality

TALKS = 2


def make_events(known: dict[str, Acquaintance], around: Surroundings) -> Iterator[Entry]:
    """Make the events of ``events.toml``; yield of each the gathering itself and, once it is over, talks beside it."""
    for row in document("events.toml")["event"]:
        event = _event(row, around)
        save_record(event, by=around.colleagues.of(event.host_unit))
        guests = [known[key] for key in row["partners"]]
        yield _gathering(event, row, guests, around)
        if event.starts_on < around.today:
            yield from (_talk_beside(event, guest, around) for guest in guests[:TALKS])


def _event(row: dict[str, Any], around: Surroundings) -> Event:
    starts_on = around.today - timedelta(days=row["starts"])
    return Event(
        name=row["name"],
        forum=Forum.objects.get(code=row["forum"]) if "forum" in row else None,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=row["days"] - 1) if row["days"] > 1 else None,
        place=row["place"],
        country=around.countries[row.get("country", "VN")],
        our_role=row["role"],
        host_unit=around.units[row["unit"]],
        is_demo=True,
    )


def _gathering(event: Event, row: dict[str, Any], guests: list[Acquaintance], around: Surroundings) -> Entry:
    """One exchange with all the partners: an event of many is one event."""
    past = event.starts_on <= around.today
    exchange = _at(event, row["kind"], around)
    exchange.title = event.name
    exchange.ends_on = event.ends_on
    exchange.level = Level.LEADER if event.our_role == OurRole.HOST else Level.DEPUTY
    exchange.status = ExchangeStatus.HELD if past else ExchangeStatus.PLANNED
    exchange.people_count = 30 * len(guests) if past else None
    return _entry(exchange, guests, around)


def _talk_beside(event: Event, guest: Acquaintance, around: Surroundings) -> Entry:
    exchange = _at(event, "WORKING_MEETING", around)
    exchange.title = f"Gặp {guest.partner.name} bên lề {event.name}"
    exchange.summary = "Trao đổi ngắn về kế hoạch gặp lại và đầu mối của hai bên."
    exchange.level = Level.DEPUTY
    return _entry(exchange, [guest], around)


def _at(event: Event, kind: str, around: Surroundings) -> Exchange:
    return Exchange(
        kind=around.kinds[kind],
        starts_on=event.starts_on,
        direction=Direction.MUTUAL,
        place=event.place,
        country=event.country,
        host_unit=event.host_unit,
        event=event,
        confidentiality=Confidentiality.NETWORK,
        is_demo=True,
    )


def _entry(exchange: Exchange, guests: list[Acquaintance], around: Surroundings) -> Entry:
    ours = exchange.country == around.countries["VN"]
    return Entry(
        exchange=exchange,
        author=around.colleagues.of(exchange.host_unit),
        partners=[guest.partner for guest in guests],
        fields=guests[0].fields[:1],
        provinces=[around.province_of(exchange.host_unit, exchange.starts_on)] if ours else [],
    )
