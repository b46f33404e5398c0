"""The columns of the lists of exchanges, follow-ups and events."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.choices import FollowUpState
from activities.models import Event, Exchange, FollowUp, Participation
from activities.models.follow_ups import NO_DAY
from crm.choices import Confidentiality
from crm.columns import (
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
    soft,
    status_column,
    text_column,
    under,
)
from crm.models import User
from crm.templatetags.nhipcau import ago, day, icon, status

SHOWN_PARTNERS = 3


def _days(row: Exchange | Event) -> SafeString:
    until = format_html('<span class="under">– {}</span>', day(row.ends_on)) if row.ends_on else SafeString("")
    return SafeString(day(row.starts_on) + until)


# --- Exchanges ---------------------------------------------------------------------------------------

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
    Column("day", gettext_lazy("Day"), _days, lambda exchange: exchange.starts_on, sort=SortKey(("starts_on", "id"))),
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
    status_column("confidentiality", gettext_lazy("Who may see"), "confidentiality", standard=False),
    day_column(
        "entered", gettext_lazy("Entered on"), lambda exchange: timezone.localtime(exchange.created_at).date(), sort=SortKey(("id",)),
        standard=False,
    ),
    text_column("identifier", gettext_lazy("Identifier"), lambda exchange: exchange.public_id, standard=False),
)  # fmt: skip


# --- Follow-ups --------------------------------------------------------------------------------------


def _follow_up_text(follow_up: FollowUp) -> SafeString:
    form = "<del>{}</del>" if follow_up.state != FollowUpState.OPEN else "{}"
    return SafeString(link(follow_up.get_absolute_url(), format_html(form, follow_up.text)) + demo_tag(follow_up))


def _due(follow_up: FollowUp) -> SafeString | str:
    if follow_up.due_on is None:
        return soft(_("no day"))
    if follow_up.is_overdue:
        return format_html('<span class="bad-text">{}</span>{}', day(follow_up.due_on), under(_("overdue")))
    return SafeString(day(follow_up.due_on) + under(ago(follow_up.due_on)))


def _with_what_it_is_about(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """The exchange only where the reader may see it."""
    seen = Exists(Exchange.objects.visible_to(user).filter(pk=OuterRef("exchange")))
    told: QuerySet[Any] = rows.select_related("partner", "exchange__kind").annotate(exchange_seen=seen)
    return told


def _about(follow_up: Any) -> list[Any]:
    exchange = follow_up.exchange if follow_up.exchange_seen else None
    return [row for row in (follow_up.partner, exchange) if row is not None]


def _tick(follow_up: FollowUp) -> SafeString | str:
    """The tick that closes it; the row then leaves the list."""
    if follow_up.state != FollowUpState.OPEN:
        return status(follow_up.state, follow_up.get_state_display())
    return format_html(
        '<button class="button quiet small" type="button" hx-post="{}" hx-vals=\'{{"state": "done"}}\' hx-target="closest tr"'
        ' hx-swap="delete" aria-label="{}">{}{}</button>',
        reverse("activities:follow-up-close", args=[follow_up.public_id]),
        _("Done: %s") % follow_up.text,
        icon("check"),
        _("Done"),
    )


FOLLOW_UP_COLUMNS = (
    Column(
        "text", gettext_lazy("What is to be done"), _follow_up_text, lambda follow_up: follow_up.text, heads_row=True
    ),
    Column(
        "due", gettext_lazy("Due on"), _due, lambda follow_up: follow_up.due_on,
        sort=SortKey(("due_or_never", "id"), {"due_or_never": Coalesce("due_on", NO_DAY)}),
    ),
    text_column(
        "who", gettext_lazy("Who"), lambda follow_up: follow_up.assignee or follow_up.unit.display, fetch=related("assignee", "unit")
    ),
    Column(
        "about", gettext_lazy("About"), lambda follow_up: lines(link(row.get_absolute_url(), row) for row in _about(follow_up)),
        lambda follow_up: joined(_about(follow_up), separator="; "), fetch=_with_what_it_is_about,
    ),
    Column("state", gettext_lazy("State"), _tick, lambda follow_up: str(follow_up.get_state_display())),
    text_column("unit", gettext_lazy("Unit"), lambda follow_up: follow_up.unit.display, fetch=related("unit"), standard=False),
    text_column("remark", gettext_lazy("Remark"), lambda follow_up: follow_up.remark, standard=False),
    status_column("confidentiality", gettext_lazy("Who may see"), "confidentiality", standard=False),
    day_column(
        "entered", gettext_lazy("Entered on"), lambda follow_up: timezone.localtime(follow_up.created_at).date(), sort=SortKey(("id",)),
        standard=False,
    ),
    text_column("identifier", gettext_lazy("Identifier"), lambda follow_up: follow_up.public_id, standard=False),
)  # fmt: skip


# --- Events ------------------------------------------------------------------------------------------


def _event_name(event: Event) -> SafeString:
    return SafeString(link(event.get_absolute_url(), event.name) + demo_tag(event) + under(event.forum))


def _event_place(event: Event) -> str:
    return joined(part for part in (event.place, event.country) if part)


EVENT_COLUMNS = (
    Column("day", gettext_lazy("Day"), _days, lambda event: event.starts_on, sort=SortKey(("starts_on", "id"))),
    Column("name", gettext_lazy("Name"), _event_name, lambda event: event.name, fetch=related("forum"), heads_row=True),
    text_column("place", gettext_lazy("Place"), _event_place, fetch=related("country")),
    text_column("our_role", gettext_lazy("Our role"), lambda event: event.get_our_role_display()),
    text_column("unit", gettext_lazy("Host unit"), lambda event: event.host_unit.display, fetch=related("host_unit")),
    day_column("until", gettext_lazy("Last day"), lambda event: event.ends_on, standard=False),
    text_column("forum", gettext_lazy("Session of the forum"), lambda event: event.forum, fetch=related("forum"), standard=False),
    text_column("identifier", gettext_lazy("Identifier"), lambda event: event.public_id, standard=False),
)  # fmt: skip
