"""Importing partners: bring a list, map its columns, look at what would happen, apply it, see what was refused."""

import csv
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from crm.choices import ImportState
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.models import ImportJob
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires
from crm.tabular import Table, open_table, spreadsheet_safe
from partners import tasks
from partners.actions import import_jobs
from partners.actions.import_rows import Outcome
from partners.forms.imports import BringListForm, DecisionForm, MappingForm
from partners.resources import FIELD_LABELS

SAMPLES = 3
SHOWN_ERRORS = 200
IN_WORK = (ImportState.CHECKING, ImportState.RUNNING)


def _job(request: SignedInRequest, public_id: UUID) -> ImportJob:
    return get_object_or_404(
        ImportJob.objects.visible_to(request.user).select_related("unit", "created_by", "updated_by"), public_id=public_id
    )


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_list(request: SignedInRequest) -> HttpResponseBase:
    jobs = ImportJob.objects.visible_to(request.user).select_related("unit", "created_by").defer("errors", "preview")
    try:
        page = keyset_page(jobs, order=("-id",), cursor=request.GET.get("cursor"), size=30)
    except InvalidCursorError:
        return redirect("partners:import-list")
    return render(request, "partners/import_list.html", {"page": page})


@requires(Permission.PARTNER_IMPORT)
@require_http_methods(["GET", "POST"])
def import_create(request: SignedInRequest) -> HttpResponseBase:
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = BringListForm(*sent, by=request.user)
    if form.is_valid():
        try:
            job = form.save()
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            return redirect("partners:import-mapping", job.public_id)
    return render(request, "partners/import_form.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@requires(Permission.PARTNER_IMPORT)
@require_http_methods(["GET", "POST"])
def import_mapping(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    job = _job(request, public_id)
    if not import_jobs.may_be_mapped(job):
        return redirect("partners:import-detail", job.public_id)
    with job.file.open("rb") as file:
        form = MappingForm(request.POST if request.method == "POST" else None, job=job, samples=_samples(open_table(file)))
    if form.is_valid():
        try:
            if import_jobs.start_check(job, by=request.user, mapping=form.mapping()):
                tasks.check_import.delay_on_commit(job.pk)
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            return redirect("partners:import-detail", job.public_id)
    return render(request, "partners/import_mapping.html", {"job": job, "form": form}, status=UNPROCESSABLE if form.errors else 200)


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_detail(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    return _show(request, _job(request, public_id))


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_progress(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The progress bar alone, for htmx to ask again; the whole page once the work is over."""
    job = _job(request, public_id)
    if not is_partial(request):
        return redirect("partners:import-detail", job.public_id)
    if job.state not in IN_WORK:
        return HttpResponseClientRefresh()
    return render(request, "partners/import_detail.html#progress", {"job": job})


@requires(Permission.PARTNER_IMPORT)
@require_POST
def import_apply(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    job = _job(request, public_id)
    if import_jobs.may_be_continued(job):
        started = import_jobs.continue_apply(job, by=request.user)
    else:
        form = DecisionForm(request.POST, job=job)
        if not form.is_valid():
            return _show(request, job, form=form)
        started = import_jobs.start_apply(job, by=request.user, decisions=form.decisions())
    if started:
        tasks.apply_import.delay_on_commit(job.pk)
    else:
        messages.info(request, _("This import has been started already."))
    return redirect("partners:import-detail", job.public_id)


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_refused(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The refused rows with what is wrong with each, to repair and bring again."""
    job = _job(request, public_id)
    reasons: dict[int, list[str]] = {}
    for error in job.errors:
        reasons.setdefault(error["row"], []).append(f"{_column(error['column'], job)}: {error['message']}")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{job.public_id}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([spreadsheet_safe(text) for text in (*job.columns, _("Row"), _("What is wrong"))])
    with job.file.open("rb") as file:
        for row in open_table(file).rows():
            if row.number in reasons:
                cells = (cell.replace("\0", "␀") for cell in row.cells.values())
                writer.writerow([spreadsheet_safe(text) for text in (*cells, str(row.number), " | ".join(reasons[row.number]))])
    return response


def _show(request: SignedInRequest, job: ImportJob, *, form: DecisionForm | None = None) -> HttpResponse:
    context = {
        "job": job,
        "in_work": job.state in IN_WORK,
        "form": form or DecisionForm(job=job),
        "preview": _preview(job),
        "errors": [{**error, "column": _column(error["column"], job)} for error in job.errors[:SHOWN_ERRORS]],
        "may_be_mapped": import_jobs.may_be_mapped(job),
        "may_be_continued": import_jobs.may_be_continued(job),
    }
    return render(request, "partners/import_detail.html", context, status=UNPROCESSABLE if form else 200)


def _column(name: str, job: ImportJob) -> str:
    """Return the user's own column, or where none carries the field, the field's name in the reader's language."""
    return name if name in job.columns else str(FIELD_LABELS.get(name, name))


def _preview(job: ImportJob) -> list[dict[str, Any]]:
    """Return the first rows with outcomes and fields in the reader's language."""
    labels = {**FIELD_LABELS, "founded_year": FIELD_LABELS["founded"]}
    return [
        {
            **row,
            "outcome_label": Outcome(row["outcome"]).label,
            "changes": [{**change, "label": labels[change["field"]]} for change in row["changes"]],
        }
        for row in job.preview.get("rows", [])
    ]


def _samples(table: Table) -> dict[str, list[str]]:
    """Return the first different values of each column."""
    rows = list(islice(table.rows(), 50))
    values = {column: dict.fromkeys(row.cells[column] for row in rows if row.cells[column]) for column in table.columns}
    return {column: list(found)[:SAMPLES] for column, found in values.items()}
