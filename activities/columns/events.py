"""The columns of the list of events."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from activities.columns.exchanges import days
from activities.models import Event
from crm.columns import (
    Column,
    SortKey,
    day_column,
    demo_tag,
    joined,
    link,
    related,
    text_column,
    under,
)


def _event_name(event: Event) -> SafeString:
    return SafeString(link(event.get_absolute_url(), event.name) + demo_tag(event) + under(event.forum))


def _event_place(event: Event) -> str:
    return joined(part for part in (event.place, event.country) if part)


EVENT_COLUMNS = (
    Column("day", gettext_lazy("Day"), days, lambda event: event.starts_on, sort=SortKey(("starts_on", "id"))),
    Column("name", gettext_lazy("Name"), _event_name, lambda event: event.name, fetch=related("forum"), heads_row=True),
    text_column("place", gettext_lazy("Place"), _event_place, fetch=related("country")),
    text_column("our_role", gettext_lazy("Our role"), lambda event: event.get_our_role_display()),
    text_column("unit", gettext_lazy("Host unit"), lambda event: event.host_unit.display, fetch=related("host_unit")),
    day_column("until", gettext_lazy("Last day"), lambda event: event.ends_on, standard=False),
    text_column("forum", gettext_lazy("Session of the forum"), lambda event: event.forum, fetch=related("forum"), standard=False),
    text_column("identifier", gettext_lazy("Identifier"), lambda event: event.public_id, standard=False),
)  # fmt: skip
