"""Papers in the form of Decree 30/2020: what a reader of the file finds, and that the same paper is the same file."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.shared import Mm, Pt

from reports.documents import decree30
from reports.documents.archives import word_file
from reports.documents.fields import _silent


@pytest.fixture
def paper() -> bytes:
    return _paper()


def _paper() -> bytes:
    document = decree30.sheet()
    head = decree30.Letterhead(
        superior="Liên hiệp các tổ chức hữu nghị Việt Nam",
        agency="Liên hiệp các tổ chức hữu nghị tỉnh Nghệ An",
        number="12/BC-LHHN",
        place="Nghệ An",
        day=date(2026, 1, 5),
    )
    decree30.letterhead(document, head)
    decree30.title(document, "Báo cáo", "Công tác đối ngoại nhân dân năm 2025")
    decree30.text(document, "Dòng một.\nDòng\x07 hai.")
    recipients = ["Như trên", "Lưu: VT"]
    decree30.closing(document, decree30.Signature("Chủ tịch", "Nguyễn Văn A", authority="TM. Ban Thường vụ", recipients=recipients))
    return word_file(document, title="Báo cáo", author="Nghệ An", day=date(2026, 1, 5))


def _read(paper: bytes) -> Any:
    return Document(BytesIO(paper))


def test_the_sheet_is_a4_with_the_margins_of_the_decree(paper: bytes) -> None:
    section = _read(paper).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    a_hair = Mm(0.1)
    assert Mm(20) - a_hair <= section.top_margin <= Mm(25)
    assert Mm(20) - a_hair <= section.bottom_margin <= Mm(25)
    assert Mm(30) - a_hair <= section.left_margin <= Mm(35)
    assert Mm(15) - a_hair <= section.right_margin <= Mm(20)


def test_pages_are_numbered_from_the_second_on(paper: bytes) -> None:
    section = _read(paper).sections[0]
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header.paragraphs[0]._p.xml
    assert "PAGE" not in section.first_page_header.paragraphs[0]._p.xml


def test_the_heading_names_nation_and_agency_in_capitals_and_the_day_in_words(paper: bytes) -> None:
    left, right = (cell.text.split("\n") for cell in _read(paper).tables[0].rows[0].cells)
    assert left[:2] == ["Liên hiệp các tổ chức hữu nghị Việt Nam", "Liên hiệp các tổ chức hữu nghị tỉnh Nghệ An"]
    assert all(line.runs[0].font.all_caps for line in _read(paper).tables[0].rows[0].cells[0].paragraphs[:2])
    assert "Số: 12/BC-LHHN" in left
    assert right[:2] == ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"]
    assert right[-1] == "Nghệ An, ngày 05 tháng 01 năm 2026"


def test_the_body_is_justified_in_times_new_roman_of_14_points(paper: bytes) -> None:
    document = _read(paper)
    body = next(paragraph for paragraph in document.paragraphs if paragraph.text == "Dòng một.")
    assert (document.styles["Normal"].font.name, document.styles["Normal"].font.size) == ("Times New Roman", Pt(14))
    assert body.alignment == 3
    assert round(body.paragraph_format.first_line_indent.cm, 2) == 1.27


def test_control_characters_never_reach_the_file(paper: bytes) -> None:
    assert "Dòng hai." in [paragraph.text for paragraph in _read(paper).paragraphs]


def test_recipients_end_with_a_full_stop_and_the_signature_stands_at_the_right(paper: bytes) -> None:
    left, right = (cell.text.strip().split("\n") for cell in _read(paper).tables[-1].rows[0].cells)
    assert left == ["Nơi nhận:", "- Như trên;", "- Lưu: VT."]
    assert (right[0], right[1], right[-1]) == ("TM. Ban Thường vụ", "Chủ tịch", "Nguyễn Văn A")


@pytest.mark.parametrize(
    ("day", "words"),
    [(date(2026, 2, 9), "ngày 09 tháng 02 năm 2026"), (date(2026, 3, 10), "ngày 10 tháng 3 năm 2026")],
)
def test_a_nought_stands_before_days_below_ten_and_the_first_two_months(day: date, words: str) -> None:
    assert decree30.day_in_words(day) == words


def test_the_same_paper_is_the_same_file(paper: bytes) -> None:
    assert paper == _paper()


def test_a_paper_names_the_few_that_have_not_reported_and_counts_the_many() -> None:
    assert _silent(["Lào Cai", "Huế"]) == "chưa báo cáo: Lào Cai, Huế"
    assert _silent([f"Hội {n}" for n in range(6)]) == "6 đơn vị chưa báo cáo"
