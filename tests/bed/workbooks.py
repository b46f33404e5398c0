"""Offline workbooks as an office works on them: taken, edited in a spreadsheet program, brought back, checked, applied."""

import io
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from crm.actions.job_work import work_on
from crm.models import JobRun, Unit, User, WorkbookUpload
from crm.workbooks import uploads
from crm.workbooks.taking import take
from crm.workbooks.writing import FIRST_ROW, FORMAT, write_workbook

Edit = Callable[["OfficeBook"], None]


class OfficeBook:
    """A workbook open in a spreadsheet program: cells by sheet, by what the row is called, and by the code of the column."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(io.BytesIO(content))
        heads = {str(sheet["A1"].value): sheet for sheet in self.book.worksheets}
        self.sheets = {head.partition(":")[2]: sheet for head, sheet in heads.items() if head.startswith(f"{FORMAT}:")}

    def columns(self, sheet: str) -> dict[str, int]:
        """Column number, from 1, by code."""
        return {str(cell.value): cell.column for cell in self.sheets[sheet][1] if cell.value}

    def row(self, sheet: str, name: str, column: str = "") -> int:
        """The number of the row that says so in the column, by default the first one that is seen."""
        place = self.columns(sheet)[column] if column else 4
        worksheet = self.sheets[sheet]
        return next(row for row in range(FIRST_ROW + 1, worksheet.max_row + 1) if worksheet.cell(row, place).value == name)

    def spare(self, sheet: str, number: int = 0) -> int:
        """The number of an empty row that has its key already."""
        worksheet = self.sheets[sheet]
        return next(row for row in range(FIRST_ROW + 1, worksheet.max_row + 1) if worksheet.cell(row, 2).value == 0) + number

    def cell(self, sheet: str, row: int, column: str) -> Any:
        return self.sheets[sheet].cell(row, self.columns(sheet)[column])

    def set(self, sheet: str, row: int, **values: Any) -> None:
        """Type values; a text stays one, as it does in a cell that is formatted as text."""
        for column, value in values.items():
            cell = self.cell(sheet, row, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"

    def set_formula(self, sheet: str, row: int, column: str, formula: str) -> None:
        """Put in a formula whose result was never stored."""
        self.cell(sheet, row, column).value = formula

    def content(self) -> bytes:
        stream = io.BytesIO()
        self.book.save(stream)
        return stream.getvalue()


def taken(unit: Unit, *, by: User) -> bytes:
    """The bytes of the unit's workbook."""
    with write_workbook(take(unit, by=by)) as file:
        return file.read()


def edited(content: bytes, *edits: Edit) -> bytes:
    """The workbook after somebody has worked on it."""
    book = OfficeBook(content)
    for edit in edits:
        edit(book)
    return book.content()


def bring(content: bytes, *, by: User, name: str = "so-lam-viec.xlsx") -> WorkbookUpload:
    """Bring a workbook back and let it be checked."""
    upload = uploads.take_upload(SimpleUploadedFile(name, content), name=name, by=by)
    return _worked(upload, uploads.CHECK)


def apply(upload: WorkbookUpload, *, by: User) -> WorkbookUpload:
    assert uploads.start_apply(upload, by=by)
    return _worked(upload, uploads.APPLY)


def decide(upload: WorkbookUpload, side: str, *, by: User) -> WorkbookUpload:
    """Decide everything that is open in one way; where the workbook is applied already, that is written."""
    uploads.decide(upload, {entry["id"]: side for entry in upload.conflicts}, by=by)
    return _worked(upload, uploads.APPLY)


def bring_and_apply(content: bytes, *, by: User) -> WorkbookUpload:
    return apply(bring(content, by=by), by=by)


def _worked(upload: WorkbookUpload, name: str) -> WorkbookUpload:
    """Do the jobs that wait, as the worker would."""
    for run in JobRun.objects.unfinished().filter(name=name).order_by("pk"):
        if run.parameters["upload"] == upload.pk:
            work_on(run.pk)
    upload.refresh_from_db()
    return upload
