"""CSV in whatever encoding: UTF-8, UTF-16, CP1258, or the bytes of a former font (read as Windows-1252)."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _

from crm.formulas import unprotected
from crm.legacy_text import BELIEVED_FROM, LEAST_WORDS, Coding, decode_windows, marked_words, recognise, share_of_syllables
from crm.tabular.errors import TabularError
from crm.tabular.sources import RawRow, Sheet
from crm.tabular.structure import MOST_ROWS, too_large
from crm.text import nfc

DELIMITERS = (",", ";", "\t")
# The bytes of a former font; its columns are converted afterwards, each by its own coding.
FORMER = "cp1252"
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1258", FORMER)
SAMPLE = 256 * 1024
_CONTROLS = frozenset(range(1, 32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b")


class DelimitedSource:
    """Text cut into cells by the separator that its first lines use most."""

    sheets = (Sheet(""),)

    def __init__(self, content: bytes, encoding: str = "") -> None:
        self.encoding = encoding if encoding in ENCODINGS else guess_encoding(content)
        self._text = _decode(content, self.encoding)
        self._delimiter = _delimiter(self._text)

    def rows(self, sheet: str, *, with_capitals: bool = False) -> Iterator[RawRow]:
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter, strict=True)
        number = 0
        while True:
            number += 1
            if number > MOST_ROWS:
                raise too_large()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                message = _(
                    "Row %(row)d cannot be split into cells: a quotation mark is missing, or a cell is longer than 131,072 characters."
                )
                raise TabularError("broken_row", message % {"row": number}) from error
            yield RawRow(number, [_text(cell) for cell in cells])

    def hidden_rows(self, sheet: str) -> int:
        return 0

    def hidden_columns(self, sheet: str) -> frozenset[int]:
        return frozenset()

    def formulas_without_value(self, sheet: str) -> int:
        return 0

    def font_codings(self, sheet: str, rows: int) -> dict[int | None, Coding]:
        return {}


def _text(cell: str) -> str:
    text = cell.strip() if cell.isascii() else nfc(cell).strip()
    return unprotected(text) if text.startswith("'") else text


def guess_encoding(content: bytes) -> str:
    """Return the encoding by its mark, its zero bytes, or the words it gives. Raises TabularError when none gives words."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if encoding := _utf16_without_mark(content[:4096]):
        return encoding
    if _looks_binary(content[:4096]):
        raise TabularError("binary", _("This is no table of text. Bring a CSV file (UTF-8) or an Excel workbook (.xlsx)."))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _guess_former_encoding(content, error)
    return "utf-8"


def _guess_former_encoding(content: bytes, error: UnicodeDecodeError) -> str:
    sample = content[max(0, error.start - SAMPLE // 2) : error.start + SAMPLE]
    words = marked_words(re.split(r"[\n,;\t]", sample.decode("cp1258", errors="replace")))
    composed = share_of_syllables(words)
    former = recognise([_decode(sample, FORMER)])
    if former and former.after > composed:
        return FORMER
    if composed >= BELIEVED_FROM and len(words) >= LEAST_WORDS:
        return "cp1258"
    line = content.count(b"\n", 0, error.start) + 1
    message = _("Line %(line)d is not in UTF-8. In Excel choose “Save as”, then “CSV UTF-8”, or bring the .xlsx file itself.")
    raise TabularError("encoding", message % {"line": line}) from error


def _decode(content: bytes, encoding: str) -> str:
    if encoding == FORMER:
        return decode_windows(content)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = _("The file cannot be read as %(encoding)s. Choose another encoding, or save the list as “CSV UTF-8”.")
        raise TabularError("encoding", message % {"encoding": encoding.upper()}) from error


def _utf16_without_mark(sample: bytes) -> str:
    """Plain letters in UTF-16 leave a zero in every second byte."""
    half = max(1, len(sample) // 2)
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if len(sample) >= 8 and max(even, odd) > 0.4 and min(even, odd) < 0.02:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _looks_binary(sample: bytes) -> bool:
    # A stray NUL is reported with its cell; many of them are no text at all.
    return any(byte in _CONTROLS for byte in sample) or sample.count(0) * 10 > len(sample)


def _delimiter(text: str) -> str:
    """Return the separator that cuts most of the first lines into equally many cells; a comma if none does."""
    lines = ["".join(line.split('"')[::2]) for line in text[:65_536].splitlines()[:30]]

    def regularity(sign: str) -> int:
        numbers = Counter(count for line in lines if (count := line.count(sign)))
        return max((count * lines_of_it for count, lines_of_it in numbers.items()), default=0)

    return max(DELIMITERS, key=regularity)
