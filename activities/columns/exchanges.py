"""The columns of the list of exchanges."""

from typing import Any

from django.db.models import Prefetch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.models import Event, Exchange, Participation
from crm.choices import Confidentiality
from crm.columns import (
    RECORD_COLUMNS,
    WHO_MAY_SEE,
    Column,
    SortKey,
    day_column,
    demo_tag,
    joined,
    lines,
    link,
    number_column,
    prefetched,
    related,
    text_column,
    under,
)
from crm.templatetags.nhipcau import day, status

SHOWN_PARTNERS = 3


def days(row: Exchange | Event) -> SafeString:
    until = format_html('<span class="under">– {}</span>', day(row.ends_on)) if row.ends_on else SafeString("")
    return SafeString(day(row.starts_on) + until)


# Only what a line says of them: a page of fifty exchanges names a hundred partners.
_NAMED = Participation.objects.select_related("partner").only("exchange", "rank", "partner__name", "partner__public_id")
_with_partners = prefetched(Prefetch("participations", _NAMED.order_by("rank", "id"), to_attr="named"))


def _exchange_name(exchange: Exchange) -> SafeString:
    title = link(exchange.get_absolute_url(), exchange.title or exchange.kind.label)
    return SafeString(title + demo_tag(exchange) + under(exchange.kind.label if exchange.title else ""))


def _partners(exchange: Any) -> SafeString:
    shown = lines(link(row.partner.get_absolute_url(), row.partner.name) for row in exchange.named[:SHOWN_PARTNERS])
    left = len(exchange.named) - SHOWN_PARTNERS
    return SafeString(shown + under(ngettext("and %(n)s more", "and %(n)s more", left) % {"n": left})) if left > 0 else shown


def _standing(exchange: Exchange) -> SafeString:
    shown = status(exchange.status, exchange.get_status_display())
    if exchange.level:
        shown = SafeString(shown + under(exchange.get_level_display()))
    if exchange.confidentiality == Confidentiality.RESTRICTED:
        shown = SafeString(shown + under(status("restricted", _("Restricted"))))
    return shown


EXCHANGE_COLUMNS = (
    Column("day", gettext_lazy("Day"), days, lambda exchange: exchange.starts_on, sort=SortKey(("starts_on", "id"))),
    Column(
        "title", gettext_lazy("Exchange"), _exchange_name, lambda exchange: exchange.title or exchange.kind.label,
        fetch=related("kind"), heads_row=True,
    ),
    Column(
        "partners", gettext_lazy("Partners"), _partners,
        lambda exchange: joined((row.partner.name for row in exchange.named), separator="; "), fetch=_with_partners,
    ),
    text_column("unit", gettext_lazy("Unit"), lambda exchange: exchange.host_unit.display, fetch=related("host_unit")),
    Column("status", gettext_lazy("Status"), _standing, lambda exchange: str(exchange.get_status_display())),
    day_column("until", gettext_lazy("Last day"), lambda exchange: exchange.ends_on, standard=False),
    text_column("kind", gettext_lazy("Kind"), lambda exchange: exchange.kind.label, fetch=related("kind"), standard=False),
    text_column("level", gettext_lazy("Level"), lambda exchange: exchange.get_level_display(), standard=False),
    text_column(
        "direction", gettext_lazy("Direction"), lambda exchange: exchange.direction_label, fetch=related("kind"), standard=False
    ),
    text_column("place", gettext_lazy("Place"), lambda exchange: exchange.place, standard=False),
    number_column("people", gettext_lazy("Number of people"), lambda exchange: exchange.people_count, standard=False),
    text_column(
        "provinces", gettext_lazy("Provinces"), lambda exchange: joined(exchange.provinces.all()), fetch=prefetched("provinces"),
        standard=False,
    ),
    text_column(
        "fields", gettext_lazy("Fields of cooperation"), lambda exchange: joined(exchange.fields.all(), separator="; "),
        fetch=prefetched("fields"), standard=False,
    ),
    text_column(
        "co_units", gettext_lazy("Together with"), lambda exchange: joined(row.unit.display for row in exchange.co_units.all()),
        fetch=prefetched("co_units__unit"), standard=False,
    ),
    text_column(
        "policy", gettext_lazy("Directive"), lambda exchange: exchange.policy_document, fetch=related("policy_document"), standard=False
    ),
    text_column("outcome", gettext_lazy("Outcome"), lambda exchange: exchange.outcome, standard=False),
    WHO_MAY_SEE,
    *RECORD_COLUMNS,
)  # fmt: skip
