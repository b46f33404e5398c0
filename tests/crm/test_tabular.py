import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from openpyxl import Workbook
from pytest_django import Settings

from crm.tabular import Table, TabularError, open_table

LIST = "Tên,Nước\nHội Sen,Lào\n"


def table_of(content: bytes) -> Table:
    return open_table(io.BytesIO(content))


def refusal(content: bytes) -> TabularError:
    with pytest.raises(TabularError) as caught:
        list(table_of(content).rows())
    return caught.value


def workbook(fill: Callable[[Workbook], None]) -> bytes:
    book = Workbook()
    fill(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_each_encoding_and_delimiter_gives_the_same_rows(encoding: str, delimiter: str) -> None:
    table = table_of(LIST.replace(",", delimiter).encode(encoding))
    assert table.columns == ("Tên", "Nước")
    assert [(row.number, row.cells) for row in table.rows()] == [(2, {"Tên": "Hội Sen", "Nước": "Lào"})]


def test_rows_can_be_read_twice_and_keep_the_numbers_a_spreadsheet_shows() -> None:
    table = table_of(b'a,b\n1,2\n\n"two\nlines",4\n5\n')
    assert [row.number for row in table.rows()] == [2, 4, 5]
    assert [row.cells["b"] for row in table.rows()] == ["2", "4", ""]


def test_text_comes_composed_and_stripped() -> None:
    [row] = table_of("a\n  Ho\u0300a \n".encode()).rows()
    assert row.cells["a"] == "Hòa"


def test_delimiter_inside_quotes_of_the_header_does_not_count() -> None:
    assert table_of(b'"a,b,c";d\n1;2\n').columns == ("a,b,c", "d")


def test_wrong_encoding_names_the_line_and_what_to_do() -> None:
    error = refusal("a,b\n1,2\nHà,Nội\n".encode("cp1258", errors="replace").replace(b"?", b"\xec"))
    assert error.code == "encoding"
    assert "3" in str(error)
    assert "UTF-8" in str(error)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_workbook"),
        (b"PK\x03\x04 this is no zip", "broken_workbook"),
        (b"\n1,2\n", "no_header"),
        (b'a,b\n"1,2\n', "broken_row"),
        (b"a\n" + b"x" * 140_000 + b"\n", "broken_row"),
        ((",".join(f"c{i}" for i in range(201)) + "\n").encode(), "too_many_columns"),
    ],
)
def test_unreadable_file_is_refused_by_name(content: bytes, code: str) -> None:
    error = refusal(content)
    assert error.code == code
    assert str(error)


def test_columns_without_a_name_or_with_the_same_are_called_by_their_letter_and_told() -> None:
    table = table_of(b"a,,A,d\nx,2,y,4\n")
    assert table.columns == ("a (A)", "(B)", "A (C)", "d")
    assert table.renamed == ["a (A)", "(B)", "A (C)"]
    assert [list(row.cells.values()) for row in table.rows()] == [["x", "2", "y", "4"]]


def test_five_thousand_columns_are_refused_with_their_number() -> None:
    error = refusal((",".join(f"c{i}" for i in range(5_000)) + "\n1\n").encode())
    assert (error.code, "5000" in str(error)) == ("too_many_columns", True)


def test_oversized_file_is_refused_before_it_is_read(settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 10
    assert refusal(b"a,b\n1,2\n3,4\n").code == "too_large"


def test_too_many_rows_are_refused(settings: Settings) -> None:
    settings.IMPORT_MAX_ROWS = 2
    assert refusal(b"a\n1\n2\n3\n").code == "too_many_rows"


def test_nul_byte_is_reported_with_row_and_column() -> None:
    _first, second = table_of(b"name,city\nLotus,Hue\nBam\0boo,Hue\n").rows()
    assert second.number == 3
    assert second.problem is not None
    assert (second.problem.code, second.problem.column, second.problem.value) == ("nul", "name", "Bam␀boo")


def test_cell_right_of_the_last_column_is_reported() -> None:
    [row] = table_of(b"name,city\nLotus,Hue,more\n").rows()
    assert row.problem is not None
    assert (row.problem.code, row.problem.column) == ("no_column", "C")


def test_workbook_reads_the_first_visible_sheet_as_text() -> None:
    def fill(book: Workbook) -> None:
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("Danh sách")
        sheet.append(["Tên", "Năm", "Ngày"])
        sheet.append(["Hội Sen", 1986.0, date(1986, 5, 1)])
        sheet.append([None, None, None])
        sheet.append(["Hội Tre", True, None])

    table = table_of(workbook(fill))
    assert table.columns == ("Tên", "Năm", "Ngày")
    assert [(row.number, list(row.cells.values())) for row in table.rows()] == [
        (2, ["Hội Sen", "1986", "1986-05-01"]),
        (4, ["Hội Tre", "TRUE", ""]),
    ]


def test_zip_bomb_is_refused_before_it_unpacks(settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 100_000
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 5_000_000)
    assert refusal(bomb.getvalue()).code == "too_large"


def test_a_small_workbook_that_unpacks_to_megabytes_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b"<si><t>a</t></si>" * 500_000)
    assert len(bomb.getvalue()) < 100_000
    assert refusal(bomb.getvalue()).code == "too_large"


def test_a_long_and_repetitive_workbook_is_read() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Tên", "Nước", "Thành phố"])
    for number in range(20_000):
        sheet.append([f"Hội Hữu nghị số {number}", "Lào", "Viêng Chăn"])
    content = io.BytesIO()
    book.save(content)
    assert table_of(content.getvalue()).columns == ("Tên", "Nước", "Thành phố")


def test_workbook_with_entities_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE lolz [<!ENTITY lol "lol">]><workbook>&lol;</workbook>')
    assert refusal(bomb.getvalue()).code == "broken_workbook"


def test_zip_that_is_no_workbook_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert refusal(content.getvalue()).code == "broken_workbook"


def test_the_sum_of_a_group_is_no_row_and_a_community_or_republic_is() -> None:
    text = "TT,Tên,Nước,Số tiền\n1,Cộng đồng Sen,Lào,5\n,Cộng khu vực châu Á,,5\n2,Cộng hòa Trẻ,Lào,7\n"
    assert [row.cells["Tên"] for row in table_of(text.encode()).rows()] == ["Cộng đồng Sen", "Cộng hòa Trẻ"]
