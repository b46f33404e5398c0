"""The matrix as a file: exactly what the page shows, under a head that says of which days and by which policy."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.exporting import FORMATS
from crm.formulas import protected
from crm.generic import SignedInRequest
from crm.permissions import Permission, check
from crm.text import fold
from reports.forms.matrix import Look
from reports.metrics.completeness import Completeness
from reports.metrics.matrix import Matrix
from reports.views.matrix_grid import Grid

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def matrix_file(request: SignedInRequest, look: Look, shown: Matrix, grid: Grid, reported: Completeness) -> HttpResponse:
    """Answer with the matrix in the format that ``export`` names; 404 for another one, 403 without the right."""
    head = [[_("Coverage of the priority tiers")], *head_lines(look, shown, reported)]
    return figures_answer(request, _("Coverage"), head, table_of(grid), shown.as_of.isoformat())


def figures_answer(
    request: SignedInRequest, name: str, head: Sequence[Sequence[Any]], table: Sequence[Sequence[Any]], day: str
) -> HttpResponse:
    """Answer with a head and a table of what a page shows, after the export is on record."""
    check(request, Permission.EXPORT)
    format_name = request.GET.get("export", "")
    if format_name not in FORMATS:
        raise Http404
    details: dict[str, Any] = {"list": name, "format": format_name, "filters": request.GET.urlencode(), "rows": len(table) - 1}
    record_event(AuditVerb.EXPORTED, by=request.user, request=request, columns=[str(cell) for cell in table[0]], **details)
    content = _csv(head, table) if format_name == "csv" else _xlsx(head, table)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8" if format_name == "csv" else XLSX)
    response["Content-Disposition"] = f'attachment; filename="{slugify(fold(name))}-{day}.{format_name}"'
    response["Cache-Control"] = "no-store"
    return response


def head_lines(look: Look, shown: Matrix, reported: Completeness) -> list[list[str]]:
    """Of which days, by which policy, on which map, and how many units have reported."""
    lines = [[_("As of"), f"{look.as_of:%d/%m/%Y}"]]
    if look.compared:
        lines.append([_("Compared with"), f"{look.compared:%d/%m/%Y}"])
    lines.append([_("As known on"), f"{look.known_on or timezone.localdate():%d/%m/%Y}"])
    lines.append([_("Policy version"), str(shown.policy)])
    if look.tier:
        lines.append([_("Tier"), str(look.tier)])
    if look.axis == look.axis.PROVINCE:
        lines.append([_("Map of provinces"), f"{timezone.localdate() if look.map_of_today else look.as_of:%d/%m/%Y}"])
    answered = _("%(answered)s of %(due)s units reported") % {"answered": reported.answered, "due": reported.due}
    lines.append([_("Completeness"), answered])
    return lines


def table_of(grid: Grid) -> list[list[str]]:
    """The grid as rows of text, its heads first."""
    heads = [grid.corner, *(f"{head.text} ({head.note})" if head.note else head.text for head in grid.heads)]
    return [heads, *([line.head.text, *(shown.text for shown in line.cells)] for line in grid.lines)]


def _csv(head: Iterable[Sequence[Any]], table: Iterable[Sequence[Any]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC)
    for row in (*head, [], *table):
        writer.writerow([protected(cell) if isinstance(cell, str) else cell for cell in row])
    return ("\ufeff" + written.getvalue()).encode()


def _xlsx(head: Iterable[Sequence[Any]], table: Sequence[Sequence[Any]]) -> bytes:
    file = io.BytesIO()
    # Strings stay strings: no formulas, no links, no numbers made of digits.
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    line = 0
    for row in head:
        sheet.write_row(line, 0, row)
        line += 1
    line += 1
    sheet.write_row(line, 0, table[0], bold)
    sheet.freeze_panes(line + 1, 1)
    for row in table[1:]:
        line += 1
        sheet.write_row(line, 0, ["" if cell is None else cell for cell in row])
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, len(table[0]), 15)
    book.close()
    return file.getvalue()
