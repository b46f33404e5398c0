"""The yearly plan: how far each line is, writing lines, and copying them from the year before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from activities.models import Exchange
from crm.columns import Column, day_column, number_column, text_column
from crm.generic import UNPROCESSABLE, ActionView, ArchiveView, CreateView, Question, SignedInRequest, UpdateView
from crm.permissions import Permission, check, requires
from reports.actions.plans import archive_plan_line, copies_for, copy_plan, restore_plan_line
from reports.choices import ActionState, PlanStanding
from reports.forms.days import chosen_day
from reports.forms.plans import PlanLineForm, chosen_year
from reports.metrics.plans import LineProgress, plan_progress
from reports.models import ActionItem, PlanLine
from reports.views.exports import figures_file

STANDINGS_FIRST = (PlanStanding.BEHIND, PlanStanding.NOT_BEGUN, PlanStanding.ON_TRACK, PlanStanding.ATTAINED, PlanStanding.EXEMPT)


@dataclass(frozen=True)
class Line:
    """A line as the page shows it, with where its exchanges are listed and its items of action plans."""

    progress: LineProgress
    exchanges_url: str
    items: int
    items_done: int


PLAN_COLUMNS = (
    text_column("line", gettext_lazy("Plan line"), lambda row: row.progress.line.scope_label, heads_row=True),
    text_column("directive", gettext_lazy("Directive"), lambda row: row.progress.line.directive),
    number_column("countries", gettext_lazy("Countries asked"), lambda row: len(row.progress.countries) or None),
    number_column("asked", gettext_lazy("Asked"), lambda row: row.progress.asked),
    number_column("done", gettext_lazy("Done"), lambda row: row.progress.done),
    number_column("counted", gettext_lazy("Counted against what is asked"), lambda row: row.progress.counted),
    Column(
        "expected", gettext_lazy("Expected by now"), lambda row: str(row.progress.expected_shown),
        lambda row: None if row.progress.expected is None else float(row.progress.expected), is_number=True,
    ),
    text_column("standing", gettext_lazy("Standing"), lambda row: row.progress.standing.label),
    day_column("planned", gettext_lazy("Next planned"), lambda row: row.progress.next_planned_on),
    number_column("cadence", gettext_lazy("At least every so many days"), lambda row: row.progress.line.cadence_days or None),
    text_column("level", gettext_lazy("At least once at level"), lambda row: row.progress.line.get_least_level_display()),
    day_column("from", gettext_lazy("From"), lambda row: row.progress.first),
    day_column("until", gettext_lazy("Last day"), lambda row: row.progress.last),
    number_column("items", gettext_lazy("Items of action plans"), lambda row: row.items),
    number_column("items_done", gettext_lazy("Items done"), lambda row: row.items_done),
    text_column("reason", gettext_lazy("Reason"), lambda row: row.progress.line.reason),
    text_column("identifier", gettext_lazy("Identifier"), lambda row: row.progress.line.public_id),
)  # fmt: skip


@require_safe
@requires(Permission.COVERAGE_VIEW)
def plan_line_list(request: SignedInRequest) -> HttpResponseBase:
    """The plan of a year as of a day: tiers and countries first, then what names a kind, field or province."""
    today = timezone.localdate()
    refused: list[str] = []
    try:
        as_of = chosen_day(request.GET)
        year = chosen_year(request.GET.get("year", ""), as_of.year)
        progress = plan_progress(year, as_of)
    except ValidationError as error:
        refused, as_of = error.messages, today
        year = chosen_year(request.GET.get("year", ""), today.year)
        progress = plan_progress(year, today)
    rows = with_items(progress, year)
    if "export" in request.GET:
        return figures_file(request, rows, PLAN_COLUMNS, name=_("Plan of %(year)s") % {"year": year})
    wanted = request.GET.get("standing", "")
    shown = [row for row in rows if row.progress.standing == wanted] if wanted in PlanStanding.values else rows
    context = {
        "year": year,
        "as_of": as_of,
        "today": today,
        "refused": refused,
        "duties": [row for row in shown if is_duty(row.progress.line)],
        "targets": [row for row in shown if not is_duty(row.progress.line)],
        "has_lines": bool(rows),
        "standings": [(code, found) for code in STANDINGS_FIRST if (found := sum(row.progress.standing == code for row in rows))],
        "wanted": wanted,
        "passed": share_passed(year, as_of),
        "may_edit": request.user.may(Permission.PLAN_EDIT),
    }
    return render(request, "reports/plan_line_list.html", context, status=UNPROCESSABLE if refused else 200)


def with_items(progress: Iterable[LineProgress], year: int) -> list[Line]:
    """Each line with how many items of action plans stand behind it. One query."""
    items = ActionItem.objects.live().filter(year=year, plan_line__isnull=False).exclude(state=ActionState.DROPPED).order_by()
    counted = {
        line: (total, done)
        for line, total, done in items.values_list("plan_line").annotate(
            total=Count("pk"), done=Count("pk", filter=Q(state=ActionState.DONE))
        )
    }
    return [Line(row, exchanges_of(row), *counted.get(row.line.pk, (0, 0))) for row in progress]


def is_duty(line: PlanLine) -> bool:
    return line.partner_kind_id is None and line.field_id is None and line.province_id is None


def exchanges_of(progress: LineProgress) -> str:
    """Where the exchanges that were done are listed: the same days, the same scope, two-way and counted."""
    line = progress.line
    named = {
        "tier": line.tier and line.tier.code,
        "tier_on": progress.until.isoformat() if line.tier else None,
        "country": line.country and line.country.alpha2,
        "partner_kind": line.partner_kind and line.partner_kind.code,
        "field": line.field and line.field.code,
        "province": line.province and line.province.slug,
        "since": progress.first.isoformat(),
        "until": progress.until.isoformat(),
        "counted": "true",
    }
    return f"{reverse('activities:exchange-list')}?{urlencode({name: value for name, value in named.items() if value})}"


def share_passed(year: int, as_of: date) -> float:
    """The part of the year that has passed at the end of the day, 0 to 1."""
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    return min(max((as_of - date(year, 1, 1)).days + 1, 0), days) / days


@require_safe
@requires(Permission.COVERAGE_VIEW)
def plan_line_detail(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """One line as a chain: what is asked, items of action plans, exchanges, done; a tier country by country."""
    lines = PlanLine.objects.visible_to(request.user).select_related(
        "tier", "country", "partner_kind", "field", "province", "directive", "copied_from", "created_by", "updated_by"
    )
    line = get_object_or_404(lines, public_id=public_id)
    today = timezone.localdate()
    year = chosen_year(request.GET.get("year", ""), year_of(line, today))
    row = plan_progress(year, today, [line])[0]
    items = (
        ActionItem.objects.visible_to(request.user).live().filter(plan_line=line, year=year).select_related("unit", "assignee", "partner")
    )
    linked = Exchange.objects.visible_to(request.user).live().filter(action_items__in=items).select_related("kind").distinct()
    context = {
        "object": line,
        "row": row,
        "year": year,
        "exchanges_url": exchanges_of(row),
        "items": items.annotate(held=Count("exchanges", filter=Q(exchanges__in=linked), distinct=True)).order_by("due_on", "id"),
        "linked": linked.order_by("-starts_on", "-id")[:20],
        "may_edit": request.user.may(Permission.PLAN_EDIT) and not line.is_archived,
        "may_restore": request.user.may(Permission.PLAN_EDIT) and line.is_archived,
        "may_add_item": request.user.may(Permission.ACTION_ITEM_EDIT) and not line.is_archived,
    }
    return render(request, "reports/plan_line_detail.html", context)


def year_of(line: PlanLine, today: date) -> int:
    """The year in which the line is looked at: this one where it holds, else its last or its first."""
    if line.valid_to and line.valid_to <= date(today.year, 1, 1):
        return (line.valid_to.replace(day=1) if line.valid_to.day > 1 else line.valid_to).year - int(line.valid_to.timetuple().tm_yday == 1)
    return max(line.valid_from.year, today.year) if line.valid_from else today.year


class PlanLineCreate(CreateView):
    permission = Permission.PLAN_EDIT
    model = PlanLine
    template_name = "reports/plan_line_form.html"
    form_class = PlanLineForm
    success_message = gettext_lazy("The plan line is entered.")

    def get_form_arguments(self) -> dict[str, Any]:
        year = chosen_year(self.request.GET.get("year", ""), timezone.localdate().year)
        return {"instance": PlanLine(valid_from=date(year, 1, 1), valid_to=date(year + 1, 1, 1))}


class PlanLineEdit(UpdateView):
    permission = Permission.PLAN_EDIT
    model = PlanLine
    template_name = "reports/plan_line_form.html"
    form_class = PlanLineForm


class PlanLineArchive(ArchiveView):
    permission = Permission.PLAN_EDIT
    model = PlanLine
    action = staticmethod(archive_plan_line)  # type: ignore[assignment]  # it takes plan lines alone
    question = Question(
        gettext_lazy("Archive this plan line?"),
        gettext_lazy(
            "It then asks for nothing, on past days too: figures of those days change. To end it from a day on, edit its last day instead."
        ),
        gettext_lazy("Archive"),
    )


class PlanLineRestore(ActionView):
    permission = Permission.PLAN_EDIT
    model = PlanLine
    action = staticmethod(restore_plan_line)
    success_message = gettext_lazy("Restored.")
    question = Question(gettext_lazy("Restore this plan line?"), gettext_lazy("It asks again for what it says."), gettext_lazy("Restore"))

    def get_queryset(self) -> QuerySet[PlanLine]:
        rows: QuerySet[PlanLine] = PlanLine.objects.visible_to(self.request.user)
        return rows


@requires(Permission.PLAN_EDIT)
def plan_line_copy(request: SignedInRequest) -> HttpResponse:
    """What copying the plan of the year before would make; sent, it is made, as one change set that can be taken back."""
    check(request, Permission.PLAN_EDIT)
    parameters = request.POST if request.method == "POST" else request.GET
    year = chosen_year(parameters.get("year", ""), timezone.localdate().year)
    refused: list[str] = []
    if request.method == "POST":
        try:
            change_set = copy_plan(year, by=request.user)
        except ValidationError as error:
            refused = error.messages
        else:
            messages.success(request, _("%(count)s lines were copied. It can be taken back here.") % {"count": change_set.rows_done})
            return redirect(change_set)
    rows = copies_for(year)
    context = {"year": year, "before": year - 1, "rows": rows, "count": sum(not row.skipped for row in rows), "refused": refused}
    return render(request, "reports/plan_copy.html", context, status=UNPROCESSABLE if refused else 200)
