"""Templates that staff bring, distrusted: what is no plain Word file or workbook is refused before anything reads it."""

import re
import zipfile
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from reports.choices import FileFormat
from reports.documents.parts import refuse_hostile_tree

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 20 * 1024 * 1024
MOST_XML = 8 * 1024 * 1024
MOST_PARTS = 300
_MAIN_PART = {FileFormat.DOCX: "word/document.xml", FileFormat.XLSX: "xl/workbook.xml"}
_MACROS = re.compile(r"vbaProject|macrosheets?/|activeX|\.bin$", re.IGNORECASE)
_EMBEDDED = re.compile(r"embeddings/|oleObject|afchunk|externalLinks?/|connections\.xml|queryTables?/", re.IGNORECASE)
_PRINTER = re.compile(r"^xl/printerSettings/printerSettings\d+\.bin$")
# What no program reads as XML; everything else is looked into, whatever it is called.
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".ttf", ".odttf")


def refuse_hostile(content: bytes, file_format: FileFormat) -> None:
    """Raise ValidationError, saying why, for a file that is too large, no Office file, or more than a document."""
    if len(content) > MOST_BYTES:
        raise _refused(_("The file is larger than 2 MB. Take large pictures out of it."), "too-large")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise _refused(_("The file unpacks to far more than a template should."), "bomb")
            _refuse_names((part.filename for part in parts), file_format)
            written = [part for part in parts if not _is_opaque(part.filename)]
            if sum(part.file_size for part in written) > MOST_XML:
                raise _refused(_("The file unpacks to far more than a template should."), "bomb")
            for part in written:
                with archive.open(part) as source:
                    _refuse_part(part.filename, source.read(MOST_XML + 1))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise _refused(_not_an_office_file(file_format), "broken") from error


def _refuse_names(names: Iterable[str], file_format: FileFormat) -> None:
    names = list(names)
    if _MAIN_PART[file_format] not in names or "[Content_Types].xml" not in names:
        raise _refused(_not_an_office_file(file_format), "broken")
    if any(_MACROS.search(name) and not _PRINTER.match(name) for name in names):
        raise _refused(_("The file has macros. Save it without them, as .docx or .xlsx."), "macros")
    if any(_EMBEDDED.search(name) for name in names):
        raise _refused(_("The file has another file or a data connection in it. Take that out."), "embedded")


def _refuse_part(name: str, part: bytes) -> None:
    try:
        tree = fromstring(part, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError) as error:
        raise _refused(_("A part of the file is damaged or has a document type, which no Office program writes."), "xml") from error
    refuse_hostile_tree(tree, name if name == "[Content_Types].xml" else name.lower())


def _is_opaque(name: str) -> bool:
    """Whether a part is a folder, a picture, a font, or what a printer was set to."""
    return name.endswith("/") or name.lower().endswith(_PICTURES) or bool(_PRINTER.match(name))


def _not_an_office_file(file_format: FileFormat) -> Any:
    if file_format == FileFormat.DOCX:
        return _("This is no Word file (.docx). Open it in Word, save it as .docx, and bring that.")
    return _("This is no Excel workbook (.xlsx). Open it in Excel, save it as .xlsx, and bring that.")


def _refused(words: Any, code: str) -> ValidationError:
    return ValidationError(words, code=code)
