"""The first sheet: how to work with the workbook, who took it and when, and what must not stand in it."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from crm.models import Unit
from crm.workbooks.taking import SPARE_ROWS, Taken

WIDTH = 76
_A4 = 9
_SIZES = {"title": 16, "head": 12, "text": 11, "warning": 11}


def write_read_me(book: Workbook, taken: Taken, sheets: Sequence[str]) -> None:
    """Write the sheet “Read me first”, as text and nothing else."""
    worksheet: Any = book.add_worksheet(_("Read me first")[:31])
    styles = {
        "title": book.add_format({"bold": True, "font_size": _SIZES["title"], "text_wrap": True}),
        "head": book.add_format({"bold": True, "font_size": _SIZES["head"], "top": 1, "text_wrap": True}),
        "text": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
        "warning": book.add_format({"text_wrap": True, "valign": "top", "bold": True, "bg_color": "#F6E3C5"}),
    }
    worksheet.set_column(0, 0, WIDTH)
    worksheet.hide_gridlines(2)
    for line, (style, text) in enumerate(_lines(taken, sheets)):
        size = _SIZES[style]
        worksheet.set_row(line, 1.4 * size * ceil(len(text) * size / 11 / WIDTH * (1.15 if style == "warning" else 1)))
        worksheet.write_string(line, 0, text, styles[style])
    worksheet.protect("")
    worksheet.set_portrait()
    worksheet.set_paper(_A4)
    worksheet.fit_to_pages(1, 0)
    worksheet.activate()


def _lines(taken: Taken, sheets: Sequence[str]) -> Iterator[tuple[str, str]]:
    unit = Unit.objects.get(code=taken.unit)
    at, until = localtime(taken.at), date_format(localtime(taken.until), "SHORT_DATE_FORMAT")
    yield "title", _("Workbook of %(unit)s") % {"unit": unit.name}
    yield "text", _("Taken by %(who)s on %(day)s at %(time)s.") % {
        "who": taken.by, "day": date_format(at, "SHORT_DATE_FORMAT"), "time": f"{at:%H:%M}",
    }  # fmt: skip
    yield "text", _("Worth working on until %(day)s. After that, take a new one: too much will have changed meanwhile.") % {"day": until}
    yield (
        "warning",
        _(
            "Nothing classified belongs into this file, on no sheet and in no cell. Restricted records and sensitive notes are not in it. "
            "It holds personal data: keep it on the office's own machines, do not pass it on, delete it when it has been brought back."
        ),
    )
    yield "head", _("How to work")
    yield "text", _("1. Change cells on the sheets %(sheets)s. What you leave alone stays as it is.") % {"sheets": ", ".join(sheets)}
    yield (
        "text",
        _("2. A new record: fill in one of the %(count)s empty rows below the last one. Yellow heads must be filled in.")
        % {"count": SPARE_ROWS},
    )
    yield "text", _("3. Several entries in one cell are parted by a semicolon: “Education; Health”.")
    yield "text", _("4. Days are written as 21/11/2026. Telephone numbers and numbers with leading zeros stay as you type them.")
    yield "text", _("5. Deleting a row does nothing: the record stays. To take a record out of use, write x in the column “Archive (x)”.")
    yield "text", _("6. An emptied cell empties the field. A row of which all cells were emptied is left out, as a deleted one.")
    yield (
        "text",
        _(
            "7. Sort and filter with the arrows in the heads, never a part of the columns only: each row must keep its hidden key. "
            "To copy a row, copy its visible cells into an empty row."
        ),
    )
    yield "text", _("8. Do not rename or delete the hidden sheets and columns. Sheets and columns may be renamed or put in another order.")
    yield "head", _("How it comes back")
    yield (
        "text",
        _(
            "Upload the file under Connections, Workbooks. You see first what would change; nothing is written before you say so. "
            "Where a cell was changed here as well, you decide which one stands. Everything can be taken back as one."
        ),
    )
    yield "text", _("The same file may be uploaded again: nothing is doubled. What was refused can be corrected in it.")
