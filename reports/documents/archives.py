"""The same content is the same file: Office files are written anew with fixed times and one order of parts."""

import re
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_NO_TIME = (1980, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def steady(content: bytes, *, day: date) -> bytes:
    """Return an Office file (.docx, .xlsx) that says it was made on the day, and is the same bytes for the same parts."""
    stamp = f"{day.isoformat()}T00:00:00Z".encode()
    written = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(written, "w", ZIP_DEFLATED, compresslevel=6) as target:
        # Readers guess the type of the file from its first part.
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = source.read(name)
            if name == "docProps/core.xml":
                part = _TIMES.sub(rb"\g<1>" + stamp + rb"\g<3>", part)
            info = ZipInfo(name, _NO_TIME)
            info.compress_type = ZIP_DEFLATED
            target.writestr(info, part)
    return written.getvalue()


def word_file(document: object, *, title: str, author: str, day: date) -> bytes:
    """Return a python-docx document as a steady file."""
    properties = document.core_properties  # type: ignore[attr-defined]  # python-docx has no types
    properties.title, properties.author, properties.last_modified_by = title[:255], author[:255], author[:255]
    properties.comments, properties.revision = "", 1
    file = BytesIO()
    document.save(file)  # type: ignore[attr-defined]  # the same
    return steady(file.getvalue(), day=day)
