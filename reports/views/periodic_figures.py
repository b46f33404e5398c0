"""The rows that a figure of a report counts: as they stand, or as an issue counted them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from activities.columns.agreements import AGREEMENT_COLUMNS
from activities.columns.commitments import COMMITMENT_COLUMNS
from activities.columns.exchanges import EXCHANGE_COLUMNS
from crm.columns import Column, fetched, rows_as_html
from crm.exporting import FORMATS, Export
from crm.generic import SignedInRequest, address_without
from crm.paging import InvalidCursorError, keyset_page
from crm.permissions import Permission, check, requires
from partners.columns import PARTNER_COLUMNS
from reports.columns.periodic_reports import REGISTRATION_COLUMNS, UNIT_COLUMNS
from reports.metrics.periodic.figures import columns_of, label_of, rows_of
from reports.metrics.periodic.ledger import noun_of
from reports.metrics.periodic.lines import Figures
from reports.metrics.periodic.nouns import MODELS, visible_rows
from reports.metrics.periodic.spans import span_of
from reports.models import PeriodicReport

COLUMNS: dict[str, tuple[Column, ...]] = {
    "exchanges": EXCHANGE_COLUMNS,
    "agreements": AGREEMENT_COLUMNS,
    "commitments": COMMITMENT_COLUMNS,
    "partners": PARTNER_COLUMNS,
    "registrations": REGISTRATION_COLUMNS,
    "units": UNIT_COLUMNS,
}
ORDERS = {
    "exchanges": ("-starts_on", "-id"),
    "agreements": ("-signed_on", "-id"),
    "commitments": ("-promised_on", "-id"),
    "partners": ("sort_key", "id"),
    "registrations": ("-valid_from", "-id"),
    "units": ("path", "id"),
}
PAGE_SIZE = 50


@require_safe
@requires(Permission.REPORT_VIEW)
def periodic_report_figure(request: SignedInRequest, public_id: UUID, code: str) -> HttpResponseBase:
    """The rows of a figure, those that the reader may see; ``?column=`` of another period, ``?issue=`` as that issue counted."""
    report = get_object_or_404(PeriodicReport.objects.visible_to(request.user).select_related("unit"), public_id=public_id)
    try:
        noun, rows, label, period = _chosen(report, code, request.GET)
    except (KeyError, ValueError, StopIteration) as error:
        raise Http404 from error
    rows = visible_rows(noun, rows, request.user)
    columns = [column for column in COLUMNS[noun] if column.standard]
    prepared = fetched(rows, columns, request.user)
    count = rows.order_by().count()
    if (wanted := request.GET.get("export")) in FORMATS:
        check(request, Permission.EXPORT)
        export = Export(label, prepared, count, columns, ORDERS[noun], request.user)
        return export.answer(request, str(wanted), filters=f"{report.public_id} {code}")
    try:
        page = keyset_page(prepared, order=ORDERS[noun], cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    except InvalidCursorError:
        return HttpResponseRedirect(address_without(request, "cursor"))
    context = {
        "report": report, "label": label, "period": period, "count": count, "page": page, "columns": columns,
        "body": rows_as_html(page.rows, columns), "may_export": request.user.may(Permission.EXPORT), "issue": request.GET.get("issue"),
    }  # fmt: skip
    return render(request, "reports/periodic_report_figure.html", context)


def _chosen(report: PeriodicReport, code: str, parameters: Any) -> tuple[str, QuerySet[Any], str, Any]:
    """Return noun, rows, name and column of the figure. Raises KeyError, ValueError or StopIteration for what there is not."""
    if number := parameters.get("issue"):
        issued = get_object_or_404(report.issues, number=int(number))
        figures = Figures.from_document(issued.figures)
        noun = noun_of(code)
        rows = MODELS[noun]._default_manager.filter(pk__in=issued.ledger["rows"].get(code, []))
        return noun, rows, figures.lines_by_code[code].label, figures.columns[0]
    span = span_of(report, today=timezone.localdate())
    column = next(each for each in columns_of(report, span) if each.code == parameters.get("column", "now"))
    if column.code != "now":
        span = span.at(column.start, column.end)
    noun, rows = rows_of(code, span)
    return noun, rows, label_of(code, span), column
