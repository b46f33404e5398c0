"""Reading a workbook that came back, distrusted: it is known by its label, its columns by their codes, its rows by marked keys.

Sheets and columns may have been renamed and put in another order, rows sorted, filtered, deleted and added. Which program
saved the file does not matter. Values are told, formulas and macros never run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any
from uuid import UUID, uuid5

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from openpyxl.utils import get_column_letter

from crm.tabular import TabularError, open_source
from crm.tabular.workbooks import WorkbookSource
from crm.text import fold
from crm.workbooks.cells import Raw, is_empty, plain
from crm.workbooks.marks import is_marked
from crm.workbooks.sheets import SHEETS, Nouns, Sheet
from crm.workbooks.taking import MOST_ROWS, SPARE_ROWS, Taken
from crm.workbooks.words import References
from crm.workbooks.writing import ABOUT, ARCHIVE, FORMAT, KEYS, LISTS, OUTCOME

MOST_ABOUT_ROWS = 40
MOST_HEAD_ROWS = 20
MOST_LABELS = 100_000
_YES = frozenset({"x", "✓", "✔", "có", "yes", "1", "true"})


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that came back. ``key`` is empty where somebody typed below the rows that have one.

    ``cells``: by column, as the file has them; only columns that are there. ``broken``: columns whose formula has no result.
    """

    sheet: str
    number: int
    key: str
    revision: int
    is_marked: bool
    cells: dict[str, Raw]
    wants_archive: bool = False
    broken: frozenset[str] = frozenset()

    @property
    def is_blank(self) -> bool:
        return all(is_empty(cell) for cell in self.cells.values())


@dataclass(frozen=True)
class ReadSheet:
    """A sheet of the file: where its columns are, and what stands in it. ``title``: what it is called in the file."""

    sheet: Sheet
    title: str
    places: dict[str, int]
    keys: dict[str, int]
    head_to: int
    unread: tuple[str, ...] = ()

    def address(self, row: int, column: str) -> str:
        """Where a cell is, as spreadsheets say it: “Đối tác!F12”."""
        letter = get_column_letter(self.places[column] + 1) if column in self.places else ""
        return f"{self.title}!{letter}{row}"


@dataclass
class ReadWorkbook:
    """A workbook that came back. ``notes``: what its reader is told about it as a whole."""

    taken: Taken
    sheets: list[ReadSheet]
    references: dict[str, References]
    source: WorkbookSource
    notes: list[str] = field(default_factory=list)

    def rows(self, read: ReadSheet) -> Iterator[SheetRow]:
        """The rows of a sheet that say something, from the top. Raises TabularError for more than any of ours has."""
        broken = self.source.empty_formulas(read.title)
        found = 0
        for number, cells in self.source.values(read.title):
            if number <= read.head_to or all(is_empty(plain(cell)) for cell in cells):
                continue
            found += 1
            if found > MOST_ROWS + 10 * SPARE_ROWS:
                message = _("The sheet “%(sheet)s” has more rows than a workbook of ours. Bring the rows as a list instead: Data, Imports.")
                raise TabularError("too-many-rows", message % {"sheet": read.title})
            yield self._row(read, number, cells, broken)

    def _row(self, read: ReadSheet, number: int, cells: Sequence[Any], broken: set[tuple[int, int]]) -> SheetRow:
        def at(place: int | None) -> Raw:
            return plain(cells[place]) if place is not None and place < len(cells) else None

        key, revision = str(at(read.keys.get("key")) or "").lower(), _whole(at(read.keys.get("revision")))
        marked = is_marked(str(at(read.keys.get("mark")) or ""), self.taken.unit, read.sheet.code, key, revision)
        return SheetRow(
            sheet=read.sheet.code,
            number=number,
            key=key,
            revision=revision,
            is_marked=marked and _is_uuid(key),
            cells={name: at(place) for name, place in read.places.items() if name not in (ARCHIVE, OUTCOME)},
            wants_archive=str(at(read.places.get(ARCHIVE)) or "").casefold() in _YES,
            broken=frozenset(name for name, place in read.places.items() if (number, place) in broken),
        )


def read_label(file: IO[bytes]) -> Taken:
    """Whose workbook it is, and when it was taken; its sheets are not looked at. Raises TabularError where it is none of ours."""
    return _taken(_about(_open(file)))


def read_workbook(file: IO[bytes]) -> ReadWorkbook:
    """Open a workbook that came back. Raises TabularError where it is none of ours, and says what to do."""
    source = _open(file)
    titles = [sheet.name for sheet in source.sheets]
    taken = _taken(_about(source))
    sheets = [read for title in titles if title not in (ABOUT, LISTS) and (read := _read_sheet(source, title))]
    _refuse_twice([read.sheet.code for read in sheets])
    if not sheets:
        raise _not_ours()
    order = list(SHEETS)
    sheets.sort(key=lambda read: order.index(read.sheet.code))
    return ReadWorkbook(taken, sheets, _references(source, titles), source, list(_notes(taken, sheets)))


def derived_key(taken: Taken, sheet: str, telling: tuple[str, ...], times: int) -> str:
    """The key of a row that has none: the same row in the same workbook has the same one whenever it comes."""
    return str(uuid5(taken.workbook, "\x1f".join([sheet, *map(fold, telling), str(times)])))


def _open(file: IO[bytes]) -> WorkbookSource:
    source = open_source(file)
    if not isinstance(source, WorkbookSource):
        raise _not_ours()
    return source


