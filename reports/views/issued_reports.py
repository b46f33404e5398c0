"""Issuing a report, what was issued, its files, and what was corrected in the records since."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, DetailView, SignedInRequest, UpdateView
from crm.permissions import Permission, requires
from crm.text import fold
from reports.actions.periodic_papers import issued_paper, paper_of
from reports.actions.periodic_reports import may_issue
from reports.choices import FileFormat
from reports.documents.render import draw, file_of
from reports.forms.periodic_reports import IssueForm
from reports.metrics.periodic.ledger import compare, ledger_of, with_records
from reports.metrics.periodic.lines import Figures
from reports.metrics.periodic.spans import span_of
from reports.models import IssuedReport, PeriodicReport

CONTENT_TYPES = {
    FileFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHOWN_CORRECTIONS = 100


class PeriodicReportIssue(UpdateView):
    """Asks before issuing; a corrected issue says what it corrects."""

    permission = Permission.REPORT_ISSUE
    model = PeriodicReport
    template_name = "reports/periodic_report_issue.html"
    success_message = _("Issued. Figures, text and files are frozen as they are.")

    def get_queryset(self) -> QuerySet[PeriodicReport]:
        return super().get_queryset().select_related("unit__parent", "directive", "template_docx", "template_xlsx")

    def prepare(self) -> None:
        super().prepare()
        if not may_issue(self.object, self.request.user):
            raise Http404

    def get_form(self, *data: Any) -> IssueForm:
        return IssueForm(*data[:1], report=self.object, by=self.request.user, draw=draw)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(request.POST)
        if form.is_valid():
            try:
                with transaction.atomic():
                    issued = form.save()
            except ValidationError as error:
                add_action_errors(form, error)
                form.show_current()
            else:
                messages.success(request, str(self.success_message))
                return redirect(issued)
        return self.show(status=UNPROCESSABLE, form=form, object=self.object)

    def get_context(self, **context: Any) -> dict[str, Any]:
        last = self.object.issues.order_by("-number").defer("figures", "ledger", "content").first()
        unwritten = [str(section.heading) for section in self.object.sections.filter(text="")]
        return super().get_context(**context) | {"last_issue": last, "next_number": last.number + 1 if last else 1, "unwritten": unwritten}


class IssuedReportDetail(DetailView):
    """A report as it was issued."""

    permission = Permission.REPORT_VIEW
    model = IssuedReport
    template_name = "reports/issued_report.html"

    def get_queryset(self) -> QuerySet[IssuedReport]:
        return super().get_queryset().defer("ledger").select_related("report__unit", "issued_by", "policy").prefetch_related("files")

    def get_context(self, **context: Any) -> dict[str, Any]:
        report, user = self.object.report, self.request.user
        newest = report.issues.order_by("-number").values_list("number", flat=True)[0]
        return super().get_context(**context) | {
            "paper": issued_paper(self.object),
            "report": report,
            "newest": newest,
            "issues": report.issues.defer("figures", "ledger", "content").order_by("number"),
            "may_issue": may_issue(report, user) and newest == self.object.number,
        }  # fmt: skip


@require_safe
@requires(Permission.REPORT_VIEW)
def issued_corrections(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What the records say otherwise since the issue: rows added, removed or changed, who did it and when."""
    issued = get_object_or_404(IssuedReport.objects.visible_to(request.user).select_related("report__unit"), public_id=public_id)
    found = compare(issued.ledger, ledger_of(span_of(issued.report, today=min(timezone.localdate(), issued.as_of))))
    shown = with_records(found, since=issued.issued_at, reader=request.user, at_most=SHOWN_CORRECTIONS)
    labels = {code: line.label for code, line in Figures.from_document(issued.figures).lines_by_code.items()}
    lines = [
        {"row": row, "left": _figure_labels(row.then, row.now, labels), "entered": _figure_labels(row.now, row.then, labels)}
        for row in shown.rows
    ]
    context = {"issued": issued, "lines": lines, "count": len(found.rows), "more": len(found.rows) - len(lines)}
    return render(request, "reports/issued_corrections.html", context)


@require_safe
@requires(Permission.REPORT_VIEW)
def issued_file(request: SignedInRequest, public_id: UUID, file_format: str) -> HttpResponse:
    """A file of an issued report: the same bytes for ever."""
    issued = get_object_or_404(IssuedReport.objects.visible_to(request.user).select_related("report__unit"), public_id=public_id)
    file = get_object_or_404(issued.files, format=file_format)
    record_event(AuditVerb.EXPORTED, by=request.user, subject=issued.report, request=request, what=f"issue {issued.number} {file_format}")
    return _file(bytes(file.content), FileFormat(file.format), issued.report, f"lan {issued.number}")


@require_safe
@requires(Permission.REPORT_VIEW)
def periodic_report_draft(request: SignedInRequest, public_id: UUID, file_format: str) -> HttpResponse:
    """The draft as a file, marked as one."""
    rows = PeriodicReport.objects.visible_to(request.user).select_related("unit__parent", "directive", "template_docx", "template_xlsx")
    report = get_object_or_404(rows, public_id=public_id)
    if file_format not in FileFormat.values:
        raise Http404
    try:
        paper = paper_of(report, today=timezone.localdate())
        content = file_of(paper, FileFormat(file_format), report.template(FileFormat(file_format)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(report)
    record_event(AuditVerb.EXPORTED, by=request.user, subject=report, request=request, what=f"draft {file_format}")
    return _file(content, FileFormat(file_format), report, "du thao")


def _file(content: bytes, file_format: FileFormat, report: PeriodicReport, words: str) -> HttpResponse:
    name = slugify(fold(f"bao cao {report.unit.display} {report.period_from:%Y%m%d} {words}"))
    headers = {"Content-Disposition": f'attachment; filename="{name}.{file_format.value}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=CONTENT_TYPES[file_format], headers=headers)


def _figure_labels(codes: Iterable[str], others: Iterable[str], labels: dict[str, str]) -> list[str]:
    """Figures among the codes that are not among the others, by name."""
    return list(dict.fromkeys(labels.get(code.partition("=")[0], code) for code in codes if code not in others))
