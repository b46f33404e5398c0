"""Importing: bring a list, see how it is read, map its columns, look at what would happen, apply it."""

from collections import Counter
from itertools import islice
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from crm.actions.undoing import may_undo
from crm.choices import ChangeState, ImportState
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.models import ImportJob
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires
from crm.tabular import Table, TabularError
from partners import tasks
from partners.actions import import_jobs
from partners.actions.import_nouns import imported_noun
from partners.forms.import_decisions import DecisionForm, in_words
from partners.forms.imports import BringListForm, MappingForm
from partners.views.import_layouts import reason_rows

SAMPLES = 3
SHOWN_ERRORS = 200
SHOWN_ROWS = 50
SHOWN_REASONS = 5
IN_WORK = (ImportState.CHECKING, ImportState.RUNNING)


def job_of(request: SignedInRequest, public_id: UUID) -> ImportJob:
    """Return the import, or 404 outside the account's scope."""
    jobs = ImportJob.objects.visible_to(request.user).select_related("unit", "created_by", "updated_by", "change_set")
    return get_object_or_404(jobs, public_id=public_id)


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_list(request: SignedInRequest) -> HttpResponseBase:
    jobs = ImportJob.objects.visible_to(request.user).select_related("unit", "created_by", "change_set")
    jobs = jobs.defer("errors", "preview", "layout", "columns", "defaults")
    try:
        page = keyset_page(jobs, order=("-id",), cursor=request.GET.get("cursor"), size=30)
    except InvalidCursorError:
        return redirect("partners:import-list")
    return render(request, "partners/import_list.html", {"page": page})


@requires(Permission.PARTNER_IMPORT)
@require_http_methods(["GET", "POST"])
def import_create(request: SignedInRequest) -> HttpResponseBase:
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = BringListForm(*sent, by=request.user, initial={"noun": request.GET.get("noun", "")} if "noun" in request.GET else None)
    if form.is_valid():
        try:
            job = form.save()
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            return redirect(next_step(job), job.public_id)
    return render(request, "partners/import_form.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


def next_step(job: ImportJob) -> str:
    """The name of the page that asks what is still open before the check."""
    return "partners:import-mapping" if job.layout.get("confirmed", True) else "partners:import-layout"


@requires(Permission.PARTNER_IMPORT)
@require_http_methods(["GET", "POST"])
def import_mapping(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    job = job_of(request, public_id)
    if not import_jobs.may_be_mapped(job):
        return redirect("partners:import-detail", job.public_id)
    if next_step(job) != "partners:import-mapping":
        return redirect(next_step(job), job.public_id)
    try:
        with job.file.open("rb") as file:
            samples = _samples(import_jobs.open_list(job, file))
    except TabularError as error:
        messages.error(request, str(error))
        return redirect("partners:import-list")
    form = MappingForm(request.POST if request.method == "POST" else None, job=job, samples=samples)
    if form.is_valid():
        try:
            if import_jobs.start_check(job, by=request.user, mapping=form.mapping(), defaults=form.defaults()):
                tasks.check_import.delay_on_commit(job.pk)
        except ValidationError as error:
            add_action_errors(form, error)
        else:
            return redirect("partners:import-detail", job.public_id)
    return render(request, "partners/import_mapping.html", {"job": job, "form": form}, status=UNPROCESSABLE if form.errors else 200)


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_detail(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    return _show(request, job_of(request, public_id))


@requires(Permission.PARTNER_IMPORT)
@require_GET
def import_progress(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The progress bar alone, for htmx to ask again; the whole page once the work is over."""
    job = job_of(request, public_id)
    if not is_partial(request):
        return redirect("partners:import-detail", job.public_id)
    if job.state not in IN_WORK:
        return HttpResponseClientRefresh()
    return render(request, "partners/import_detail.html#progress", {"job": job})


@requires(Permission.PARTNER_IMPORT)
@require_POST
def import_decide(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Keep the choices of one page of rows, and show the next. Of organisations decided on, the list is checked again."""
    job = job_of(request, public_id)
    form = DecisionForm(request.POST, job=job, page=_page(request))
    if not form.is_valid():
        return _show(request, job, form=form)
    decisions = form.decisions()
    for_all = form.cleaned_data["for_all"] or None
    if not import_jobs.decide(job, by=request.user, decisions={} if for_all else decisions, for_all=for_all):
        messages.info(request, _("This import has been started already."))
    elif any(decisions[organisation["key"]] for organisation in form.organisations):
        if import_jobs.start_check(job, by=request.user, mapping=job.mapping):
            tasks.check_import.delay_on_commit(job.pk)
    else:
        messages.success(request, _("The choices are kept."))
    response = redirect("partners:import-detail", job.public_id)
    response["Location"] += f"?page={min(form.page + (0 if for_all else 1), form.pages)}#decisions" if form.pages > 1 else ""
    return response


@requires(Permission.PARTNER_IMPORT)
@require_POST
def import_apply(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    job = job_of(request, public_id)
    if import_jobs.may_be_continued(job):
        started = import_jobs.continue_apply(job, by=request.user)
    else:
        form = DecisionForm(request.POST, job=job, page=_page(request))
        if not form.is_valid():
            return _show(request, job, form=form)
        started = import_jobs.start_apply(job, by=request.user, decisions=form.decisions())
    if started:
        tasks.apply_import.delay_on_commit(job.pk)
    else:
        messages.info(request, _("This import has been started already."))
    return redirect("partners:import-detail", job.public_id)


def _page(request: SignedInRequest) -> int:
    sent = request.POST.get("page") or request.GET.get("page") or "1"
    return int(sent) if sent.isdecimal() and len(sent) < 6 else 1


def _show(request: SignedInRequest, job: ImportJob, *, form: DecisionForm | None = None) -> HttpResponse:
    change_set = job.change_set
    context = {
        "job": job,
        "noun": imported_noun(job.noun),
        "in_work": job.state in IN_WORK,
        "form": form or DecisionForm(job=job, page=_page(request)),
        "preview": in_words(job.preview.get("rows", [])[:SHOWN_ROWS], job),
        "errors": [{**error, "column": column_label(error["column"], job)} for error in job.errors[:SHOWN_ERRORS]],
        "can_write_nothing": import_jobs.can_write_nothing(job),
        "reasons": Counter(error["message"] for error in job.errors).most_common(SHOWN_REASONS),
        "left_out": reason_rows(job.layout.get("left_out", [])),
        "may_be_mapped": import_jobs.may_be_mapped(job),
        "may_be_continued": import_jobs.may_be_continued(job),
        "may_undo": change_set is not None and change_set.state == ChangeState.APPLIED and may_undo(change_set, request.user),
    }
    return render(request, "partners/import_detail.html", context, status=UNPROCESSABLE if form else 200)


def column_label(name: str, job: ImportJob) -> str:
    """Return the user's own column, or where none carries the field, the field's name in the reader's language."""
    return name if name in job.columns else str(imported_noun(job.noun).resource.labels.get(name, name))


def _samples(table: Table) -> dict[str, list[str]]:
    """Return the first different values of each column."""
    rows = list(islice(table.rows(), 50))
    values = {column: dict.fromkeys(row.cells[column] for row in rows if row.cells[column]) for column in table.columns}
    return {column: list(found)[:SAMPLES] for column, found in values.items()}