def _about(source: WorkbookSource) -> dict[str, str]:
    if ABOUT not in [sheet.name for sheet in source.sheets]:
        raise _not_ours()
    about = {}
    for number, cells in source.values(ABOUT):
        if number > MOST_ABOUT_ROWS:
            break
        if len(cells) > 1:
            about[str(cells[0])] = str(plain(cells[1]))
    return about


def _taken(about: dict[str, str]) -> Taken:
    if about.get("format") != FORMAT:
        raise _not_ours()
    try:
        taken = Taken(
            about["unit"], about["by"], datetime.fromisoformat(about["at"]), about["language"], UUID(about["workbook"]),
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise _not_ours() from error
    if not is_marked(about.get("mark", ""), *taken.parts()):
        message = _(
            "This workbook was taken from another site, or its label was changed. Take a workbook here, and copy the cells into it."
        )
        raise TabularError("other-site", message)
    return taken


def _read_sheet(source: WorkbookSource, title: str) -> ReadSheet | None:
    """Find the row of codes, wherever it is by now; without it, the heads in either language."""
    for number, cells in source.values(title):
        if number > MOST_HEAD_ROWS:
            return None
        texts = [str(plain(cell) or "") for cell in cells]
        code = next((text.partition(":")[2] for text in texts if text.startswith(f"{FORMAT}:")), "")
        if code in SHEETS:
            codes = ["key" if text.startswith(f"{FORMAT}:") else text for text in texts]
            # The heads stand in the row below the codes.
            return _with_codes(SHEETS[code], title, codes, head_to=number + 1)
        if (sheet := _titled(title)) and len(codes := _codes_of_heads(sheet, texts)) and set(codes) >= {*KEYS, sheet.columns[0].name}:
            return _with_codes(sheet, title, codes, head_to=number)
    return None


def _titled(title: str) -> Sheet | None:
    """The sheet that is called so in either language."""
    return next((sheet for sheet in SHEETS.values() if fold(title) in _in_both(sheet.title)), None)


def _codes_of_heads(sheet: Sheet, heads: Sequence[str]) -> list[str]:
    """For each head the code of its column, in either language; a head that names none stands for itself."""
    codes = {word: column.name for column in sheet.columns for word in _in_both(column.label)}
    return [codes.get(fold(head), head) if head else "" for head in heads]


def _in_both(text: Any) -> set[str]:
    words = set()
    for language in ("vi", "en"):
        with override(language):
            words.add(fold(str(text)))
    return words


def _with_codes(sheet: Sheet, title: str, codes: list[str], *, head_to: int) -> ReadSheet:
    _refuse_twice([code for code in codes if code], of_sheet=title)
    known = {*(column.name for column in sheet.columns), ARCHIVE, OUTCOME}
    places = {code: place for place, code in enumerate(codes) if code in known}
    unread = tuple(get_column_letter(place + 1) for place, code in enumerate(codes) if code and code not in known and code not in KEYS)
    return ReadSheet(sheet, title, places, {code: codes.index(code) for code in KEYS if code in codes}, head_to, unread)


def _references(source: WorkbookSource, titles: Sequence[str]) -> dict[str, References]:
    labels: dict[str, dict[str, str]] = {noun: {} for noun in Nouns.labels}
    if LISTS in titles:
        for number, cells in source.values(LISTS):
            if number > MOST_LABELS:
                break
            noun, public_id, label = (str(plain(cell) or "") for cell in (*cells[:3], "", "", "")[:3])
            if noun in labels and label and _is_uuid(public_id):
                labels[noun][public_id] = label
    return {noun: References(found) for noun, found in labels.items()}


def _notes(taken: Taken, sheets: Sequence[ReadSheet]) -> Iterator[str]:
    if timezone.now() > taken.until:
        yield _("The workbook is older than it makes sense to work on. Look closely at what would change, and take a new one.")
    missing = [str(sheet.title) for code, sheet in SHEETS.items() if code not in {read.sheet.code for read in sheets}]
    if missing:
        yield _("Sheets that are not in the file, so that nothing of them is changed: %(sheets)s.") % {"sheets": ", ".join(missing)}
    for read in sheets:
        if absent := [str(column.label) for column in read.sheet.columns if column.name not in read.places]:
            yield _("Columns that are not in the sheet “%(sheet)s”, so that they stay as they are: %(columns)s.") % {
                "sheet": read.title, "columns": ", ".join(absent),
            }  # fmt: skip


def _refuse_twice(codes: Sequence[str], *, of_sheet: str = "") -> None:
    twice = next((code for code in codes if codes.count(code) > 1), "")
    if twice and of_sheet:
        message = _(
            "In the sheet “%(sheet)s” the column “%(column)s” stands twice, so that nobody knows which one counts. Delete one of them."
        )
        raise TabularError("column-twice", message % {"sheet": of_sheet, "column": twice})
    if twice:
        raise TabularError(
            "sheet-twice", _("The sheet “%(sheet)s” is in the file twice. Delete the copy.") % {"sheet": SHEETS[twice].title}
        )


def _not_ours() -> TabularError:
    message = _(
        "This is not a workbook that was taken here: the hidden sheets by which it is known are missing. "
        "A list of your own is brought under Data, Imports."
    )
    return TabularError("not-a-workbook", message)


def _whole(raw: Raw) -> int:
    try:
        return int(raw) if isinstance(raw, int | float | str) else -1
    except (ValueError, OverflowError):
        return -1


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
