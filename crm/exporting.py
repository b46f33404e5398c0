"""Lists as files: CSV as a stream, XLSX by way of a temporary file; flat memory, any number of rows.

Text stays text. In a workbook every text is a cell of text, days are dates, numbers are numbers. In CSV, text that a
spreadsheet would run or retype is marked (``crm.formulas``), and our own import takes the mark off again.

Rows are read by keyset, a thousand at a time, so that no transaction stays open for minutes; a row that somebody edits
meanwhile is written as it was or as it is. The number of rows stands in the name of the file: whoever got fewer lines
got a broken download. The whole export is on record before its first byte leaves, and restricted rows are traced.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, cast

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, override
from xlsxwriter import Workbook

from crm.actions.audit import record_event, trace_readings
from crm.choices import AuditVerb
from crm.columns import Column, Exported
from crm.formulas import protected
from crm.models import User
from crm.paging import keyset_page
from crm.text import fold

CHUNK = 1_000
FORMATS = ("csv", "xlsx")
# A sheet ends at 1,048,576 rows; the rest goes on in the next one.
ROWS_OF_SHEET = 1_000_000
LONGEST_CELL = 32_767
STARTED_COOKIE = "export-started"


@dataclass(frozen=True)
class Export:
    """What goes into a file. ``name`` in the reader's words; ``order``: the keyset of the list."""

    name: str
    rows: QuerySet[Any] | Sequence[Any]
    count: int
    columns: Sequence[Column]
    order: Sequence[str]
    by: User

    def answer(self, request: HttpRequest, format_name: str, *, filters: str) -> HttpResponseBase:
        """Answer with the file, after the export is on record."""
        details: dict[str, Any] = {"list": self.name, "format": format_name, "filters": filters, "rows": self.count}
        record_event(AuditVerb.EXPORTED, by=self.by, request=request, columns=[column.name for column in self.columns], **details)
        chunks = self._chunks(request)
        response: HttpResponseBase
        if format_name == "csv":
            response = StreamingHttpResponse(
                in_language(get_language() or "vi", csv_lines(self.columns, chunks)), content_type="text/csv; charset=utf-8"
            )
        else:
            response = FileResponse(workbook(self.columns, chunks))
            response["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response["Content-Disposition"] = f'attachment; filename="{self.file_name(format_name)}"'
        response["Cache-Control"] = "no-store"
        # Tells the page that asked that the file is on its way.
        response.set_cookie(STARTED_COOKIE, request.GET.get("started", "")[:40], max_age=60, samesite="Lax")
        return response

    def file_name(self, ending: str) -> str:
        """Say what, when and how many: ``doi-tac-2026-11-22-1234.csv``."""
        return f"{slugify(fold(self.name))}-{timezone.localdate().isoformat()}-{self.count}.{ending}"

    def _chunks(self, request: HttpRequest) -> Iterator[list[Any]]:
        cursor = None
        while True:
            page = keyset_page(cast("QuerySet[Any]", self.rows), order=self.order, cursor=cursor, size=CHUNK)
            trace_readings(page.rows, by=self.by, request=request)
            yield page.rows
            cursor = page.next_cursor
            if cursor is None:
                return


class FiguresExport(Export):
    """Rows that were worked out, not read: all of them are here already, so they need no keyset."""

    @classmethod
    def of(cls, rows: Sequence[Any], *, name: str, columns: Sequence[Column], by: User) -> "FiguresExport":
        return cls(name=name, rows=rows, count=len(rows), columns=columns, order=(), by=by)

    def _chunks(self, request: HttpRequest) -> Iterator[list[Any]]:
        yield list(self.rows)


class _Line:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Sequence[Column], chunks: Iterable[list[Any]]) -> Iterator[bytes]:
    """Write CSV in UTF-8 with a byte order mark, by which spreadsheets know it; a chunk of rows at a time."""
    writer = csv.writer(_Line(), quoting=csv.QUOTE_NONNUMERIC)
    yield ("\ufeff" + writer.writerow([str(column.label) for column in columns])).encode()
    for rows in chunks:
        yield "".join(writer.writerow([_for_csv(column.value(row)) for column in columns]) for row in rows).encode()


def in_language(language: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Make each piece in the language; a stream is read when the request, and with it the reader's language, is over."""
    iterator = iter(pieces)
    while True:
        with override(language):
            piece = next(iterator, None)
        if piece is None:
            return
        yield piece


def _for_csv(value: Exported) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return protected(value) if isinstance(value, str) else value


def workbook(columns: Sequence[Column], chunks: Iterable[list[Any]]) -> IO[bytes]:
    """Write a workbook row by row to a temporary file, and return that from its beginning. It is gone when closed."""
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115  (closed by the answer that sends it)
    # Strings stay strings: no formulas, no links, no numbers made of digits.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = Workbook(file, options)
    bold, day_format = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "dd/mm/yyyy"})
    sheet, line = None, 0
    for rows in chunks:
        for row in rows:
            if sheet is None or line > ROWS_OF_SHEET:
                sheet, line = _new_sheet(book, columns, bold), 1
            _write_row(sheet, line, [column.value(row) for column in columns], day_format)
            line += 1
    if sheet is None:
        _new_sheet(book, columns, bold)
    book.close()
    file.seek(0)
    return file


def _new_sheet(book: Workbook, columns: Sequence[Column], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 40 if column.heads_row else 18)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, str(column.label), bold)
    return sheet


def _write_row(sheet: Any, line: int, values: list[Exported], day_format: Any) -> None:
    for place, value in enumerate(values):
        if isinstance(value, date):
            moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001  (a workbook knows no zones)
            if value.year >= 1900:
                sheet.write_datetime(line, place, moment, day_format)
            else:
                sheet.write_string(line, place, value.isoformat())
        elif isinstance(value, bool | int | float):
            sheet.write(line, place, value)
        elif value:
            sheet.write_string(line, place, value[:LONGEST_CELL])
