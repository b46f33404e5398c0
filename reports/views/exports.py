"""Pages of figures as files: what is seen, in CSV or as a workbook."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponseBase

from crm.columns import Column
from crm.exporting import FORMATS, FiguresExport
from crm.generic import SignedInRequest
from crm.permissions import Permission, check


def figures_file(request: SignedInRequest, rows: Sequence[Any], columns: Sequence[Column], *, name: str) -> HttpResponseBase:
    """Answer with the rows in the format that ``export`` in the address names; 404 for another one, 403 without the right."""
    check(request, Permission.EXPORT)
    format_name = request.GET.get("export", "")
    if format_name not in FORMATS:
        raise Http404
    made = FiguresExport.of(rows, name=name, columns=columns, by=request.user)
    return made.answer(request, format_name, filters=request.GET.urlencode())
