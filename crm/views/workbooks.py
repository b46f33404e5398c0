"""Offline workbooks: take one along, bring it back, look at what would change, decide, apply."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from crm.actions.audit import record_event
from crm.actions.undoing import may_undo
from crm.choices import AuditVerb, ImportState
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest, is_partial
from crm.models import Unit, User, WorkbookUpload
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, requires
from crm.workbooks import uploads
from crm.workbooks.forms import BringForm, TakeForm
from crm.workbooks.pages import drafts_of, outcomes_for, sections_of
from crm.workbooks.plans import HERE, MINE
from crm.workbooks.taking import Content, take
from crm.workbooks.writing import Told, file_name, write_workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 30
CONFLICTS_SHOWN = 50


def upload_of(request: SignedInRequest, public_id: UUID) -> WorkbookUpload:
    """Return the workbook that came back, or 404 outside the account's scope."""
    rows = WorkbookUpload.objects.visible_to(request.user).select_related("unit", "created_by", "updated_by", "change_set")
    return get_object_or_404(rows, public_id=public_id)


@requires(Permission.CONNECTION_VIEW)
@require_GET
def workbook_list(request: SignedInRequest) -> HttpResponseBase:
    rows = WorkbookUpload.objects.visible_to(request.user).select_related("unit", "created_by", "change_set")
    try:
        page = keyset_page(rows.defer("conflicts", "refused", "preview"), order=("-id",), cursor=request.GET.get("cursor"), size=PAGE)
    except InvalidCursorError:
        return redirect("crm:workbook-list")
    return render(request, "crm/workbooks/list.html", {"page": page, "form": TakeForm(by=request.user)})


@requires(Permission.CONNECTION_VIEW)
@require_GET
def workbook_download(request: SignedInRequest) -> HttpResponseBase:
    """The workbook of a unit, once it is on record who took it."""
    form = TakeForm(request.GET, by=request.user)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("crm:workbook-list")
    unit: Unit = form.cleaned_data["unit"]
    try:
        content = take(unit, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("crm:workbook-list")
    return _send(request, content)


@requires(Permission.CONNECTION_VIEW)
@require_http_methods(["GET", "POST"])
def workbook_upload(request: SignedInRequest) -> HttpResponseBase:
    form = BringForm(*((request.POST, request.FILES) if request.method == "POST" else ()), by=request.user)
    if form.is_valid():
        try:
            return redirect(form.save())
        except ValidationError as error:
            add_action_errors(form, error)
    return render(request, "crm/workbooks/upload.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@requires(Permission.CONNECTION_VIEW)
@require_GET
def workbook_detail(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    upload = upload_of(request, public_id)
    change_set = upload.change_set
    context = {
        "upload": upload,
        "in_work": upload.state in uploads.IN_WORK,
        "sections": sections_of(upload),
        "undecided": sum(not entry.get("decision") for entry in upload.conflicts),
        "may_be_applied": uploads.may_be_applied(upload),
        "sent_before": uploads.sent_before(upload),
        "may_undo": change_set is not None and may_undo(change_set, request.user),
    }
    return render(request, "crm/workbooks/detail.html", context)


@requires(Permission.CONNECTION_VIEW)
@require_GET
def workbook_progress(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """The progress bar alone, for htmx to ask again; the whole page once the work is over."""
    upload = upload_of(request, public_id)
    if not is_partial(request):
        return redirect(upload)
    if upload.state not in uploads.IN_WORK:
        return HttpResponseClientRefresh()
    return render(request, "crm/workbooks/detail.html#progress", {"upload": upload})


@requires(Permission.CONNECTION_VIEW)
@require_http_methods(["GET", "POST"])
def workbook_decide(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Where both sides changed a cell, or nobody can know which record a row is: say which stands."""
    upload = upload_of(request, public_id)
    if request.method == "POST":
        return _decide(request, upload)
    entries = [entry for entry in upload.conflicts if not entry.get("settled") and not entry.get("decision")]
    context: dict[str, Any] = {"upload": upload, "count": len(entries), "sections": sections_of(upload, entries[:CONFLICTS_SHOWN])}
    return render(request, "crm/workbooks/decide.html", context)


@requires(Permission.CONNECTION_VIEW)
@require_POST
def workbook_apply(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    upload = upload_of(request, public_id)
    if not uploads.start_apply(upload, by=request.user):
        messages.info(request, _("This workbook has been started already."))
    return redirect(upload)


@requires(Permission.CONNECTION_VIEW)
@require_GET
def workbook_result(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """A fresh workbook of the unit, in which a column says what became of each row that came back."""
    upload = upload_of(request, public_id)
    if upload.state != ImportState.DONE:
        return redirect(upload)
    try:
        content = take(upload.unit, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(upload)
    return _send(request, content, upload)


def _decide(request: SignedInRequest, upload: WorkbookUpload) -> HttpResponseBase:
    chosen = {name.removeprefix("side:"): side for name, side in request.POST.items() if name.startswith("side:")}
    for_all = request.POST.get("for_all", "")
    if for_all in (HERE, MINE):
        chosen = {entry["id"]: for_all for entry in upload.conflicts if entry["column"]}
    decided = uploads.decide(upload, {name: str(side) for name, side in chosen.items()}, by=request.user)
    if decided:
        messages.success(request, ngettext("%(n)s decision is kept.", "%(n)s decisions are kept.", decided) % {"n": decided})
    is_open = any(not entry.get("decision") for entry in upload.conflicts)
    return redirect("crm:workbook-decide" if is_open and decided else "crm:workbook-detail", upload.public_id)


def _send(request: SignedInRequest, content: Content, upload: WorkbookUpload | None = None) -> HttpResponseBase:
    by: User = request.user
    counts = {each.sheet.code: len(each.records) for each in content.sheets}
    record_event(AuditVerb.EXPORTED, by=by, request=request, list="workbook", format="xlsx", unit=content.taken.unit, rows=counts)
    response = FileResponse(write_workbook(content, Told(outcomes_for(upload), drafts_of(upload)) if upload else None))
    response["Content-Type"] = MEDIA_TYPE
    response["Content-Disposition"] = f'attachment; filename="{file_name(content.taken)}"'
    response["Cache-Control"] = "no-store"
    return response
