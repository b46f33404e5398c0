"""Events with several partners at once, each partner's contact there being an exchange of its own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from activities.choices import Direction, ExchangeStatus, Level
from activities.models import Event, Exchange, Forum
from config.demo.directory import Acquaintance
from config.demo.entries import Entry
from config.demo.surroundings import Surroundings
from config.demo.tables import document
from crm.actions.records import save_record
from crm.choices import Confidentiality


def make_events(known: dict[str, Acquaintance], around: Surroundings) -> Iterator[Entry]:
    """Make the events of ``events.toml`` and yield the exchanges at them."""
    for row in document("events.toml")["event"]:
        event = _event(row, around)
        save_record(event, by=around.colleagues.of(event.host_unit))
        for key in row["partners"]:
            yield _contact(known[key], event, around)


def _event(row: dict[str, Any], around: Surroundings) -> Event:
    starts_on = around.today - timedelta(days=row["starts"])
    return Event(
        name=row["name"],
        forum=Forum.objects.get(code=row["forum"]) if "forum" in row else None,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=row["days"] - 1),
        place=row["place"],
        country=around.countries[row.get("country", "VN")],
        our_role=row["role"],
        host_unit=around.units[row["unit"]],
        is_demo=True,
    )


def _contact(acquaintance: Acquaintance, event: Event, around: Surroundings) -> Entry:
    lot = acquaintance.lot(event.name)
    past = event.starts_on <= around.today
    exchange = Exchange(
        kind=around.kinds["CONFERENCE_INT"],
        title=f"{acquaintance.partner.name} tại {event.name}",
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        direction=Direction.MUTUAL,
        level=lot.choice([Level.WORKING, Level.DEPUTY, Level.DEPUTY, Level.LEADER]),
        status=ExchangeStatus.HELD if past else ExchangeStatus.PLANNED,
        place=event.place,
        country=event.country,
        host_unit=event.host_unit,
        event=event,
        summary="Gặp bên lề, trao đổi kế hoạch gặp lại." if past else "",
        confidentiality=Confidentiality.NETWORK,
        is_demo=True,
    )
    ours = event.country == around.countries["VN"]
    return Entry(
        exchange=exchange,
        author=around.colleagues.of(event.host_unit),
        partners=[acquaintance.partner],
        fields=acquaintance.fields[:1],
        provinces=[around.province_of(event.host_unit, event.starts_on)] if ours else [],
    )
