"""A briefing as a Word file of at most two pages: the sheet and the type of Decree 30/2020, without its heading blocks.

It is a working paper for one reader and leaves the house with nobody, so it has neither number nor signature.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from reports.documents import decree30
from reports.documents.briefing import Briefing, Line, Part
from reports.documents.briefing_lines import day

SIZE, SMALL = 11, Pt(9)


def paper_of(briefing: Briefing, *, address_of: Callable[[str], str]) -> bytes:
    """Return the file, in the language that is active. ``address_of`` makes the address of a page from its path."""
    document = decree30.sheet(body_size=SIZE)
    spacing = document.styles["Normal"].paragraph_format
    spacing.space_after, spacing.line_spacing = Pt(2), 1.0
    _head(document, briefing)
    for part in briefing.parts:
        if part.lines or part.empty:
            _part(document, part, address_of)
    _foot(document, briefing)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _head(document: Any, briefing: Briefing) -> None:
    decree30.title(document, _("Briefing"), briefing.title)
    for words in (briefing.lede, _("As of %(day)s, for %(reader)s") % {"day": day(briefing.made_on), "reader": briefing.made_for}):
        if words:
            line = document.add_paragraph()
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
            line.add_run(decree30.plain(words)).italic = True


def _part(document: Any, part: Part, address_of: Callable[[str], str]) -> None:
    heading = document.add_heading(decree30.plain(part.heading), level=2)
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(5), Pt(1)
    for line in part.lines:
        _line(document, line, address_of)
    if not part.lines:
        document.add_paragraph().add_run(decree30.plain(part.empty)).italic = True
    if part.more:
        document.add_paragraph().add_run(_("and %(n)d more in the system") % {"n": part.more}).italic = True


def _line(document: Any, line: Line, address_of: Callable[[str], str]) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Cm(0.4), Cm(-0.4)
    paragraph.add_run("– ")
    if line.lead:
        paragraph.add_run(decree30.plain(f"{line.lead}: ")).bold = True
    paragraph.add_run(decree30.plain(line.text))
    source = " ".join(word for word in (day(line.day), line.reference) if word)
    if source:
        path = line.record.get_absolute_url() if line.record is not None and hasattr(line.record, "get_absolute_url") else ""
        _reference(paragraph, f" [{source}]", address_of(path) if path else "")


def _reference(paragraph: Any, words: str, address: str) -> None:
    """The day and the end of the record's identifier, small, leading to its page."""
    run = paragraph.add_run(words)
    run.font.size = SMALL
    if address:
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        paragraph._p.append(link)
        link.append(run._r)


def _foot(document: Any, briefing: Briefing) -> None:
    words = _("In brackets the day and the end of the identifier of the record each line was read from. Contains no state secrets.")
    section = document.sections[0]
    for footer in (section.first_page_footer, section.footer):
        line = footer.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.add_run(words).font.size = SMALL
    document.core_properties.title = f"{_('Briefing')}: {briefing.title}"
    document.core_properties.author = briefing.made_for
