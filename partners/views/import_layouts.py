"""How the file of an import is read: shown with its first rows, corrected, confirmed."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from crm.forms import add_action_errors
from crm.generic import UNPROCESSABLE, SignedInRequest
from crm.models import ImportJob
from crm.permissions import Permission, requires
from crm.tabular import Examined, Layout, Reason, TabularError, examine, find_layout, open_source
from crm.tabular.sources import Source
from partners.actions import import_jobs
from partners.forms.imports import LayoutForm

FIRST_ROWS = 16
FIRST_COLUMNS = 10
REASON_LABELS = {
    Reason.TITLE: _("title above the table"),
    Reason.NUMBERING: _("numbers of the columns"),
    Reason.HEADER_AGAIN: _("header again"),
    Reason.GROUP: _("heading of a group"),
    Reason.TOTAL: _("total"),
    Reason.SIGNATURE: _("signatures and recipients"),
    Reason.HIDDEN: _("hidden"),
    Reason.AFTER_END: _("below the last row"),
}


def reason_rows(left_out: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are left out, with the reason in words."""
    return [{**left, "label": REASON_LABELS[Reason(left["reason"])]} for left in left_out]


@requires(Permission.PARTNER_IMPORT)
@require_http_methods(["GET", "POST"])
def import_layout(request: SignedInRequest, public_id: UUID) -> HttpResponseBase:
    """Show how the file is read. Another sheet or encoding is read first, and then shown again to be confirmed."""
    job = get_object_or_404(ImportJob.objects.visible_to(request.user).select_related("unit"), public_id=public_id)
    if not import_jobs.may_be_mapped(job):
        return redirect("partners:import-detail", job.public_id)
    layout = import_jobs.layout_of(job)
    with job.file.open("rb") as file:
        source = open_source(file, encoding=layout.encoding)
        examined = examine(source, layout)
        form = LayoutForm(request.POST if request.method == "POST" else None, layout=layout, examined=examined, source=source)
        if form.is_valid():
            chosen = form.layout()
            try:
                if (chosen.sheet, chosen.encoding) != (layout.sheet, layout.encoding):
                    source = open_source(file, encoding=chosen.encoding)
                    chosen = find_layout(source, sheet=chosen.sheet)
                    is_shown_first = True
                else:
                    is_shown_first = "again" in request.POST
                import_jobs.set_layout(job, by=request.user, layout=chosen, confirmed=not is_shown_first)
            except (TabularError, ValidationError) as error:
                add_action_errors(form, error if isinstance(error, ValidationError) else ValidationError(str(error)))
            else:
                return redirect("partners:import-layout" if is_shown_first else "partners:import-mapping", job.public_id)
        context = {"job": job, "form": form, "examined": examined, **_seen(source, examined)}
    return render(request, "partners/import_layout.html", context, status=UNPROCESSABLE if form.errors else 200)


def _seen(source: Source, examined: Examined) -> dict[str, Any]:
    """The first rows as the file has them, each with what it is taken for, and the rows left out further down."""
    layout: Layout = examined.layout
    reasons = {left.number: REASON_LABELS[left.reason] for left in examined.left_out}
    rows: list[dict[str, Any]] = []
    for row in source.rows(layout.sheet):
        if row.number > FIRST_ROWS + layout.header_to or len(rows) >= FIRST_ROWS:
            break
        if not any(row.cells):
            continue
        is_header = layout.header_from <= row.number <= layout.header_to
        rows.append({"number": row.number, "cells": row.cells[:FIRST_COLUMNS], "is_header": is_header, "left": reasons.get(row.number)})
    width = max((len(shown["cells"]) for shown in rows), default=0)
    for shown in rows:
        shown["cells"] += [""] * (width - len(shown["cells"]))
    seen = {shown["number"] for shown in rows}
    below = [left for left in examined.left_out if left.number not in seen]
    return {"rows": rows, "left_out": [{"number": each.number, "label": REASON_LABELS[each.reason], "text": each.text} for each in below]}
