"""Papers in the form of Decree 30/2020/NĐ-CP: the sheet, its heading, the text and the signatures.

From public knowledge of the Decree, not checked word by word against the gazette. "App. I" is its Appendix I, "Thể thức, kỹ thuật
trình bày văn bản hành chính"; roman numbers are its parts, arabic ones their points.

- A4 upright; margins 20–25 mm above and below, 30–35 mm left, 15–20 mm right; Times New Roman, black (App. I, I.1–4).
- Page numbers: arabic, 13–14 pt, centred in the upper margin, none on the first page (App. I, I.7).
- National name 12–13 pt capitals bold, motto 13–14 pt bold with a rule as long as itself (App. I, II.1; Decree, Article 8).
- Superior body 12–13 pt capitals, issuing body below it bold with a rule of a third to a half of its length (App. I, II.2).
- "Số:" and sign 13 pt upright (App. I, II.3); place and day 13–14 pt slanted, days below 10 and months 1 and 2 with a nought (II.4).
- Kind of paper 13–14 pt capitals bold, abstract 13–14 pt bold, a rule of a third to a half of its length under it (II.5).
- Body 13–14 pt, both edges straight, first line in by 1 or 1.27 cm, at least 6 pt between paragraphs, lines single to 1.5 (II.6).
- Authority, title and name of who signs 13–14 pt bold, at the right (II.7).
- "Nơi nhận:" 12 pt bold slanted, the list under it 11 pt, each line after a dash; "Kính gửi" for papers sent upward (II.9).

Not sure: that socio-political organisations such as the Union must follow it (many do by their own rules), the form of "Kính gửi"
with one addressee, and anything about tables, which the Decree leaves open. Seal and digital signature (II.8) are for who signs.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Length, Pt, RGBColor

FONT = "Times New Roman"
NO_BREAK = "\u00a0"
_TOGETHER = ("hữu nghị", "Hữu nghị", "Việt Nam")
NATIONAL_NAME = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
TEXT_WIDTH = Cm(16.5)
_LEFT_COLUMN, _RIGHT_COLUMN = Cm(7), Cm(9.5)
_INDENT = Cm(1.27)
_HEADINGS = ("Heading 1", "Heading 2", "Heading 3")


@dataclass(frozen=True)
class Letterhead:
    """What stands above the title. ``day`` as it is to be read: words, or a date that is put into words."""

    agency: str
    superior: str = ""
    number: str = ""
    place: str = ""
    day: date | str = ""

    @property
    def place_and_day(self) -> str:
        if not self.day:
            return ""
        words = day_in_words(self.day) if isinstance(self.day, date) else self.day
        return f"{self.place}, {words}" if self.place else words


@dataclass(frozen=True)
class Signature:
    """Who signs: ``authority`` such as "TM. BAN THƯỜNG VỤ", the title, the name; and who gets the paper."""

    title: str
    name: str
    authority: str = ""
    recipients: Sequence[str] = ()


def day_in_words(day: date) -> str:
    """The day as papers write it, "ngày 05 tháng 01 năm 2026": a nought before days below 10 and months 1 and 2 (II.4)."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


# --- The sheet ------------------------------------------------------------------------------------


