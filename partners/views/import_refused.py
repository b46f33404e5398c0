"""The refused rows of an import as a file: the user's own columns, and what is wrong, to repair and bring again."""

import csv
import io
from collections.abc import Iterator
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from xlsxwriter import Workbook

from crm.formulas import protected
from crm.generic import SignedInRequest
from crm.models import ImportJob
from crm.permissions import Permission, requires
from partners.actions import import_jobs
from partners.views.imports import column_label, job_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_refused(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The refused rows as CSV, or with ``?as=xlsx`` as a workbook whose cells are all text."""
    job = job_of(request, public_id)
    name = f"refused-{job.public_id}"
    if request.GET.get("as") == "xlsx":
        return _attachment(_workbook(_lines(job)), XLSX, f"{name}.xlsx")
    text = io.StringIO(newline="")
    csv.writer(text).writerows([protected(cell) for cell in line] for line in _lines(job))
    return _attachment(("\ufeff" + text.getvalue()).encode(), "text/csv; charset=utf-8", f"{name}.csv")


def _lines(job: ImportJob) -> Iterator[list[str]]:
    reasons: dict[int, list[str]] = {}
    for error in job.errors:
        reasons.setdefault(error["row"], []).append(f"{column_label(error['column'], job)}: {error['message']}")
    yield [*job.columns, _("Row"), _("What is wrong")]
    with job.file.open("rb") as file:
        for row in import_jobs.open_list(job, file).rows():
            if row.number in reasons:
                cells = [cell.replace("\0", "␀") for cell in row.cells.values()]
                yield [*cells, str(row.number), " | ".join(reasons[row.number])]


def _workbook(lines: Iterator[list[str]]) -> bytes:
    content = io.BytesIO()
    with Workbook(
        content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(lines):
            for place, cell in enumerate(line):
                sheet.write_string(number, place, cell[:32_767])
    return content.getvalue()


def _attachment(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
