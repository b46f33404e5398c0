"""Reading a template that staff brought: every field in it, where it stands, and which of them are broken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from io import BytesIO
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from jinja2 import nodes
from openpyxl import load_workbook

from reports.choices import FileFormat
from reports.documents.fields import FIELDS, ROW_NAMES, Field
from reports.documents.sandbox import check
from reports.documents.uploads import refuse_hostile
from reports.documents.workbooks import refuse_large, row_name
from reports.metrics.periodic.catalogue import FIGURES

_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\{[^}]*$|\{%[^%]*$")
_COMMAND = re.compile(r"^\{%-?\s*(?:tr|tc|p|r)?\s*(for|if|elif)\s+(.*?)\s*-?%\}$")
_END = re.compile(r"^\{%-?\s*(?:tr|tc|p|r)?\s*(else|endif|endfor)\s*-?%\}$")
_LOOP = re.compile(r"^(\w+)\s+in\s+([\w.]+)$")
_QUOTES = str.maketrans("“”‘’", "\"\"''")
MOST_MISTAKES = 12
SHOWN = 60
_BY_NAME = {field.name: field for field in FIELDS}
_LINE = _BY_NAME["figures"].fields


@dataclass(frozen=True)
class Place:
    """A piece of text of a template, and where it stands, in words."""

    where: str
    text: str


def check_template(content: bytes, file_format: FileFormat) -> None:
    """Raise ValidationError with one message for each broken field: which, and where. Also for files that are refused."""
    refuse_hostile(content, file_format)
    mistakes: list[ValidationError] = []
    try:
        for places, rows in _blocks(content, file_format):
            broken = _mistakes(places, rows)
            mistakes += broken or (_unfinished(places) if file_format == FileFormat.XLSX else [])
        if file_format == FileFormat.DOCX and not mistakes:
            check(_whole_word(content))
    except ValidationError as error:
        mistakes.append(ValidationError(_("The template as a whole: %(why)s."), code="template", params={"why": error.messages[0]}))
    except Exception as error:  # The libraries raise whatever a malformed part leads to: KeyError, ValueError, AttributeError.
        raise ValidationError(_("The file is damaged. Open it, save it anew, and bring that."), code="broken") from error
    if mistakes:
        raise ValidationError(mistakes[:MOST_MISTAKES])


def _blocks(content: bytes, file_format: FileFormat) -> Iterator[tuple[list[Place], dict[str, str]]]:
    """Pieces of text that loops may span, with the names that already stand for a row there."""
    if file_format == FileFormat.DOCX:
        yield list(_word_places(Document(BytesIO(content)))), {}
        return
    for sheet in load_workbook(BytesIO(content), keep_links=False).worksheets:
        refuse_large(sheet)
        for cells in sheet.iter_rows():
            places = [
                Place(_("sheet “%(sheet)s”, cell %(cell)s") % {"sheet": sheet.title, "cell": cell.coordinate}, cell.value)
                for cell in cells
                if isinstance(cell.value, str) and "{" in cell.value
            ]
            name = row_name(cells)
            yield places, {name: ROW_NAMES[name]} if name else {}


def _word_places(document: Any) -> Iterator[Place]:
    yield from _places_of(document, "")
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.footer, section.first_page_footer):
            yield from _places_of(part, _("header or footer, "))


def _places_of(block: Any, before: str) -> Iterator[Place]:
    tables = paragraphs = 0
    for item in block.iter_inner_content():
        if isinstance(item, Paragraph):
            paragraphs += 1
            yield Place(before + _("paragraph %(n)s") % {"n": paragraphs}, item.text)
        elif isinstance(item, Table):
            tables += 1
            for number, row in enumerate(item.rows, start=1):
                where = before + _("table %(table)s, row %(row)s") % {"table": tables, "row": number}
                for cell in dict.fromkeys(row.cells):
                    yield Place(where, cell.text)


def _mistakes(places: list[Place], rows: dict[str, str]) -> list[ValidationError]:
    """Go through the marks in order, keeping what loops name, and collect what is wrong."""
    named: list[dict[str, str]] = [dict(rows)]
    found = []
    for place in places:
        for mark in _MARK.findall(place.text):
            try:
                _follow(mark.translate(_QUOTES), named)
            except ValidationError as error:
                found.append(_mistake(mark, place, error))
    return found


def _mistake(mark: str, place: Place, error: ValidationError) -> ValidationError:
    params = {"mark": mark[:SHOWN], "where": place.where, "why": error.messages[0]}
    return ValidationError(_("%(mark)s in %(where)s: %(why)s."), code="field", params=params)


def _unfinished(places: list[Place]) -> list[ValidationError]:
    """Cells of a workbook stand each by itself: a loop cannot go on in the next one."""
    found = []
    for place in places:
        try:
            check(place.text.translate(_QUOTES))
        except ValidationError as error:
            found.append(_mistake(place.text, place, error))
    return found


def _follow(mark: str, named: list[dict[str, str]]) -> None:
    if mark.startswith("{{"):
        _check_names(check(re.sub(r"^\{\{\s*(?:tr|tc|p|r)\s", "{{ ", mark)), named)
        return
    if not mark.endswith("%}"):
        raise ValidationError(_("the mark does not end"), code="open")
    command = _COMMAND.match(mark)
    if command and command.group(1) == "for":
        loop = _LOOP.match(command.group(2))
        if loop is None:
            raise ValidationError(_("write it as {%% for line in figures %%}"), code="loop")
        kind = _kind(loop.group(2).split("."), named)
        named.append({**named[-1], loop.group(1): kind})
    elif command:
        _check_names(check("{% if " + command.group(2) + " %}{% endif %}"), named)
    elif "endfor" in mark and len(named) > 1:
        named.pop()
    elif not _END.match(mark):
        raise ValidationError(_("use only fields, {%% for %%} and {%% if %%}"), code="too-much")


def _check_names(tree: nodes.Template, named: list[dict[str, str]]) -> None:
    inside = {id(node.node) for node in tree.find_all(nodes.Getattr)}
    for node in (*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Name)):
        if id(node) not in inside:
            _kind(_dotted(node), named)


def _dotted(node: Any) -> list[str]:
    if isinstance(node, nodes.Getattr):
        return [*_dotted(node.node), node.attr]
    return [node.name] if isinstance(node, nodes.Name) else []


def _kind(names: list[str], named: list[dict[str, str]]) -> str:
    """Return which list a dotted name is, or an empty text. Raises ValidationError for a name that there is not."""
    if not names or names[0] == "loop":
        return ""
    first, *rest = names
    if first == "value":
        if rest and rest[0] not in FIGURES:
            raise _unknown(".".join(names[:2]), [f"value.{code}" for code in FIGURES])
        return _known(rest[1:], _LINE, ".".join(names))
    if first in named[-1]:
        return _known(rest, _fields_of(named[-1][first]), ".".join(names))
    if first not in _BY_NAME:
        raise _unknown(first, [*_BY_NAME, *named[-1]])
    return _known(rest, _BY_NAME[first].fields, ".".join(names)) if rest else first


def _known(rest: list[str], fields: tuple[Field, ...], name: str) -> str:
    if not rest:
        return ""
    if rest[0] not in {field.name for field in fields}:
        prefix = name.rpartition(".")[0]
        raise _unknown(name, [f"{prefix}.{field.name}" for field in fields])
    return rest[0]


def _fields_of(kind: str) -> tuple[Field, ...]:
    if kind in ("first_section", "other_sections"):
        kind = "sections"
    return _LINE if kind == "lines" else _BY_NAME[kind].fields if kind in _BY_NAME else ()


def _unknown(name: str, known: list[str]) -> ValidationError:
    near = get_close_matches(name, known, n=1)
    if near:
        return ValidationError(
            _("there is no field “%(name)s”; perhaps “%(near)s” is meant"), code="unknown", params={"name": name, "near": near[0]}
        )
    return ValidationError(_("there is no field “%(name)s”"), code="unknown", params={"name": name})


def _whole_word(content: bytes) -> str:
    template = DocxTemplate(BytesIO(content))
    template.render_init()
    return str(template.patch_xml(template.get_xml()))
