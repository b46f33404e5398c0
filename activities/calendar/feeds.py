"""A calendar as calendar programs read it (RFC 5545): nothing restricted, stable identities, whole days."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event
from icalendar.prop import vDuration, vText

from activities.calendar.entries import Entry, EntryKind, Selection, Whose, entries
from activities.choices import ExchangeStatus
from activities.models import CalendarFeed

DAYS_BACK = 90
DAYS_AHEAD = 400
REFRESH_EVERY = timedelta(hours=4)
PRODUCT = "-//Nhip Cau//Calendar 1.0//VI"
DOMAIN = "nhip-cau.invalid"
_STATUS: dict[str, str] = {ExchangeStatus.CANCELLED: "CANCELLED", ExchangeStatus.PLANNED: "TENTATIVE"}


def entries_of(feed: CalendarFeed, today: date) -> list[Entry]:
    """What the feed's owner may see today and that may leave the site, of the owner's own or of one unit."""
    since, until = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    return entries(Selection(feed.user, since, until, Whose.UNITS if feed.unit else Whose.MINE, feed.unit, outside=True))


def calendar_text(feed: CalendarFeed, found: Iterable[Entry], *, site: str) -> bytes:
    """Return the calendar as UTF-8 with CRLF, folded at 75 octets. ``site`` stands before the addresses of pages.

    The same entries give the same bytes: DTSTAMP is when the entry last changed, as RFC 5545 asks without a METHOD.
    """
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("X-WR-CALNAME", vText(f"Nhịp Cầu · {feed.unit.display if feed.unit else feed.user}"))
    calendar.add("X-WR-TIMEZONE", vText("Asia/Ho_Chi_Minh"))
    calendar.add("REFRESH-INTERVAL", vDuration(REFRESH_EVERY), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH_EVERY))
    for entry in found:
        calendar.add_component(_event(entry, made_at=feed.created_at, site=site))
    text: bytes = calendar.to_ical()
    return text


def _event(entry: Entry, *, made_at: datetime, site: str) -> Event:
    event = Event()
    changed_at = (entry.changed_at or made_at).astimezone(UTC).replace(microsecond=0)
    event.add("UID", f"{entry.identity}@{DOMAIN}")
    event.add("DTSTAMP", changed_at)
    event.add("LAST-MODIFIED", changed_at)
    event.add("SEQUENCE", entry.revision)
    event.add("DTSTART", entry.on)
    event.add("DTEND", entry.last + timedelta(days=1))
    event.add("SUMMARY", entry.title)
    if entry.detail and entry.detail not in entry.title:
        event.add("DESCRIPTION", entry.detail)
    if entry.place:
        event.add("LOCATION", entry.place)
    event.add("URL", f"{site}{entry.url}")
    event.add("CATEGORIES", [str(entry.kind.label)])
    event.add("STATUS", _STATUS.get(entry.status, "CONFIRMED") if entry.kind == EntryKind.EXCHANGE else "CONFIRMED")
    # A whole day on which somebody may well be reached: it shows without blocking the day.
    event.add("TRANSP", "TRANSPARENT")
    return event