def sheet(*, body_size: float = 14) -> Any:
    """Return an empty document: A4, the margins, the styles (sizes in points), and page numbers from the second page on."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(2)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    section.header_distance = Cm(1)
    _style(document.styles["Normal"], body_size)
    spacing = document.styles["Normal"].paragraph_format
    spacing.space_before, spacing.space_after, spacing.line_spacing = Pt(0), Pt(6), 1.1
    for name in _HEADINGS:
        _style(document.styles[name], body_size, bold=True, italic=name == "Heading 3")
        document.styles[name].paragraph_format.space_before = Pt(12)
        document.styles[name].paragraph_format.space_after = Pt(6)
    _number_pages(section)
    return document


def _style(style: Any, size: float, *, bold: bool = False, italic: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, italic
    style.font.color.rgb = RGBColor(0, 0, 0)
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    # Word keeps a font for each group of scripts, and a theme's font goes before all of them.
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), FONT)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)
    # Else Word underlines every Vietnamese word as an English one misspelt.
    properties.append(_element("w:lang", val="vi-VN"))


def _number_pages(section: Any) -> None:
    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    run.font.size = Pt(13)
    for kind in ("begin", "instruction", "end"):
        if kind == "instruction":
            instruction = OxmlElement("w:instrText")
            instruction.text = "PAGE"
            run._r.append(instruction)
        else:
            run._r.append(_element("w:fldChar", fldCharType=kind))


# --- Above the text -------------------------------------------------------------------------------


def letterhead(document: Any, head: Letterhead, *, measured_by: str = "") -> None:
    """The two blocks side by side: who issues it under whom, and the nation; below them number and day.

    ``measured_by``: the words that will stand for the agency where it is a field of a template, for the length of the rule.
    """
    left, right = _two_columns(document)
    if head.superior:
        _line(left, head.superior, 12, caps=True)
    _line(left, head.agency, 12, bold=True, caps=True)
    _rule(left, _LEFT_COLUMN, _width(_last_line((measured_by or head.agency).upper(), 12, _LEFT_COLUMN), 12) * 0.45)
    _line(left, f"Số: {head.number}" if head.number else "Số:        /", 13, before=4)
    _line(right, NATIONAL_NAME, 12, bold=True)
    _line(right, MOTTO, 13, bold=True)
    _rule(right, _RIGHT_COLUMN, _width(MOTTO, 13))
    if head.place_and_day:
        _line(right, head.place_and_day, 13, italic=True, before=4)


def title(document: Any, kind: str, abstract: str = "", *, measured_by: str = "") -> None:
    """The kind of paper, such as "BÁO CÁO", and what it is about, with the rule under it; ``measured_by`` as above."""
    _line(document, kind, 14, bold=True, before=18, caps=True)
    if abstract:
        paragraph = _line(document, abstract, 14, bold=True)
        paragraph.paragraph_format.keep_with_next = True
        shown = _last_line(measured_by or abstract, 14, TEXT_WIDTH)
        _rule(document, TEXT_WIDTH, min(_width(shown, 14), TEXT_WIDTH) * 0.45)


def addressee(document: Any, name: str) -> None:
    """ "Kính gửi: …", for a paper that goes to a body above (II.9)."""
    _line(document, f"Kính gửi: {name}", 14, before=12, after=12)


def marking(document: Any, words: str) -> None:
    """A mark above everything, such as "DỰ THẢO", which no reader can overlook."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(words)
    run.bold, run.font.size = True, Pt(13)


# --- The text -------------------------------------------------------------------------------------


def heading(document: Any, words: str, *, level: int = 1) -> Any:
    """A heading of a part: of the first level in capitals, as "I. KẾT QUẢ"; of the second as typed; of the third slanted."""
    added = document.add_heading(plain(words), level=level)
    added.paragraph_format.first_line_indent = _INDENT
    for run in added.runs:
        run.font.all_caps = level == 1
    return added


def paragraph(document: Any, words: str, *, style: str | None = None) -> Any:
    """A paragraph of the body (II.6)."""
    added = document.add_paragraph(style=style)
    added.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    added.paragraph_format.first_line_indent = _INDENT
    added.add_run(plain(words))
    return added


def text(document: Any, words: str) -> None:
    """What somebody wrote, each line of it a paragraph."""
    for line in words.splitlines():
        if line.strip():
            paragraph(document, line.strip())


def item(document: Any, words: str, *, lead: str = "") -> Any:
    """A line of a list, after a dash; ``lead`` stands before it in bold."""
    added = paragraph(document, "- ")
    if lead:
        added.add_run(plain(f"{lead}: ")).bold = True
    added.add_run(plain(words))
    return added


def table(document: Any, heads: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[Length], *, numbers: int = 0) -> Any:
    """A ruled table whose heads come again on each page; the last ``numbers`` columns are numbers, set to the right."""
    grid = document.add_table(rows=1, cols=len(heads), style="Table Grid")
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    first_number = len(heads) - numbers
    for cell, words in zip(grid.rows[0].cells, heads, strict=True):
        _cell(cell, words, WD_ALIGN_PARAGRAPH.CENTER, bold=True)
    grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in rows:
        for place, (cell, value) in enumerate(zip(grid.add_row().cells, row, strict=True)):
            _cell(cell, value, WD_ALIGN_PARAGRAPH.RIGHT if place >= first_number else WD_ALIGN_PARAGRAPH.LEFT)
    for row in grid.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    _set_widths(grid, widths)
    return grid


