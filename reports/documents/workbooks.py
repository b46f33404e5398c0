"""Workbooks filled from a template: ``{{ fields }}`` in cells; a row that speaks of ``figure.…`` comes once for each figure."""

import re
from collections.abc import Mapping
from copy import copy
from datetime import date
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from reports.documents.archives import steady
from reports.documents.decree30 import plain
from reports.documents.fields import ROW_NAMES
from reports.documents.sandbox import environment

_ONE_FIELD = re.compile(r"^\s*\{\{\s*([\w.]+)\s*\}\}\s*$")
_ROW_OF = re.compile(r"\{[{%][^}]*?\b(" + "|".join(ROW_NAMES) + r")\.")
NO_DATA = "–"
MOST_CELLS = 50_000
MOST_REPEATED = 500


def filled_workbook(content: bytes, context: Mapping[str, Any], *, title: str, day: date) -> bytes:
    """Return the workbook with its fields filled. Text stays text: nothing that was written becomes a formula."""
    book = load_workbook(BytesIO(content), keep_links=False)
    box = environment()
    for sheet in book.worksheets:
        refuse_large(sheet)
        _fill(sheet, dict(context), box)
    book.properties.title, book.properties.creator, book.properties.lastModifiedBy = title[:255], "", ""
    file = BytesIO()
    book.save(file)
    return steady(file.getvalue(), day=day)


def refuse_large(sheet: Any) -> None:
    """Raise ValidationError for a sheet with more cells, or more rows that repeat, than a template needs.

    Reading a sheet row by row lays out every cell up to its last one.
    """
    repeated = sum(1 for cell in sheet._cells.values() if isinstance(cell.value, str) and _ROW_OF.search(cell.value))
    if sheet.max_row * sheet.max_column > MOST_CELLS or repeated > MOST_REPEATED:
        raise ValidationError(_("the sheet “%(sheet)s” is far larger than a template"), code="too-wide", params={"sheet": sheet.title})


def row_name(cells: Any) -> str | None:
    """What a row of cells repeats for: ``figure``, ``agreement``; None for a row that stands once."""
    for cell in cells:
        if isinstance(cell.value, str) and (found := _ROW_OF.search(cell.value)):
            return found.group(1)
    return None


def _fill(sheet: Any, context: dict[str, Any], box: Any) -> None:
    # From below, so that rows put in do not move those still to be filled.
    for number in range(sheet.max_row, 0, -1):
        cells = list(sheet[number])
        if not any(isinstance(cell.value, str) and "{" in cell.value for cell in cells):
            continue
        name = row_name(cells)
        if name is None:
            _fill_row(cells, [cell.value for cell in cells], context, box)
            continue
        rows = context[ROW_NAMES[name]]
        box.go_round(len(rows))
        words, height = [cell.value for cell in cells], sheet.row_dimensions[number].height
        if len(rows) > 1:
            sheet.insert_rows(number + 1, len(rows) - 1)
        for place, row in enumerate(rows):
            target = [sheet.cell(number + place, cell.column) for cell in cells]
            for cell, source in zip(target, cells, strict=True):
                cell._style = copy(source._style)
            sheet.row_dimensions[number + place].height = height
            _fill_row(target, words, {**context, name: row}, box)
        if not rows:
            for cell in cells:
                cell.value = None


def _fill_row(cells: list[Any], words: list[Any], context: dict[str, Any], box: Any) -> None:
    for cell, text in zip(cells, words, strict=True):
        if not (isinstance(text, str) and "{" in text):
            cell.value = text
            continue
        value = _value(text, context, box)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"


def _value(text: str, context: dict[str, Any], box: Any) -> Any:
    """A number where the cell is one field that is a number; else text."""
    if alone := _ONE_FIELD.match(text):
        value = box.compile_expression(alone.group(1), undefined_to_none=False)(**context)
        if value is None:
            return NO_DATA
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    # Cells are no markup: what was escaped for Word is written as it is here.
    return plain(box.overlay(autoescape=False).from_string(text).render(**context))
