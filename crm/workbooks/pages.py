"""What became of the rows of a workbook, sheet by sheet, in the reader's words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from crm.models import WorkbookUpload
from crm.workbooks.plans import RowFate
from crm.workbooks.sheets import SHEETS
from crm.workbooks.writing import Draft

ROWS_SHOWN = 100


@dataclass
class Section:
    """A sheet: rows that are or would be written, refused cells, and cells to decide on. ``more``: rows not shown."""

    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    more: int = 0


def sections_of(upload: WorkbookUpload, conflicts: Sequence[dict[str, Any]] | None = None) -> list[Section]:
    """The sheets about which there is something to say. ``conflicts``: those to be shown, by default all that are open."""
    shown = [entry for entry in upload.conflicts if not entry.get("settled")] if conflicts is None else conflicts
    found = []
    for code, sheet in SHEETS.items():
        written = [row for row in upload.preview.get("rows", ()) if row["sheet"] == code and row["fate"] in _WRITTEN]
        section = Section(
            str(sheet.title),
            [_shown_row(row, is_done=upload.change_set_id is not None) for row in written[:ROWS_SHOWN]],
            [_with_column(entry) for entry in upload.refused if entry["sheet"] == code][:ROWS_SHOWN],
            [_with_column(entry) for entry in shown if entry["sheet"] == code][:ROWS_SHOWN],
            max(0, len(written) - ROWS_SHOWN),
        )
        if section.rows or section.refused or section.conflicts:
            found.append(section)
    return found


def outcomes_for(upload: WorkbookUpload) -> dict[str, dict[str, str]]:
    """By sheet and key of the record, what is told in the column “What happened”."""
    told: dict[str, dict[str, list[str]]] = {}
    for row in upload.preview.get("rows", ()):
        lines = told.setdefault(row["sheet"], {}).setdefault(row["key"], [])
        if row["fate"] in _WRITTEN:
            names = ", ".join(change["label"] for change in _changes(row))
            label = fate_label(row["fate"], is_done=True)
            lines.append(f"{label}: {names}" if names else label)
    for entry in upload.conflicts:
        lines = told.setdefault(entry["sheet"], {}).setdefault(entry["key"], [])
        if not entry.get("decision"):
            lines.append(_("Not decided: %(column)s. Here: “%(here)s”. In the workbook: “%(mine)s”.") % {
                "column": _column(entry["sheet"], entry["column"]), "here": entry["shown_current"], "mine": entry["shown_theirs"],
            })  # fmt: skip
    for entry in upload.refused:
        lines = told.setdefault(entry["sheet"], {}).setdefault(entry["key"], [])
        lines.append(_("Refused (%(code)s), %(column)s: %(message)s") % {
            "code": entry["code"], "column": _column(entry["sheet"], entry["column"]), "message": entry["message"],
        })  # fmt: skip
    for row in upload.preview.get("rows", ()):
        if row.get("typed") and row["fate"] == RowFate.REFUSED and not row["is_new"]:
            said = "; ".join(f"{_column(row['sheet'], name)}: {text}" for name, text in row["typed"].items())
            told.setdefault(row["sheet"], {}).setdefault(row["key"], []).append(_("Not written: %(cells)s") % {"cells": said})
    return {sheet: {key: "\n".join(lines) for key, lines in rows.items()} for sheet, rows in told.items()}


def drafts_of(upload: WorkbookUpload) -> dict[str, list[Draft]]:
    """By sheet, the new rows that were not written, for the empty rows of the next workbook."""
    told = outcomes_for(upload)
    found: dict[str, list[Draft]] = {}
    for row in upload.preview.get("rows", ()):
        if row.get("is_new") and row.get("typed"):
            found.setdefault(row["sheet"], []).append(Draft(row["key"], row["typed"], told.get(row["sheet"], {}).get(row["key"], "")))
    return found


def fate_label(fate: str, *, is_done: bool) -> str:
    labels = {
        RowFate.CREATED: (_("would be new"), _("new")),
        RowFate.CHANGED: (_("would be changed"), _("changed")),
        RowFate.ARCHIVED: (_("would be archived"), _("archived")),
        RowFate.UNDECIDED: (_("waits for a decision"), _("waits for a decision")),
        RowFate.REFUSED: (_("refused"), _("refused")),
        RowFate.UNCHANGED: (_("unchanged"), _("unchanged")),
    }
    return labels[RowFate(fate)][int(is_done)]


_WRITTEN = (RowFate.CREATED, RowFate.CHANGED, RowFate.ARCHIVED)


def _shown_row(row: dict[str, Any], *, is_done: bool) -> dict[str, Any]:
    return {**row, "fate_label": fate_label(row["fate"], is_done=is_done), "changes": list(_changes(row))}


def _with_column(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "column_label": _column(entry["sheet"], entry["column"])}


def _changes(row: dict[str, Any]) -> Iterator[dict[str, str]]:
    for name, before, after in row["changes"]:
        yield {"label": _column(row["sheet"], name), "before": before, "after": after}


def _column(sheet: str, name: str) -> str:
    """What the reader calls a column; of the row as a whole, that."""
    if not name:
        return _("the row as a whole")
    return next((str(column.label) for column in SHEETS[sheet].columns if column.name == name), name)
