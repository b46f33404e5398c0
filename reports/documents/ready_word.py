"""The Word template that the product ships, in the form of Decree 30/2020: fields stand where a paper has its words.

It is used as it is for a unit that has no template of its own, and is what staff download to change.
"""

from datetime import date
from typing import Any

from docx.enum.text import WD_BREAK
from docx.shared import Cm, Pt

from reports.documents import decree30
from reports.documents.archives import word_file

_MADE = date(2026, 1, 1)


def ready_word(*, agency: str = "", title: str = "", with_year_before: bool = True, with_superior: bool = True) -> bytes:
    """Return the template. ``agency`` and ``title``: the words that will stand there, for the length of the rules under them.

    ``with_superior``: whether a unit stands above the one that reports; of one that nobody stands above no line is left empty.
    """
    document = decree30.sheet()
    _when(document, "draft", lambda: decree30.marking(document, "{{ draft }}"))
    head = decree30.Letterhead(
        superior="{{ superior }}" if with_superior else "", agency="{{ agency }}", number="{{ number }}", day="{{ place_and_day }}"
    )
    decree30.letterhead(document, head, measured_by=agency or "Liên hiệp các tổ chức hữu nghị tỉnh")
    decree30.title(document, "Báo cáo", "{{ title }}", measured_by=title or "Kết quả công tác đối ngoại nhân dân quý III")
    _when(document, "addressee", lambda: decree30.addressee(document, "{{ addressee }}"))
    _beginning(document)
    _sections(document, "first_section")
    _figures(document, with_year_before=with_year_before)
    _sections(document, "other_sections")
    _foot(document)
    closing = decree30.Signature(
        "{{ signatory_title }}",
        "{{ signatory }}",
        recipients=["{% if addressee %}Như trên{% elif superior %}{{ superior }}{% else %}Các đơn vị trực thuộc{% endif %}", "Lưu: VT"],
    )
    decree30.closing(document, closing)
    _appendix(document, with_year_before=with_year_before)
    return word_file(document, title="Báo cáo", author="Nhịp Cầu", day=_MADE)


def _beginning(document: Any) -> None:
    decree30.paragraph(
        document,
        "{{ agency }} báo cáo kết quả công tác đối ngoại nhân dân từ ngày {{ period_from }} đến hết ngày {{ period_to }}"
        "{% if directive %}, thực hiện {{ directive }}{% endif %}{% if with_below %} (gồm cả các đơn vị trực thuộc){% endif %} như sau:",
    )
    words = (
        "Báo cáo này phát hành lần {{ issue }}, thay cho lần trước. Nội dung điều chỉnh: {{ note }}"
        "{% if corrections %} ({{ corrections }}){% endif %}."
    )
    _when(document, "note", lambda: decree30.paragraph(document, words))


def _sections(document: Any, name: str) -> None:
    _command(document, f"for section in {name}")
    decree30.heading(document, "{{ section.number }}. {{ section.heading }}")
    _command(document, "for line in section.lines")
    decree30.paragraph(document, "{{ line }}")
    _command(document, "endfor")
    _command(document, "endfor")


def _figures(document: Any, *, with_year_before: bool) -> None:
    decree30.heading(document, "{{ figures_number }}. Kết quả bằng số liệu")
    _when(document, "completeness", lambda: decree30.paragraph(document, "Tình hình báo cáo: {{ completeness }}"))
    head = ["Chỉ tiêu", *_heads(with_year_before=with_year_before)]
    group = ["{{ group.label }}", *[""] * (len(head) - 1)]
    row = ["{% if line.is_part %}   – {% endif %}{{ line.label }}", *_values(with_year_before=with_year_before)]
    rows = [["{%tr for group in groups %}"], group, ["{%tr for line in group.lines %}"], row, ["{%tr endfor %}"], ["{%tr endfor %}"]]
    grid = _grid(document, head, rows, with_year_before=with_year_before)
    whole = grid.rows[2].cells[0].merge(grid.rows[2].cells[-1])
    for empty in whole.paragraphs[1:]:
        empty._p.getparent().remove(empty._p)
    whole.paragraphs[0].runs[0].bold = True
    whole.paragraphs[0].paragraph_format.keep_with_next = True
    _when(document, "agreements", lambda: decree30.heading(document, "Các thỏa thuận đã ký kết", level=2))
    _command(document, "for agreement in agreements")
    decree30.paragraph(
        document,
        "{{ agreement.number }}. {{ agreement.title }} ({{ agreement.kind }}; cấp: {{ agreement.level }}), "
        "ký ngày {{ agreement.signed_on }}"
        "{% if agreement.parties %}; các bên: {{ agreement.parties }}{% endif %}.",
    )
    _command(document, "endfor")


def _foot(document: Any) -> None:
    words = (
        "Số liệu được lập từ hồ sơ trên hệ thống Nhịp Cầu, tính theo ngày diễn ra, đến hết ngày {{ as_of }}. "
        "Hoạt động của hai đơn vị tính một lần trong tổng số. Dấu “–” là chưa có dữ liệu. "
        "Hoạt động thuộc diện hạn chế không tính vào số liệu."
    )
    for run in decree30.paragraph(document, words).runs:
        run.italic, run.font.size = True, Pt(13)


def _appendix(document: Any, *, with_year_before: bool) -> None:
    _command(document, "if breakdowns")
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    decree30.title(document, "Phụ lục", "Số liệu chi tiết kèm theo báo cáo", measured_by="Số liệu chi tiết kèm theo báo cáo")
    _command(document, "for table in breakdowns")
    decree30.heading(document, "{{ table.number }}. {{ table.label }}", level=2).paragraph_format.keep_with_next = True
    row = ["{% if line.is_part %}   – {% endif %}{{ line.label }}", *_values(with_year_before=with_year_before)]
    rows = [["{%tr for line in table.lines %}"], row, ["{%tr endfor %}"]]
    _grid(document, ["Nội dung", *_heads(with_year_before=with_year_before)], rows, with_year_before=with_year_before)
    _command(document, "endfor")
    _command(document, "endif")


def _heads(*, with_year_before: bool) -> list[str]:
    return ["Kỳ này", "Kỳ trước", "Tăng, giảm", *(["Cùng kỳ năm trước", "Tăng, giảm"] if with_year_before else [])]


def _values(*, with_year_before: bool) -> list[str]:
    later = ["{{ line.year_before }}", "{{ line.change_year }}"] if with_year_before else []
    return ["{{ line.now }}", "{{ line.before }}", "{{ line.change }}", *later]


def _grid(document: Any, head: list[str], rows: list[list[str]], *, with_year_before: bool) -> Any:
    widths = [Cm(6.1), Cm(1.9), Cm(1.9), Cm(2.35), Cm(1.9), Cm(2.35)] if with_year_before else [Cm(8.7), Cm(2.4), Cm(2.4), Cm(3)]
    filled = [[*row, *[""] * (len(head) - len(row))] for row in rows]
    return decree30.table(document, head, filled, widths, numbers=len(head) - 1)


def _when(document: Any, name: str, write: Any) -> None:
    """What stands there only where the field has a value."""
    _command(document, f"if {name}")
    write()
    _command(document, "endif")


def _command(document: Any, words: str) -> None:
    """A paragraph that only says what to do, and is no paragraph of the paper."""
    document.add_paragraph(f"{{%p {words} %}}")
