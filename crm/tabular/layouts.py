"""Where the table is in an office's sheet: which rows are its header, and which belong to the paper around it.

Rules look at shapes and a few words, and are shown to people with what they found; whoever brings the list corrects
them. Nothing is left out that is not told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from django.utils.translation import gettext as _

from crm.legacy_text import Coding, convert
from crm.tabular.errors import TabularError
from crm.tabular.sources import RawRow, Source
from crm.text import fold

HEAD_ROWS = 60
MOST_HEADER_LINES = 3
# What columns of lists are called, folded; two of them in one row make it the header.
_HEADER_WORDS = frozenset(
    re.split(
        ";",
        "stt;tt;so tt;so thu tu;no;ten;ho ten;ho va ten;ten to chuc;ten don vi;ten doi tac;name;full name;organisation;organization;"
        "don vi;to chuc;co quan;chuc vu;chuc danh;position;title;nuoc;quoc gia;country;tinh;tinh thanh;dia chi;address;city;thanh pho;"
        "dien thoai;so dien thoai;phone;tel;mobile;email;e mail;thu dien tu;website;web;ghi chu;note;notes;remarks;loai;loai hinh;type;"
        "kind;id;ma;ma so;nam thanh lap;linh vuc;field;lien he;contact;nguoi lien he;ngay;date;dia phuong;quoc tich;nationality",
    )
)
ORDINAL_HEADERS = frozenset({"stt", "tt", "so tt", "so thu tu", "no", "s no", ""})
_NUMBER = re.compile(r"^[\d\s.,()%/+-]+$")
_ORDINAL = re.compile(r"^(?:[ivxlc]{1,7}|[a-z])[.)]?$", re.IGNORECASE)
_NUMBERING = re.compile(r"^[(\[]?(?:\d{1,2}|[A-Za-zĐđ])[)\]]?$")
_TOTAL = re.compile(
    r"^(?:(?:tong|cong|tong cong|tong so|total|grand total|subtotal|sum)(?: \d.*)?|(?:tong so|tong cong(?! ty)|total) .*|"
    r"(?:tong|cong)(?: theo)? (?:khu vuc|chau|nuoc|tinh|nhom|muc|phan|trang)\b.*)$"
)
_SIGNATURE = re.compile(
    r"^(?:nguoi lap|noi nhan|lap bieu|thu truong|ky ten|ky ghi ro|xac nhan cua|ke toan truong|prepared by|approved by|recipients|"
    r"kt chu tich|tm ban|tl chu tich)\b|\bngay\b.{0,12}\bthang\b.{0,12}\bnam\b|^ky\b.*\bho ten\b"
)
_GROUP_NUMBER = re.compile(r"^(?:[IVXLC]{1,7}|[A-Z]|\d{1,2})\s*[.)/:–-]\s*")
_GROUP_LABEL = re.compile(r"^(?:(?:nước|quốc gia|country|khu vực|region|châu lục|tỉnh|nhóm)\s*:|nước|quốc gia|country)\s+", re.IGNORECASE)


class Groups(StrEnum):
    """What rows are that hold one merged cell, such as the name of a country above its organisations."""

    NONE = "none"
    COLUMN = "column"
    SKIP = "skip"
    ROWS = "rows"


class Reason(StrEnum):
    """Why a row is not read as a row of the table."""

    TITLE = "title"
    NUMBERING = "numbering"
    HEADER_AGAIN = "header_again"
    GROUP = "group"
    TOTAL = "total"
    SIGNATURE = "signature"
    HIDDEN = "hidden"
    AFTER_END = "after_end"


@dataclass(frozen=True)
class Layout:
    """How a file is read. Rows count from 1, as a spreadsheet shows them; ``last``: the last row of the table, or None.

    ``codings``: column → the former coding in which it is written, confirmed by whoever brought the list.
    """

    sheet: str = ""
    encoding: str = ""
    header_from: int = 1
    header_to: int = 1
    last: int | None = None
    groups: Groups = Groups.NONE
    group_column: str = ""
    hidden_rows: bool = False
    hidden_columns: bool = False
    codings: Mapping[str, Coding] = field(default_factory=dict)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        known = {name: value for name, value in values.items() if name in cls.__dataclass_fields__}
        codings = {column: Coding(coding) for column, coding in known.pop("codings", {}).items()}
        return cls(**{**known, "groups": Groups(known.get("groups", Groups.NONE)), "codings": codings})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def find_layout(source: Source, *, sheet: str | None = None) -> Layout:
    """Return how the sheet is best read; without a name, the first that is not hidden. Raises TabularError: no header."""
    shown = [each.name for each in source.sheets if not each.is_hidden]
    if sheet is None and not shown:
        raise TabularError("no_sheet", _("All sheets of the workbook are hidden. Show the sheet with the list and save the workbook."))
    chosen = shown[0] if sheet is None else sheet
    head = head_of(source, chosen)
    first, last = find_header(head)
    return Layout(sheet=chosen, encoding=source.encoding, header_from=first, header_to=last)


def head_of(source: Source, sheet: str) -> list[RawRow]:
    head = []
    for row in source.rows(sheet):
        head.append(row)
        if row.number >= HEAD_ROWS:
            break
    return head


def find_header(head: Sequence[RawRow]) -> tuple[int, int]:
    """Return the first and the last row of the header. Raises TabularError when no row looks like one."""
    texts = [[cell for cell in row.cells if cell] for row in head]
    width = max((len(cells) for cells in texts), default=0)
    fitting = [place for place, cells in enumerate(texts) if cells and _may_be_header(cells, width)]
    worded = [place for place in fitting if sum(fold(cell) in _HEADER_WORDS for cell in texts[place]) >= 2]
    if not fitting:
        raise TabularError("no_header", _("No row names the columns. Put their names in row 1, above the first row of the list."))
    first = last = (worded or fitting)[0]
    while last + 1 < len(head) and last - first + 1 < MOST_HEADER_LINES and _goes_on(head[last], head[last + 1]):
        last += 1
    return head[first].number, head[last].number


def _may_be_header(cells: Sequence[str], width: int) -> bool:
    different = set(cells)
    if width >= 2 and len(different) < max(2, (width + 1) // 2):
        return False
    return sum(bool(_NUMBER.match(cell)) for cell in cells) * 3 <= len(cells)


def _goes_on(upper: RawRow, lower: RawRow) -> bool:
    """Whether the lower row parts the merged names of the upper one, as “Phone” and “E-mail” below “Contact”."""
    above, below = _padded(upper, lower), _padded(lower, upper)
    parted = single = False
    for place, (name, part) in enumerate(zip(above, below, strict=True)):
        if name and part in ("", name):
            single = True
            continue
        if not part:
            continue
        over_several = place in upper.spans or (place + 1 < len(above) and not above[place + 1] and bool(below[place + 1]))
        if _NUMBER.match(part) or (name and not over_several):
            return False
        parted = True
    return parted and single


def _padded(row: RawRow, other: RawRow) -> list[str]:
    width = max(len(row.cells), len(other.cells))
    return row.cells + [""] * (width - len(row.cells))


def column_names(lines: Sequence[RawRow]) -> list[str]:
    """Return the names of all columns: the lines of a header joined from top to bottom, merged names spread over theirs."""
    width = max((len(line.cells) for line in lines), default=0)
    spread = [_spread(line, width, is_last=line is lines[-1]) for line in lines]
    names = []
    for parts in zip(*spread, strict=True):
        different = [part for place, part in enumerate(parts) if part and part not in parts[:place]]
        names.append(" / ".join(different))
    while names and not names[-1]:
        names.pop()
    return names


def _spread(line: RawRow, width: int, *, is_last: bool) -> list[str]:
    cells = [" ".join(cell.split()) for cell in line.cells] + [""] * (width - len(line.cells))
    reach = -1
    for place in range(width):
        if place in line.spans:
            reach = line.spans[place]
        in_span = place <= reach or (not line.spans and not is_last)
        if place and not cells[place] and in_span:
            cells[place] = cells[place - 1]
    return cells


class RowSorter:
    """Tells rows of the table from the paper around it, going down a sheet once. ``group``: the heading last passed."""

    def __init__(self, layout: Layout, header: Sequence[RawRow], names: Sequence[str]) -> None:
        self._layout = layout
        self._header = {tuple(line.cells) for line in header}
        self._width = len(names)
        self._has_ordinals = bool(names) and fold(names[0]) in ORDINAL_HEADERS
        self._ended = False
        self.group = ""

    def reason_against(self, row: RawRow, filled: int) -> Reason | None:
        """Return why the row is left out, or None for a row of the table. ``filled``: how many of its cells are."""
        layout = self._layout
        if layout.last is not None and row.number > layout.last:
            return Reason.AFTER_END
        if self._ended:
            return Reason.SIGNATURE
        if row.is_hidden and not layout.hidden_rows:
            return Reason.HIDDEN
        # Most rows are well filled and are none of what follows.
        if filled * 2 > self._width and not self._may_be_special(row):
            return None
        return self._reason_by_shape(row, [cell for cell in row.cells if cell])

    def _may_be_special(self, row: RawRow) -> bool:
        first = row.cells[0] if row.cells else ""
        return len(first) <= 3 or tuple(row.cells) in self._header or self._width <= 2 or not first

    def _reason_by_shape(self, row: RawRow, texts: list[str]) -> Reason | None:
        if tuple(row.cells) in self._header:
            return Reason.HEADER_AGAIN
        if _is_numbering(texts, self._width) and row.number <= self._layout.header_to + 2:
            return Reason.NUMBERING
        words = [text for text in texts if not _NUMBER.match(text)]
        if self._width >= 2 and len(words) == 1 and any(_TOTAL.match(reading) for reading in _readings(words[0])):
            return Reason.TOTAL
        if self._layout.last is None and len(texts) <= max(1, self._width // 2) and _is_signature(words):
            self._ended = True
            return Reason.SIGNATURE
        if self._layout.groups is not Groups.ROWS and (heading := self._heading(row, texts)):
            self.group = group_text(heading)
            return Reason.GROUP
        return None

    def _heading(self, row: RawRow, texts: list[str]) -> str:
        """The words of a row that names a group of the rows below it, or an empty text."""
        if self._width < 3 or not texts:
            return ""
        place = next(place for place, cell in enumerate(row.cells) if cell)
        if len(texts) == 1:
            is_merged = row.spans.get(place, place) > place
            in_place_of_number = place == 0 and self._has_ordinals and not _NUMBER.match(texts[0])
            return texts[0] if is_merged or in_place_of_number else ""
        if len(texts) == 2 and self._width >= 4 and self._has_ordinals and place == 0 and _ORDINAL.match(texts[0]):
            return texts[1]
        return ""


def _is_numbering(texts: Sequence[str], width: int) -> bool:
    """A row such as (1) (2) (3) or A B 1 2 3 that numbers the columns of a form."""
    if width < 3 or len(texts) < max(3, width // 2) or not all(_NUMBERING.match(text) for text in texts):
        return False
    numbers = [int(digits) for text in texts if (digits := re.sub(r"\D", "", text))]
    return len(set(texts)) == len(texts) and numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False


def group_text(text: str) -> str:
    """Return the heading without its number and label: “I. Châu Á” is Châu Á, “Nước: Lào” is Lào."""
    return _GROUP_LABEL.sub("", _GROUP_NUMBER.sub("", " ".join(text.split()))).strip(" :")


def with_groups(layout: Layout, *, found: bool) -> Layout:
    """Offer the headings found as a column of their own."""
    if not found or layout.groups is not Groups.NONE:
        return layout
    return replace(layout, groups=Groups.COLUMN, group_column=_("Heading above the rows"))


def _is_signature(words: Sequence[str]) -> bool:
    return any(_SIGNATURE.search(reading) for text in words for reading in _readings(text))


def _readings(text: str) -> set[str]:
    """The text folded, as it stands and as it reads where it is in a former font."""
    return {fold(text), *(fold(convert(text, coding)) for coding in (Coding.TCVN3, Coding.VNI))}
