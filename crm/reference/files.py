"""Reading one reference file: UTF-8 in NFC, one header row, a comma, and what is wrong by line and column."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file, and where. Line 1 is the header; column is empty when the whole line is meant."""

    file: str
    line: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        place = _("%(file)s, line %(line)s") % {"file": self.file, "line": self.line}
        if self.column:
            place = _("%(place)s, column %(column)s, value “%(value)s”") % {"place": place, "column": self.column, "value": self.value}
        return f"{place}: {self.message}"


@dataclass
class Row:
    """One line: ``cells`` as written, ``values`` by model field as parsed (references still as codes)."""

    file: str
    line: int
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)

    def problem(self, column: str, message: str) -> Problem:
        return Problem(self.file, self.line, column, self.cells.get(column, ""), message)


def relative(path: Path) -> str:
    """The path as people name it: from the root of the project."""
    return path.relative_to(settings.BASE_DIR).as_posix() if path.is_relative_to(settings.BASE_DIR) else path.as_posix()


def read_rows(path: Path, columns: Sequence[str]) -> tuple[list[Row], list[Problem]]:
    """Return the lines of the file and what is wrong with its form. The header must be exactly ``columns``."""
    name = relative(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        return [], [Problem(name, 1, "", "", _("The file cannot be read: %(reason)s") % {"reason": error.strerror})]
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [], [Problem(name, line, "", "", _("The text is not UTF-8."))]
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        return [], [Problem(name, reader.line_num, "", "", str(error))]
    header = lines[0][1] if lines else []
    if header != list(columns):
        message = _("The header must be: %(columns)s") % {"columns": ",".join(columns)}
        return [], [Problem(name, 1, "", "", message)]
    return _rows_of(name, header, lines[1:])


def _rows_of(name: str, header: list[str], lines: list[tuple[int, list[str]]]) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in lines:
        if len(cells) != len(header):
            counts = {"found": len(cells), "expected": len(header)}
            problems.append(Problem(name, line, "", "", _("%(found)s columns instead of %(expected)s.") % counts))
            continue
        row = Row(name, line, dict(zip(header, cells, strict=True)))
        rows.append(row)
        for column, cell in row.cells.items():
            if not unicodedata.is_normalized("NFC", cell):
                problems.append(row.problem(column, _("The text is not composed (NFC).")))
            if cell != cell.strip():
                problems.append(row.problem(column, _("There are spaces at the beginning or the end.")))
    return rows, problems
