"""Templates of reports: those of the reader, the ready ones with every field, bringing one, a look at it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.generic import ArchiveView, CreateView, Question, SignedInRequest
from crm.models import Unit
from crm.permissions import Permission, requires
from crm.text import fold
from reports.actions.periodic_papers import default_title, paper_of
from reports.actions.report_templates import archive_report_template
from reports.choices import FileFormat, PeriodKind
from reports.documents.fields import FIELDS
from reports.documents.ready_excel import ready_excel
from reports.documents.ready_word import ready_word
from reports.documents.render import file_of
from reports.forms.periodic_reports import ReportTemplateForm
from reports.metrics.periods import last_over
from reports.models import PeriodicReport, ReportTemplate
from reports.views.issued_reports import CONTENT_TYPES


@require_safe
@requires(Permission.REPORT_VIEW)
def report_template_list(request: SignedInRequest) -> HttpResponse:
    """Templates in use that the reader's units may take, and every field with its meaning."""
    above = {code for unit in _own_units(request) for code in unit.path.strip("/").split("/")}
    rows = ReportTemplate.objects.visible_to(request.user).live().select_related("unit", "updated_by").defer("content")
    if not request.user.scope.central:
        rows = rows.filter(Q(unit__isnull=True) | Q(unit__code__in=above) | Q(unit__in=request.user.scope.unit_ids))
    own = set(ReportTemplate.objects.editable_by(request.user).values_list("pk", flat=True))
    context = {"templates": rows, "own": own, "fields": FIELDS}
    return render(request, "reports/report_template_list.html", context)


class ReportTemplateCreate(CreateView):
    permission = Permission.REPORT_EDIT
    model = ReportTemplate
    template_name = "reports/report_template_form.html"
    form_class = ReportTemplateForm
    success_message = _("The template is kept. Choose it in the head of a report.")


class ReportTemplateArchive(ArchiveView):
    permission = Permission.REPORT_EDIT
    model = ReportTemplate
    action = staticmethod(archive_report_template)  # type: ignore[assignment]  # takes its own noun, not any record
    question = Question(
        _("Archive this template?"), _("It can no longer be chosen. Reports that were issued with it stay as they are."), _("Archive")
    )


@require_safe
@requires(Permission.REPORT_VIEW)
def ready_template(request: SignedInRequest, file_format: str) -> HttpResponse:
    """The template that the product ships, with every field, to be changed and brought back."""
    if file_format not in FileFormat.values:
        raise Http404
    content = ready_word() if file_format == FileFormat.DOCX else ready_excel()
    return _file(content, FileFormat(file_format), "mau bao cao")


@require_safe
@requires(Permission.REPORT_VIEW)
def report_template_file(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """A template as it was brought."""
    template = get_object_or_404(ReportTemplate.objects.visible_to(request.user), public_id=public_id)
    return _file(bytes(template.content), FileFormat(template.format), template.name)


@require_safe
@requires(Permission.REPORT_VIEW)
def report_template_sample(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """The template filled with the last half-year of the reader's own unit, marked as a draft."""
    template = get_object_or_404(ReportTemplate.objects.visible_to(request.user).live(), public_id=public_id)
    unit = next(iter(_own_units(request)), None)
    if unit is None:
        raise Http404
    period = last_over(PeriodKind.HALF_YEAR, timezone.localdate())
    sample = PeriodicReport(unit=unit, period_kind=period.kind, period_from=period.start, period_to=period.end)
    sample.title = default_title(sample)
    try:
        paper = paper_of(sample, today=timezone.localdate())
        content = file_of(paper, FileFormat(template.format), template)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("reports:report-template-list")
    return _file(content, FileFormat(template.format), f"xem thu {template.name}")


def _own_units(request: SignedInRequest) -> Any:
    return Unit.objects.filter(pk__in=request.user.scope.home_unit_ids).select_related("parent")


def _file(content: bytes, file_format: FileFormat, words: str) -> HttpResponse:
    name = slugify(fold(words)) or "mau"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{file_format.value}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=CONTENT_TYPES[file_format], headers=headers)
