"""Who reported for a period, who had nothing to report, who is silent; the button that says so, and the reminder (M9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from activities.choices import ExchangeStatus
from crm.columns import Column, day_column, number_column, text_column
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import Unit, User
from crm.permissions import Permission, requires
from reports.actions.declarations import EARLIEST_DAYS, declare_nothing, remind_silent, withdraw_nothing
from reports.choices import Reporting
from reports.forms.days import chosen_day
from reports.forms.periods import chosen_period
from reports.metrics.completeness import REPORTING_KINDS, USUAL_PERIOD, Completeness, UnitReporting, completeness_of
from reports.metrics.days import refuse_to_come
from reports.metrics.periods import CALENDAR_KINDS, Period, period_of
from reports.models import NothingToReport
from reports.views.exports import figures_file

SILENT_FIRST = (Reporting.SILENT, Reporting.DECLARED, Reporting.REPORTED)
# How long after a quarter the desk still asks those who are silent.
ASKED_FOR_DAYS = 30
UNNAMED_AT_MOST = 10

COLUMNS: Sequence[Column] = (
    text_column("unit", gettext_lazy("Unit"), lambda line: line.row.unit.name, heads_row=True),
    text_column("kind", gettext_lazy("Kind"), lambda line: line.row.unit.get_kind_display()),
    text_column("code", gettext_lazy("Code"), lambda line: line.row.unit.code),
    text_column("state", gettext_lazy("State"), lambda line: line.row.state.label),
    day_column("on", gettext_lazy("Day"), lambda line: line.row.on),
    number_column("exchanges", gettext_lazy("Exchanges on record"), lambda line: line.row.exchanges),
)


@dataclass(frozen=True)
class Line:
    """A unit as the page shows it, with the list of its exchanges and what the reader may do."""

    row: UnitReporting
    exchanges_url: str
    may_declare: bool
    may_withdraw: bool


@require_safe
@requires(Permission.COVERAGE_VIEW)
def reporting(request: SignedInRequest) -> HttpResponseBase:
    """The page for a period as of a day; ``state`` and ``unit_kind`` narrow the units, ``export`` gives them as a file."""
    try:
        as_of = chosen_day(request.GET)
        refuse_to_come(as_of)
        period = chosen_period(request.GET, as_of)
    except ValidationError as error:
        return render(request, "reports/reporting.html", {"mistakes": error.messages, "as_of": timezone.localdate()}, status=UNPROCESSABLE)
    found = completeness_of(period, as_of)
    state, kind = request.GET.get("state", ""), request.GET.get("unit_kind", "")
    rows = [row for row in found.rows if (not state or row.state == state) and (not kind or row.unit.kind == kind)]
    shown = _lines(rows, found, request.user)
    if "export" in request.GET:
        return figures_file(request, shown, COLUMNS, name=f"{_('Reporting')} {period}")
    return render(request, "reports/reporting.html", _context(period, found, as_of) | {"lines": shown, "state": state, "unit_kind": kind})


@require_POST
@requires(Permission.DECLARE_NOTHING)
def nothing_to_report(request: SignedInRequest) -> HttpResponse:
    """Declare for ``unit`` (its code) and the period of ``kind`` and ``start``; ``back=desk`` returns to the desk."""
    unit = get_object_or_404(Unit.objects.select_related("parent"), code=request.POST.get("unit", ""))
    try:
        period = chosen_period(request.POST, timezone.localdate())
        declare_nothing(unit, by=request.user, period=period, remark=request.POST.get("remark", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(_back(request))
    said = _("%(unit)s: nothing to report for %(period)s. You can take it back on this page.")
    messages.success(request, said % {"unit": unit.display, "period": period})
    return redirect(_back(request))


@require_POST
@requires(Permission.DECLARE_NOTHING)
def take_back(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """Take a declaration back, from the page or from the desk."""
    declaration = get_object_or_404(NothingToReport.objects.editable_by(request.user), public_id=public_id)
    withdraw_nothing(declaration, by=request.user)
    messages.success(request, _("Taken back: %(unit)s counts as silent until it reports.") % {"unit": declaration.unit.display})
    return redirect(_back(request))


@require_POST
@requires(Permission.REMIND_UNITS)
def remind(request: SignedInRequest) -> HttpResponse:
    """Remind the units that are silent for the period."""
    try:
        told, unnamed = remind_silent(chosen_period(request.POST, timezone.localdate()), by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(_back(request))
    messages.success(request, ngettext("%(n)s unit was reminded.", "%(n)s units were reminded.", told) % {"n": told})
    if unnamed:
        names = "; ".join(unit.display for unit in unnamed[:UNNAMED_AT_MOST]) + (" …" if len(unnamed) > UNNAMED_AT_MOST else "")
        text = ngettext(
            "%(n)s unit has nobody with an account, so call it: %(names)s",
            "%(n)s units have nobody with an account, so call them: %(names)s",
            len(unnamed),
        )
        messages.warning(request, text % {"n": len(unnamed), "names": names})
    return redirect(_back(request))


@require_safe
@requires(Permission.DECLARE_NOTHING)
def reporting_on_desk(request: SignedInRequest) -> HttpResponse:
    """A part of the desk, at a period's end: whether the reader's own units have reported, with the button where not."""
    today = timezone.localdate()
    period = period_to_answer(today)
    homes = set(request.user.scope.home_unit_ids)
    found = completeness_of(period, today) if period and homes else None
    rows = [row for row in found.rows if row.unit.pk in homes and row.state != Reporting.REPORTED] if found else []
    context = {"period": period, "lines": _lines(rows, found, request.user) if found else [], "today": today}
    return render(request, "reports/reporting_on_desk.html", context)


def period_to_answer(today: date) -> Period | None:
    """The quarter that the desk asks about: from its last week until a month after it; None in between."""
    current = period_of(USUAL_PERIOD, today)
    if today >= current.end - timedelta(days=EARLIEST_DAYS):
        return current
    return current.previous if today < current.start + timedelta(days=ASKED_FOR_DAYS) else None


def _context(period: Period, found: Completeness, as_of: date) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "as_of": as_of,
        "period": period,
        "completeness": found,
        "kinds": [period_of(kind, period.start) if kind == period.kind else _of_kind(kind, period, as_of) for kind in CALENDAR_KINDS],
        "next": period.next if period.next.start <= as_of else None,
        "is_over": period.is_over(as_of),
        "is_today": as_of == today,
        "counts": [(state, found.count(state)) for state in SILENT_FIRST],
        "by_kind": [(kind, part) for kind in REPORTING_KINDS if (part := found.of_kind(kind)).due],
    }


def _of_kind(kind: Any, period: Period, as_of: date) -> Period:
    """The period of another kind that a reader of this one means: the one in which it ends, not after the day."""
    return period_of(kind, min(period.last_day, as_of))


def _lines(rows: Sequence[UnitReporting], found: Completeness, user: User) -> list[Line]:
    """The units, the silent first, with what the reader may do with each."""
    today = timezone.localdate()
    may = user.may(Permission.DECLARE_NOTHING)
    open_now = found.as_of == today and today >= found.period_to - timedelta(days=EARLIEST_DAYS)
    ordered = sorted(rows, key=lambda row: (SILENT_FIRST.index(row.state), row.unit.path))
    return [
        Line(
            row,
            _exchanges_url(row, found),
            may_declare=may and open_now and row.state == Reporting.SILENT and row.unit.pk in user.scope.unit_ids,
            may_withdraw=may and row.declaration is not None and row.unit.pk in user.scope.unit_ids,
        )
        for row in ordered
    ]


def _exchanges_url(row: UnitReporting, found: Completeness) -> str:
    last = min(found.period_to - timedelta(days=1), found.as_of)
    query = {"unit": row.units, "since": found.period_from, "until": last, "status": ExchangeStatus.HELD.value}
    return f"{reverse('activities:exchange-list')}?{urlencode(query, doseq=True)}"


def _back(request: HttpRequest) -> str:
    if request.POST.get("back") == "desk":
        return reverse("desk")
    kept = {name: request.POST[name] for name in ("kind", "start") if request.POST.get(name)}
    return f"{reverse('reports:reporting')}?{urlencode(kept)}"
