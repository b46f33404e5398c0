"""The columns of the list of items of action plans."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Exchange
from activities.models.follow_ups import NO_DAY
from crm.columns import (
    NOTHING,
    RECORD_COLUMNS,
    Column,
    SortKey,
    day_column,
    demo_tag,
    link,
    number_column,
    related,
    soft,
    status_column,
    text_column,
    under,
)
from crm.models import User
from crm.templatetags.nhipcau import ago, day
from reports.choices import ActionState
from reports.models import ActionItem

OPEN = (ActionState.PLANNED, ActionState.UNDER_WAY)


def is_overdue(item: ActionItem) -> bool:
    return item.state in OPEN and item.due_on is not None and item.due_on < timezone.localdate()


def _text(item: ActionItem) -> SafeString:
    form = "<del>{}</del>" if item.state == ActionState.DROPPED else "{}"
    return SafeString(link(item.get_absolute_url(), format_html(form, item.text)) + demo_tag(item))


def _due(item: ActionItem) -> SafeString | str:
    if item.due_on is None:
        return soft(_("no day"))
    if is_overdue(item):
        return format_html('<span class="bad-text">{}</span>{}', day(item.due_on), under(_("overdue")))
    return SafeString(day(item.due_on) + (under(ago(item.due_on)) if item.state in OPEN else ""))


def _with_line(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    names = ("tier", "country", "partner_kind", "field", "province")
    with_lines: QuerySet[Any] = rows.select_related("plan_line", *(f"plan_line__{name}" for name in names))
    return with_lines


def _with_exchanges(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """How many exchanges that the reader may see were held for the item."""
    seen = Exchange.objects.visible_to(user).live().filter(action_items=OuterRef("pk")).order_by()
    counted: QuerySet[Any] = rows.annotate(held=Coalesce(Subquery(seen.values("action_items").annotate(n=Count("pk")).values("n")), 0))
    return counted


def _line(item: ActionItem) -> SafeString:
    return link(f"{item.plan_line.get_absolute_url()}?year={item.year}", item.plan_line.scope_label) if item.plan_line else NOTHING


ACTION_ITEM_COLUMNS = (
    Column("text", gettext_lazy("What is to be done"), _text, lambda item: item.text, heads_row=True),
    Column(
        "due", gettext_lazy("Due on"), _due, lambda item: item.due_on,
        sort=SortKey(("due_or_never", "id"), {"due_or_never": Coalesce("due_on", NO_DAY)}),
    ),
    text_column("unit", gettext_lazy("Unit"), lambda item: item.unit.display, fetch=related("unit")),
    text_column("who", gettext_lazy("Who"), lambda item: item.assignee, fetch=related("assignee")),
    Column("line", gettext_lazy("Plan line"), _line, lambda item: item.plan_line.scope_label if item.plan_line else "", fetch=_with_line),
    number_column("exchanges", gettext_lazy("Exchanges"), lambda item: item.held, fetch=_with_exchanges),
    status_column("state", gettext_lazy("State"), "state"),
    number_column("year", gettext_lazy("Year"), lambda item: item.year, standard=False),
    Column(
        "partner", gettext_lazy("Partner"),
        lambda item: link(item.partner.get_absolute_url(), item.partner.name) if item.partner else NOTHING,
        lambda item: item.partner.name if item.partner else "", fetch=related("partner"), standard=False,
    ),
    text_column("policy", gettext_lazy("Directive"), lambda item: item.directive, fetch=related("directive"), standard=False),
    day_column("done_on", gettext_lazy("Done on"), lambda item: item.done_on, standard=False),
    text_column("remark", gettext_lazy("Remark"), lambda item: item.remark, standard=False),
    *RECORD_COLUMNS,
)  # fmt: skip
