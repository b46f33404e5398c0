"""The coverage matrix: one page, its popover of exchanges, its files."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from activities.filters.exchanges import ExchangeFilter
from activities.models import Exchange
from crm.generic import SignedInRequest, is_partial
from crm.models import Tier
from crm.permissions import Permission, requires
from reports.choices import Axis, CellMark, Reporting
from reports.forms.matrix import Look, read_look
from reports.metrics.completeness import completeness, usual_completeness
from reports.metrics.days import YEAR_DAYS, policy_on
from reports.metrics.matrix import Matrix, Question, Row, matrix
from reports.metrics.matrix_columns import Column
from reports.metrics.provinces import ProvinceMap
from reports.views.matrix_files import matrix_file
from reports.views.matrix_grid import PARTLY_SIGNS, SIGNS, TOTAL, Grid, grid_of, list_filters, percent, row_code, words_of

# So many exchanges of a cell are named in its popover.
NAMED = 7


@require_safe
@requires(Permission.COVERAGE_VIEW)
def coverage_matrix(request: SignedInRequest) -> HttpResponseBase:
    """The page; a part of it for htmx; a file with ``export``. Addresses that ask for a status are of the list of countries."""
    if "status" in request.GET or "active" in request.GET:
        return HttpResponseRedirect(f"{reverse('reports:coverage-countries')}?{request.GET.urlencode()}")
    template = "reports/coverage.html#result" if is_partial(request) else "reports/coverage.html"
    try:
        look = read_look(request.GET)
    except ValidationError as error:
        return render(request, template, {"mistakes": error.messages, "as_of": request.GET.get("as_of", "")}, status=422)
    with look.moment.reading():
        context = _context(look)
    if "export" in request.GET:
        return matrix_file(request, look, context["matrix"], context["grid"], context["completeness"])
    return render(request, template, context)


def _context(look: Look) -> dict[str, Any]:
    shown, before = matrix_of(look), matrix_of(look, look.compared) if look.compared else None
    period, reported = usual_completeness(look.as_of)
    grid = grid_of(shown, look, before)
    return {
        "look": look,
        "as_of": look.as_of,
        "policy": shown.policy,
        "matrix": shown,
        "grid": grid,
        "tiers": list(Tier.objects.filter(memberships__isnull=False).distinct()),
        "axes": [(axis, look.query(axis=axis, group=None, turned=None)) for axis in Axis],
        "signs": [(_signs(mark), SIGNS[mark][1], mark.label) for mark in _marks(shown)],
        "period": period,
        "completeness": reported,
        "cells_address": f"{reverse('reports:coverage-cell')}?{look.query()}",
        "summary": _summary(shown),
        **_other_looks(look, grid),
    }


def _summary(shown: Matrix) -> dict[str, str]:
    """What was held of what is asked, each country once, as a share and in numbers."""
    total = shown.foot.total
    if total.target is None or total.mark == CellMark.NO_DATA:
        return {"share": "", "held": ""}
    return {"share": percent(total.attained), "held": words_of(total)}


def _other_looks(look: Look, grid: Grid) -> dict[str, str]:
    """The addresses of the looks that one press leads to."""
    return {
        "query": look.query(),
        "turn": look.query(turned=not grid.is_turned),
        "compared": look.query(compared=_year_before(look.as_of)),
        "uncompared": look.query(compared=None),
        "all_tiers": look.query(tier=None),
        "all_groups": look.query(group=None),
        "by_tiers": look.query(by_country=False),
        "by_countries": look.query(by_country=True),
        "map_then": look.query(map_of_today=False),
        "map_today": look.query(map_of_today=True),
    }


def matrix_of(look: Look, day: date | None = None) -> Matrix:
    """The matrix that the address asks for, as of its day or of another one."""
    as_of = day or look.as_of
    question = Question(
        axis=look.axis,
        tier=look.tier,
        by_country=look.by_country,
        provinces=_map(look, as_of),
        group=look.group,
        silent_provinces=_silent_provinces(look, as_of),
    )
    return matrix(policy_on(as_of), as_of, question)


def _map(look: Look, as_of: date) -> ProvinceMap | None:
    """The map that provinces lie on: that of today, or of T. Two days are compared on one map, that of the later."""
    if look.axis != Axis.PROVINCE:
        return None
    return ProvinceMap.on(timezone.localdate() if look.map_of_today else max(as_of, look.as_of))


def _silent_provinces(look: Look, as_of: date) -> frozenset[int]:
    """Provinces whose union neither reported nor declared anything in the year up to T, on the map of the page."""
    provinces = _map(look, as_of)
    if provinces is None:
        return frozenset()
    year = completeness(as_of - timedelta(days=YEAR_DAYS - 1), as_of + timedelta(days=1), as_of)
    unions = [(provinces.places[row.unit.province_id], row.state) for row in year.rows if row.unit.province_id is not None]
    spoke = {place for place, state in unions if state != Reporting.SILENT}
    return frozenset({place for place, _state in unions} - spoke)


def _marks(shown: Matrix) -> list[CellMark]:
    """The marks that the matrix shows, in the order of the key."""
    present = {cell.mark for row in [*shown.rows, shown.foot] for cell in [*row.cells, row.total]}
    return [mark for mark in CellMark if mark in present]


def _signs(mark: CellMark) -> str:
    return "".join(sign for _most, sign in PARTLY_SIGNS) if mark == CellMark.PARTLY else SIGNS[mark][0]


def _year_before(day: date) -> date:
    """The same day a year earlier; 28 February for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


@require_safe
@requires(Permission.COVERAGE_VIEW)
def coverage_cell(request: SignedInRequest) -> HttpResponse:
    """The exchanges of one cell, named by ``cell``: the code of a country, of a tier or ``all``, a point, that of a column."""
    try:
        look = read_look(request.GET)
    except ValidationError as error:
        return render(request, "reports/coverage_cell.html", {"mistakes": error.messages}, status=422)
    row_code, _point, column_code = request.GET.get("cell", "").partition(".")
    with look.moment.reading():
        shown = matrix_of(look)
        row, column = _row_of(shown, row_code), _column_of(shown, column_code)
        place = shown.columns.index(column) if column else None
        filters = list_filters(row, column, shown)
        found = ExchangeFilter(QueryDict(urlencode(filters, doseq=True)), queryset=Exchange.objects.all(), request=request).qs
        readable = found.filter(pk__in=Exchange.objects.visible_to(request.user).values("pk"))
        context = {
            "look": look,
            "row": row,
            "column": column,
            "cell": (cell := row.total if place is None else row.cells[place]),
            "figure": words_of(cell),
            "count": (count := found.count()),
            "readable": (open_to_reader := readable.count()),
            "hidden": count - open_to_reader,
            "exchanges": list(
                readable.select_related("kind").prefetch_related("participations__partner").order_by("-starts_on", "-id")[:NAMED]
            ),
            "list_address": "" if look.known_on else f"{reverse('activities:exchange-list')}?{urlencode(filters, doseq=True)}",
        }
        return render(request, "reports/coverage_cell.html", context)


def _row_of(shown: Matrix, code: str) -> Row:
    for row in [*shown.rows, shown.foot]:
        if row_code(row) == code:
            return row
    raise Http404


def _column_of(shown: Matrix, code: str) -> Column | None:
    """The column of the code; None for the total of a row. Raises Http404 for a code of nothing."""
    if code == TOTAL:
        return None
    for column in shown.columns:
        if column.code == code:
            return column
    raise Http404
