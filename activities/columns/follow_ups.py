"""The columns of the list of follow-ups."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.choices import FollowUpState
from activities.models import Exchange, FollowUp
from activities.models.follow_ups import NO_DAY
from crm.columns import (
    RECORD_COLUMNS,
    WHO_MAY_SEE,
    Column,
    SortKey,
    demo_tag,
    joined,
    lines,
    link,
    related,
    soft,
    text_column,
    under,
)
from crm.models import User
from crm.templatetags.nhipcau import ago, day, icon, status


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
    WHO_MAY_SEE,
    *RECORD_COLUMNS,
)  # fmt: skip