def _cell(cell: Any, value: Any, alignment: WD_ALIGN_PARAGRAPH, *, bold: bool = False) -> None:
    written = cell.paragraphs[0]
    written.alignment = alignment
    written.paragraph_format.space_before = written.paragraph_format.space_after = Pt(2)
    written.paragraph_format.line_spacing = 1
    run = written.add_run(plain(value))
    run.bold, run.font.size = bold, Pt(12)


# --- Below the text -------------------------------------------------------------------------------


def closing(document: Any, signature: Signature) -> None:
    """Who gets it, at the left, and who signs, at the right; kept together on one page."""
    document.add_paragraph().paragraph_format.space_after = Pt(0)
    left, right = _two_columns(document, keep=True)
    if signature.recipients:
        run = _line(left, "Nơi nhận:", 12, bold=True, italic=True, alignment=WD_ALIGN_PARAGRAPH.LEFT)
        run.paragraph_format.keep_with_next = True
    for place, name in enumerate(signature.recipients, start=1):
        end = "." if place == len(signature.recipients) else ";"
        _line(left, f"- {name.rstrip('.;')}{end}", 11, alignment=WD_ALIGN_PARAGRAPH.LEFT)
    for words in (signature.authority, signature.title):
        if words:
            _line(right, words, 14, bold=True, caps=True)
    for _blank in range(4):
        _line(right, "", 14)
    _line(right, signature.name, 14, bold=True)


# --- Parts of it ----------------------------------------------------------------------------------


def plain(value: Any) -> str:
    """Text that an XML file can hold: control characters have no place there."""
    return "".join(character for character in str(value) if character >= " " or character in "\n\t")


def _two_columns(document: Any, *, keep: bool = False) -> tuple[Any, Any]:
    grid = document.add_table(rows=1, cols=2)
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", w="0", type="dxa"))
    grid._tbl.tblPr.append(margins)
    if keep:
        grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    _set_widths(grid, (_LEFT_COLUMN, _RIGHT_COLUMN))
    cells = grid.rows[0].cells
    for cell in cells:
        # A cell is born with an empty paragraph, which would push its first line down.
        cell._tc.remove(cell.paragraphs[0]._p)
    return cells[0], cells[1]


def _set_widths(grid: Any, widths: Sequence[Length]) -> None:
    """Said twice, since one program asks the columns and another the cells."""
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    for row in grid.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width


def _line(
    place: Any,
    words: str,
    size: float,
    *,
    bold: bool = False,
    italic: bool = False,
    caps: bool = False,
    before: float = 0,
    after: float = 0,
    alignment: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.CENTER,
) -> Any:
    added = place.add_paragraph()
    added.alignment = alignment
    added.paragraph_format.space_before, added.paragraph_format.space_after = Pt(before), Pt(after)
    added.paragraph_format.line_spacing = 1
    run = added.add_run(plain(words))
    run.bold, run.italic, run.font.size, run.font.all_caps = bold, italic, Pt(size), caps or None
    return added


def _rule(place: Any, room: Length, width: float) -> None:
    """A solid line in the middle of the room: the upper border of an all but empty paragraph set in from both sides."""
    added = place.add_paragraph()
    side = Emu(max(0, int((room - width) / 2)))
    spacing = added.paragraph_format
    spacing.left_indent = spacing.right_indent = side
    spacing.space_before, spacing.space_after = Pt(2), Pt(0)
    spacing.line_spacing_rule, spacing.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(4)
    borders = OxmlElement("w:pBdr")
    borders.append(_element("w:top", val="single", sz="6", space="1", color="000000"))
    added._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _width(words: str, size: float) -> float:
    """About how wide bold words are: the letters of Times New Roman in a few classes. Enough for the length of a rule."""
    letters = [character for character in unicodedata.normalize("NFD", words) if not unicodedata.combining(character)]
    return sum(0.69 if character.isupper() else 0.3 if character in " \u00a0-,.;:" else 0.56 for character in letters) * Pt(size)


def unbroken(words: str) -> str:
    """The words with spaces that no line breaks at within names of two syllables that belong together."""
    for name in _TOGETHER:
        words = words.replace(name, name.replace(" ", NO_BREAK))
    return words


def _last_line(words: str, size: float, room: Length) -> str:
    """The words of the last line when broken to fit the room."""
    line = ""
    for word in words.split(" "):
        line = f"{line} {word}".strip() if _width(f"{line} {word}", size) <= room else word
    return line


def _element(name: str, **attributes: str) -> Any:
    made = OxmlElement(name)
    for attribute, value in attributes.items():
        made.set(qn(f"w:{attribute}"), value)
    return made
