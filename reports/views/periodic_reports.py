"""Periodic reports: the list, a new one, its page, its head and text."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.records import restore_record
from crm.generic import ActionView, ArchiveView, CreateView, DetailView, Question, UpdateView
from crm.lists import EmptyState, RecordList
from crm.permissions import Permission
from crm.views.filters import FilterPanel
from reports.actions.periodic_papers import paper_of, previous_texts
from reports.actions.periodic_reports import may_issue
from reports.choices import PeriodKind
from reports.columns.periodic_reports import REPORT_COLUMNS
from reports.filters.periodic_reports import PeriodicReportFilter
from reports.forms.periodic_reports import PeriodicReportForm, ReportTextForm
from reports.metrics.periods import Period, last_over
from reports.models import PeriodicReport

OFFERED_KINDS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.HALF_YEAR, PeriodKind.YEAR)


class PeriodicReportList(RecordList):
    permission = Permission.REPORT_VIEW
    model = PeriodicReport
    template_name = "reports/periodic_report_list.html"
    filterset_class = PeriodicReportFilter
    url_name = "reports:periodic-report-list"
    filters_url_name = "reports:periodic-report-filters"
    columns = REPORT_COLUMNS
    default_order = "-period"
    empty = EmptyState(
        _("No report yet"), _("A report is made from the records: choose a unit and a period, and its figures are there."),
        "reports:periodic-report-create", _("New report"), Permission.REPORT_EDIT,
    )  # fmt: skip

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"offered": offered_periods()}


class PeriodicReportFilters(FilterPanel):
    list_class = PeriodicReportList


class PeriodicReportCreate(CreateView):
    """A new report; ``?kind=`` and ``?day=`` fill the period in."""

    permission = Permission.REPORT_EDIT
    model = PeriodicReport
    template_name = "reports/periodic_report_form.html"
    form_class = PeriodicReportForm
    success_message = _("The draft is there: look at its figures, then write the text.")

    def get_form_arguments(self) -> dict[str, Any]:
        given = {"period_kind": self.request.GET.get("kind", ""), "day": self.request.GET.get("day", "")}
        initial = {name: value for name, value in given.items() if value and len(value) < 12}
        if initial.get("period_kind") not in PeriodKind.values:
            initial.pop("period_kind", None)
        return {"initial": initial}

    def get_context(self, **context: Any) -> dict[str, Any]:
        return super().get_context(**context) | {"offered": offered_periods()}


class PeriodicReportDetail(DetailView):
    """A draft as it would be issued now, with what was issued of it."""

    permission = Permission.REPORT_VIEW
    model = PeriodicReport
    template_name = "reports/periodic_report_detail.html"

    def get_queryset(self) -> QuerySet[PeriodicReport]:
        rows = super().get_queryset().select_related("unit__parent", "directive", "template_docx", "template_xlsx", "updated_by")
        return rows.prefetch_related("sections")

    def get_context(self, **context: Any) -> dict[str, Any]:
        report, user = self.object, self.request.user
        issues = list(report.issues.defer("figures", "ledger", "content").select_related("issued_by").order_by("-number"))
        try:
            shown: dict[str, Any] = {"paper": paper_of(report, today=timezone.localdate())}
        except ValidationError as error:
            shown = {"mistakes": error.messages}
        may_edit = user.may(Permission.REPORT_EDIT) and PeriodicReport.objects.editable_by(user).filter(pk=report.pk).exists()
        return super().get_context(**context) | shown | {
            "issues": issues,
            "last_issue": issues[0] if issues else None,
            "may_edit": may_edit,
            "may_issue": may_issue(report, user),
        }  # fmt: skip


class PeriodicReportEdit(UpdateView):
    """The head and the text, with the text of last time at hand; ``?take=`` puts that of one part in."""

    permission = Permission.REPORT_EDIT
    model = PeriodicReport
    template_name = "reports/periodic_report_edit.html"
    form_class = ReportTextForm

    def get_form_arguments(self) -> dict[str, Any]:
        previous = previous_texts(self.object, among=PeriodicReport.objects.visible_to(self.request.user))
        return {**super().get_form_arguments(), "previous": previous, "taken": self.request.GET.get("take", "")}


class PeriodicReportArchive(ArchiveView):
    permission = Permission.REPORT_EDIT
    model = PeriodicReport
    question = Question(
        _("Archive this report?"), _("It goes out of the lists. What was issued of it stays as it is, and readable."), _("Archive")
    )


class PeriodicReportRestore(ActionView):
    permission = Permission.REPORT_EDIT
    model = PeriodicReport
    action = staticmethod(restore_record)
    success_message = _("Restored.")
    question = Question(_("Restore this report?"), _("It comes back into the lists."), _("Restore"))

    def get_queryset(self) -> QuerySet[Any]:
        return PeriodicReport.objects.visible_to(self.request.user).archived()


def offered_periods() -> list[Period]:
    """The last month, quarter, half-year and year that are over: what most reports are for."""
    today = timezone.localdate()
    return [last_over(kind, today) for kind in OFFERED_KINDS]
