"""The workbook template that the product ships: a sheet of figures, one of tables, one of agreements, one of text."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from reports.documents.archives import steady

FONT = "Times New Roman"
_EDGE = Side(style="thin", color="999999")
_MADE = date(2026, 1, 1)
_VALUES = ("now_number", "before_number", "change", "year_before_number", "change_year")
_HEADS = ("Kỳ này", "Kỳ trước", "Tăng, giảm", "Cùng kỳ năm trước", "Tăng, giảm")


@lru_cache(maxsize=1)
def ready_excel() -> bytes:
    """Return the template."""
    book = Workbook()
    _sheet(
        book.active, "Số liệu", ("Nhóm", "Chỉ tiêu", *_HEADS), _row("figure", ("group", "label", *_VALUES)), (26, 44, 12, 12, 18, 14, 18)
    )
    _sheet(
        book.create_sheet(), "Chi tiết", ("Bảng", "Nội dung", *_HEADS), _row("breakdown", ("group", "label", *_VALUES)),
        (34, 44, 12, 12, 18, 14, 18),
    )  # fmt: skip
    agreement = ("number", "title", "kind", "level", "signed_on", "parties")
    heads = ("STT", "Thỏa thuận", "Loại", "Cấp", "Ngày ký", "Các bên")
    _sheet(book.create_sheet(), "Thỏa thuận", heads, _row("agreement", agreement), (6, 50, 22, 18, 12, 60))
    _sheet(book.create_sheet(), "Nội dung", ("Mục", "Tiêu đề", "Nội dung"), _row("section", ("number", "heading", "text")), (8, 40, 100))
    file = BytesIO()
    book.save(file)
    return steady(file.getvalue(), day=_MADE)


def _row(name: str, fields: Sequence[str]) -> list[str]:
    return [f"{{{{ {name}.{field} }}}}" for field in fields]


def _sheet(sheet: Any, title: str, heads: Sequence[str], row: Sequence[str], widths: Sequence[int]) -> None:
    sheet.title = title
    lines = (
        "{{ agency }}",
        "{{ title }}{% if draft %} – {{ draft }}{% endif %}",
        "Từ {{ period_from }} đến hết {{ period_to }}; số liệu đến {{ as_of }}",
    )
    for number, words in enumerate(lines, start=1):
        sheet.cell(number, 1, words).font = Font(name=FONT, size=13, bold=number == 2)
    for column, (head, value, width) in enumerate(zip(heads, row, widths, strict=True), start=1):
        _ruled(sheet.cell(5, column, head), bold=True)
        _ruled(sheet.cell(6, column, value), bold=False)
        sheet.column_dimensions[sheet.cell(5, column).column_letter].width = width
    sheet.freeze_panes = "A6"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    sheet.print_title_rows = "5:5"


def _ruled(cell: Any, *, bold: bool) -> None:
    cell.font = Font(name=FONT, size=12, bold=bold)
    cell.border = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
    cell.alignment = Alignment(vertical="top", wrap_text=True, horizontal="center" if bold else None)
    if bold:
        cell.fill = PatternFill("solid", fgColor="EEEEEE")
