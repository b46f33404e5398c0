"""The dossier as a Word file: A4, Times New Roman 13, margins and headings as offices here are used to (Decree 30/2020)."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from activities.calendar.occurrences import Occurrence
from activities.choices import Side
from activities.dossiers.content import Dossier, PartnerPages, words_for
from activities.models import Commitment, Exchange, FollowUp
from partners.models import Person, Post

FONT = "Times New Roman"
TEXT_SIZE = Pt(13)
HEADINGS = {"Title": Pt(16), "Heading 1": Pt(14), "Heading 2": Pt(13)}


def document_of(dossier: Dossier) -> bytes:
    """Return the file. What stands in it is written in the language that is active."""
    document = _sheet()
    _head(document, dossier)
    for number, pages in enumerate(dossier.partners, start=1):
        _partner(document, pages, number)
    _commitments(document, dossier.commitments, _("Other promises"))
    _follow_ups(document, dossier.follow_ups, _("Other follow-ups"))
    _exchanges(document, dossier.planned, _("Planned exchanges"))
    _contacts(document, dossier.contacts)
    _foot(document, dossier)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _sheet() -> Any:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin = section.bottom_margin = Cm(2)
    section.left_margin, section.right_margin = Cm(3), Cm(2)
    _set_font(document.styles["Normal"], TEXT_SIZE)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    for name, size in HEADINGS.items():
        _set_font(document.styles[name], size, bold=True)
    return document


def _set_font(style: Any, size: Any, *, bold: bool | None = None) -> None:
    style.font.name, style.font.size, style.font.bold = FONT, size, bold
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # Word keeps a font for each group of scripts, and a theme's font goes before all of them.
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), FONT)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)


def _head(document: Any, dossier: Dossier) -> None:
    document.add_heading(_("Hand-over dossier"), level=0).alignment = WD_ALIGN_PARAGRAPH.CENTER
    _fact(document, _("Handed over by"), dossier.person)
    _fact(document, _("Received by"), dossier.receiver)
    _fact(document, _("Handed over on"), _day(dossier.handed_over_on))
    _fact(document, _("As things stand on"), _day(dossier.made_on))
    note = document.add_paragraph()
    note.add_run(_("No classified papers belong in this system. What is a state secret stays outside it.")).italic = True


def _partner(document: Any, pages: PartnerPages, number: int) -> None:
    partner = pages.partner
    document.add_heading(f"{number}. {partner.name}", level=1)
    _fact(document, _("Kind"), partner.kind)
    _fact(document, _("Country"), ", ".join(str(part) for part in (partner.city, partner.country) if part))
    _fact(document, _("Status"), partner.get_status_display())
    _fact(document, _("Friend since"), partner.friend_since)
    _fact(document, _("Last contact"), _day(partner.last_contact_on) if partner.last_contact_on else _("never met"))
    _fact(document, _("Website"), partner.website)
    _fact(document, _("Interests"), partner.interests)
    if pages.posts:
        document.add_heading(_("People"), level=2)
        for post in pages.posts:
            _line(document, post.person, _person_words(post.person, post))
    _exchanges(document, pages.exchanges, _("Last exchanges"), level=2)
    _commitments(document, pages.commitments, _("Open promises"), level=2)
    _follow_ups(document, pages.follow_ups, _("Open follow-ups"), level=2)
    if pages.ahead:
        document.add_heading(_("Ahead"), level=2)
        for on, row in pages.ahead:
            doubtful = isinstance(row, Occurrence) and row.occasion.to_be_confirmed
            _line(document, _day(on), [words_for(row), _("day to be confirmed") if doubtful else ""])


def _person_words(person: Person, post: Post | None) -> list[Any]:
    title = ""
    if post is not None:
        title = " / ".join(dict.fromkeys(filter(None, [post.title, post.title_native])))
    address = _("to be addressed as “%(words)s”") % {"words": person.how_to_address} if person.how_to_address else ""
    return [title, address, person.salutation_en, person.languages, person.email, person.phone]


def _exchanges(document: Any, exchanges: Iterable[Exchange], heading: str, *, level: int = 1) -> None:
    for number, exchange in enumerate(exchanges):
        if number == 0:
            document.add_heading(heading, level=level)
        partners = ", ".join(row.partner.name for row in exchange.participations.all())
        _line(document, _day(exchange.starts_on), [exchange.title or exchange.kind, partners if level == 1 else "", exchange.outcome])


def _follow_ups(document: Any, follow_ups: Iterable[FollowUp], heading: str, *, level: int = 1) -> None:
    for number, row in enumerate(follow_ups):
        if number == 0:
            document.add_heading(heading, level=level)
        due = _day(row.due_on) if row.due_on else _("without a day")
        _line(document, due, [row.text, row.partner if level == 1 else "", row.remark])


def _commitments(document: Any, commitments: Iterable[Commitment], heading: str, *, level: int = 1) -> None:
    for number, row in enumerate(commitments):
        if number == 0:
            document.add_heading(heading, level=level)
        due = _day(row.due_on) if row.due_on else _("without a day")
        side = _("we promised") if row.owed_by == Side.OURS else _("they promised")
        _line(document, due, [f"{side}: {row.text}", row.partner if level == 1 else "", row.reason])


def _contacts(document: Any, contacts: Iterable[Any]) -> None:
    for number, person in enumerate(contacts):
        if number == 0:
            document.add_heading(_("People known to us through this colleague alone"), level=1)
        post = person.held[0] if person.held else None
        _line(document, person, [*_person_words(person, post), post.partner if post else ""])


def _foot(document: Any, dossier: Dossier) -> None:
    stamp = _("Nhịp Cầu, %(day)s. Contains no state secrets.") % {"day": _day(dossier.made_on)}
    footer = document.sections[0].footer.paragraphs[0]
    footer.text, footer.alignment = stamp, WD_ALIGN_PARAGRAPH.CENTER
    document.core_properties.title = _("Hand-over dossier")
    document.core_properties.author = str(dossier.person)


def _fact(document: Any, label: str, value: Any) -> None:
    if value:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{label}: ").bold = True
        paragraph.add_run(_plain(value))


def _line(document: Any, beginning: Any, words: Iterable[Any]) -> None:
    paragraph = document.add_paragraph(style="List Bullet")
    paragraph.add_run(_plain(beginning)).bold = True
    rest = "; ".join(_plain(word) for word in words if word)
    if rest:
        paragraph.add_run(f": {rest}")


def _plain(value: Any) -> str:
    """Text that an XML file can hold: control characters have no place there."""
    return "".join(character for character in str(value) if character >= " " or character in "\n\t")


def _day(value: Any) -> str:
    return date_format(value, "SHORT_DATE_FORMAT")
