"""Sheets that are short to write and long to spell out."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from crm.tabular import TabularError, open_table


def sheet_with(extra: bytes, *, before: bytes) -> bytes:
    """A small workbook with something put into the XML of its sheet."""
    plain, changed = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["Name", "Country"])
    book.active.append(["A", "B"])
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(before, extra + before) if name == "xl/worksheets/sheet1.xml" else content)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("extra", "before"),
    [
        (b"<cols>" + b'<col min="2" max="16384" hidden="1" width="0"/>' * 1_000 + b"</cols>", b"<sheetData>"),
        (b'<phoneticPr fontId="0"/><mergeCells>' + b'<mergeCell ref="A1:A2001"/>' * 1_000 + b"</mergeCells>", b"<pageMargins"),
    ],
    ids=["hidden columns", "merged cells"],
)
def test_a_sheet_of_endless_ranges_is_refused(extra: bytes, before: bytes) -> None:
    with pytest.raises(TabularError) as refused:
        list(open_table(io.BytesIO(sheet_with(extra, before=before))).rows())
    assert refused.value.code == "too_large"


def test_a_file_of_a_million_empty_lines_is_refused() -> None:
    with pytest.raises(TabularError) as refused:
        list(open_table(io.BytesIO(b"Name,Country\nA,Lao\n" + b"\n" * 1_100_000)).rows())
    assert refused.value.code == "too_large"
