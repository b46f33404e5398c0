"""Coverage through time: small multiples from the stored month-ends, each with its table; and computing months that are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.generic import SignedInRequest
from crm.permissions import Permission, requires
from reports.forms.days import chosen_day
from reports.jobs.snapshots import start_snapshot
from reports.metrics.completeness import usual_completeness
from reports.metrics.days import policy_on
from reports.metrics.trends import Point, Series, Trends, trends
from reports.views.charts import ChartLine, line_chart
from reports.views.matrix_files import figures_answer
from reports.views.matrix_grid import percent

MONTHS = 12
SHARES = {Fraction(0): "0", Fraction(1, 2): "50", Fraction(1): "100"}


@dataclass(frozen=True)
class Figure:
    """One small picture: a tier with its line of breadth and of depth, and the same in numbers."""

    title: str
    code: str
    chart: SafeString
    rows: list[tuple[date, Point | None]]


@require_safe
@requires(Permission.COVERAGE_VIEW)
def trends_page(request: SignedInRequest) -> HttpResponseBase:
    try:
        as_of = chosen_day(request.GET)
        policy = policy_on(as_of)
    except ValidationError as error:
        return render(request, "reports/trends.html", {"mistakes": error.messages, "as_of": request.GET.get("as_of", "")}, status=422)
    months = 2 * MONTHS if request.GET.get("years") == "2" else MONTHS
    found = trends(as_of, months)
    period, reported = usual_completeness(as_of)
    if "export" in request.GET:
        head = [[_("Coverage through time")], [_("As of"), f"{as_of:%d/%m/%Y}"], [_("Policy version"), str(policy)]]
        head.append([_("Completeness"), _("%(answered)s of %(due)s units reported") % {"answered": reported.answered, "due": reported.due}])
        return figures_answer(request, _("Coverage through time"), head, _table(found), as_of.isoformat())
    context = {
        "as_of": as_of,
        "policy": policy,
        "years": months // MONTHS,
        "figures": [_figure(series, found) for series in found.series if series.known],
        "network": _network(found),
        "seams": [(found.days[place], seam) for place, seam in found.seams.items()],
        "missing": found.missing,
        "period": period,
        "completeness": reported,
    }
    return render(request, "reports/trends.html", context)


@require_POST
@requires(Permission.POLICY_EDIT)
def trends_compute(request: SignedInRequest) -> HttpResponse:
    """Ask for the month-ends of the last twelve months that are not stored yet."""
    try:
        as_of = chosen_day(request.POST)
        policy_on(as_of)
    except ValidationError as error:
        return render(request, "reports/trends.html", {"mistakes": error.messages, "as_of": request.POST.get("as_of", "")}, status=422)
    missing = trends(as_of, MONTHS).missing
    for day in missing:
        start_snapshot(day, asked_by=request.user)
    asked = ngettext(
        "%(n)s month is being computed. Come back in a few minutes.",
        "%(n)s months are being computed. Come back in a few minutes.",
        len(missing),
    )
    messages.success(request, asked % {"n": len(missing)} if missing else _("All of these months are stored already."))
    return HttpResponseRedirect(f"{reverse('reports:trends')}?as_of={as_of.isoformat()}")


def _figure(series: Series, found: Trends) -> Figure:
    title = str(series.tier or _("All tiers, each country once"))
    lines = [
        ChartLine(_("Breadth"), [point.breadth if point else None for point in series.points], "first"),
        ChartLine(_("Depth"), [point.depth if point else None for point in series.points], "second"),
    ]
    last = series.known[-1]
    words = _("Breadth %(breadth)s and depth %(depth)s at the end") % {"breadth": percent(last.breadth), "depth": percent(last.depth)}
    chart = line_chart(lines, _labels(found.days), title=title, description=words, seams=_seams(found), marks=SHARES)
    code = series.tier.code if series.tier else "all"
    return Figure(title, code, chart, list(zip(found.days, series.points, strict=True))[::-1])


def _network(found: Trends) -> dict[str, Any] | None:
    known = [Fraction(count) for count in found.network if count is not None]
    if not known:
        return None
    top = _round_up(int(max(known)))
    marks = {Fraction(0): "0", Fraction(top): number_format(top, force_grouping=True)}
    values = [None if count is None else Fraction(count) for count in found.network]
    title = _("Active partners of the whole network")
    words = _("%(n)s at the end") % {"n": number_format(int(known[-1]), force_grouping=True)}
    chart = line_chart(
        [ChartLine(title, values, "first")], _labels(found.days), title=title, description=words, seams=_seams(found), marks=marks
    )
    return {"title": title, "chart": chart, "rows": list(zip(found.days, found.network, strict=True))[::-1]}


def _round_up(most: int) -> int:
    """A round number not below the highest value, for the top of a picture."""
    size = int(10 ** (len(str(most)) - 1))
    return max(-(-most // size) * size, 1)


def _labels(days: Sequence[date]) -> list[str]:
    """Month and year under every third month, and under the first and last."""
    last = len(days) - 1
    return [
        f"{day.month}/{day.year}" if place in (0, last) or (place % 3 == 0 and place < last - 1) else "" for place, day in enumerate(days)
    ]


def _seams(found: Trends) -> dict[int, str]:
    return {place: _("From here on by policy version %(name)s") % {"name": policy} for place, policy in found.seams.items()}


def _table(found: Trends) -> list[list[Any]]:
    """All series in rows, for files; days without figures have none."""
    heads = [
        _("Tier"),
        _("Day"),
        _("Breadth"),
        _("Depth"),
        _("Active partners"),
        _("Countries"),
        _("Covered"),
        _("Overdue"),
        _("Never met"),
    ]
    table: list[list[Any]] = [heads]
    for series in found.series:
        name = str(series.tier or _("All tiers, each country once"))
        for day, point in zip(found.days, series.points, strict=True):
            table.append([name, day.isoformat(), *_numbers(point)])
    return table


def _numbers(point: Point | None) -> list[Any]:
    if point is None:
        return [_("no figures stored"), *[None] * 6]
    shares = [None if share is None else round(float(share), 3) for share in (point.breadth, point.depth)]
    return [*shares, point.active_partners, point.countries, point.covered, point.overdue, point.never]
