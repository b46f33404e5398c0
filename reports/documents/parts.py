"""What may not stand in a part of a template: things that fetch or run something, and figures that no program could hold."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from openpyxl.utils import range_boundaries

MOST_SPANNED = 63
MOST_ROWS = 5_000
MOST_COLUMNS = 256
_SPANS = frozenset({"gridSpan", "gridBefore", "gridAfter"})
_FORMULAS = frozenset({"f", "formula", "formula1", "formula2", "definedName"})
# Fields of Word, and formulas of Excel, that fetch or run something.
_FETCHES = re.compile(
    r"\b(DDEAUTO|DDE|INCLUDETEXT|INCLUDEPICTURE|WEBSERVICE|FILTERXML|RTD|IMAGE\s*\(|STOCKHISTORY|CALL\s*\(|REGISTER(\.ID)?\s*\()|cmd\||\w\|\s*'",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"/(aFChunk|attachedTemplate|oleObject|package|vbaProject|control|activeXControlBinary|externalLink|externalLinkPath|connections"
    r"|queryTable|subDocument|frame|xlMacrosheet|xlIntlMacrosheet)$",
    re.IGNORECASE,
)
_RUNS = re.compile(r"macroEnabled|vbaProject|activeX|macrosheet", re.IGNORECASE)


def refuse_hostile_tree(tree: Any, name: str) -> None:
    """Raise ValidationError for the root element of a part that is more than a plain piece of a document."""
    if name.endswith(".rels"):
        _refuse_relations(tree)
    if name == "[Content_Types].xml" and any(_RUNS.search(row.get("ContentType") or "") for row in tree):
        raise ValidationError(_("The file has macros. Save it without them, as .docx or .xlsx."), code="macros")
    if _FETCHES.search(_instructions(tree)):
        raise ValidationError(_("The file has a field or formula that fetches something from outside. Take it out."), code="fetches")
    if any(_is_too_wide(element) for element in tree.iter()):
        raise ValidationError(_("The file has a table or sheet far larger than a template needs. Make it smaller."), code="too-wide")


def _refuse_relations(tree: Iterable[Any]) -> None:
    for row in tree:
        if (row.get("TargetMode") or "").strip().lower() == "external":
            message = _("The file links to something outside: a picture, a template or an address. Take the link out.")
            raise ValidationError(message, code="external")
        if _JOINED.search(row.get("Type") or ""):
            raise ValidationError(_("The file has another file or a data connection in it. Take that out."), code="embedded")


def _instructions(tree: Any) -> str:
    """The instructions of all fields, which Word may cut into pieces, and all formulas."""
    found: list[str] = []
    for element in tree.iter():
        tag = _local(element.tag)
        if tag == "instrText":
            found.append(element.text or "")
        elif tag == "fldChar":
            found.append(" ")
        elif tag == "fldSimple":
            found += [" ", *(value for key, value in element.items() if _local(key) == "instr"), " "]
        elif tag in _FORMULAS:
            found += [" ", element.text or "", " "]
    return "".join(found)


def _is_too_wide(element: Any) -> bool:
    """Whether libraries would lay out more cells for the element than a template can have."""
    tag = _local(element.tag)
    if tag in _SPANS:
        value = next((value for key, value in element.items() if _local(key) == "val"), "1")
        return not (value.isascii() and value.isdigit() and len(value) < 4 and int(value) <= MOST_SPANNED)
    reference = element.get("ref") if tag != "dimension" else None
    reference = element.get("r") if tag == "c" else reference
    if not reference:
        return False
    try:
        bounds = range_boundaries(reference)
    except ValueError:
        return True
    return any(bound is None for bound in bounds) or bounds[2] > MOST_COLUMNS or bounds[3] > MOST_ROWS


def _local(tag: Any) -> str:
    """The name without its namespace; comments and instructions have none."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
