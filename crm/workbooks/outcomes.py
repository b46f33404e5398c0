"""What became of rows, as it is kept and shown: refused cells, cells to decide on, what was written."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.dateformat import format as format_day

from crm.three_way import Conflict, same
from crm.workbooks.cells import Raw, is_empty
from crm.workbooks.plans import WHOLE_ROW, RowFate, RowPlan
from crm.workbooks.reading import ReadSheet
from crm.workbooks.sheets import Sheet
from crm.workbooks.words import Words

Sheets = Mapping[str, ReadSheet]
LONGEST_SHOWN = 500


def outcome_entry(plan: RowPlan, words: Words, sheets: Sheets) -> dict[str, Any]:
    """What becomes, or became, of a row. ``changes``: column, what stood there, what stands there then.

    ``typed``: what cells say of a row that is not written.
    """
    read = sheets[plan.row.sheet]
    names = [column.name for column in read.sheet.columns if column.name in plan.values]
    return {
        "sheet": read.sheet.code,
        "row": plan.row.number,
        "key": plan.key,
        "label": plan.label or str(plan.record or ""),
        "fate": plan.fate.value,
        "archives": plan.archives,
        "is_new": plan.record is None,
        "typed": _typed(plan) if plan.fate in (RowFate.REFUSED, RowFate.UNDECIDED) else {},
        "changes": [
            [name, _shown(read.sheet, name, plan.current.get(name), words), _shown(read.sheet, name, plan.values[name], words)]
            for name in names
        ],
    }


def _typed(plan: RowPlan) -> dict[str, str]:
    """What the cells of a row say that is not written: all of a new row, else those that differ, so that nobody types them again."""
    said = {name: _as_text(raw) for name, raw in plan.row.cells.items() if not is_empty(raw)}
    if plan.record is None or not plan.read:
        return said
    return {name: text for name, text in said.items() if name in plan.read and not same(plan.read[name], plan.current.get(name))}


def refused_entries(plan: RowPlan, words: Words, sheets: Sheets) -> Iterator[dict[str, Any]]:
    """Every rule that the row breaks, with the cell and what to do."""
    read = sheets[plan.row.sheet]
    for refusal in plan.refusals:
        column = refusal.column if refusal.column in read.places else ""
        yield {
            "sheet": read.sheet.code,
            "row": plan.row.number,
            "key": plan.row.key,
            "label": plan.label,
            "column": refusal.column,
            "address": read.address(plan.row.number, column),
            "code": refusal.code,
            "message": _with_labels(refusal.message, words)[:LONGEST_SHOWN],
            "typed": _as_text(plan.row.cells.get(column)),
        }


def conflict_entries(plan: RowPlan, words: Words, sheets: Sheets) -> Iterator[dict[str, Any]]:
    """The cells of a row that somebody has to decide on; ``shown_…`` as cells would say it."""
    read = sheets[plan.row.sheet]
    for name, conflict in plan.conflicts.items():
        yield {
            "id": f"{read.sheet.code}:{plan.row.key}:{name}",
            "sheet": read.sheet.code,
            "row": plan.row.number,
            "key": plan.row.key,
            "label": plan.label or str(plan.record or ""),
            "column": name,
            "is_new": plan.record is None,
            "address": read.address(plan.row.number, name),
            "record": str(conflict.current) if name == WHOLE_ROW else plan.key,
            "base": conflict.base,
            "theirs": conflict.theirs,
            "current": conflict.current,
            **_sides(read.sheet, name, conflict, words),
            "decision": "",
        }


def _sides(sheet: Sheet, name: str, conflict: Conflict, words: Words) -> dict[str, str]:
    sides = {"base": conflict.base, "theirs": conflict.theirs, "current": conflict.current}
    if name == WHOLE_ROW:
        return {f"shown_{side}": str(value or "") for side, value in sides.items()}
    return {f"shown_{side}": _shown(sheet, name, value, words) for side, value in sides.items()}


def _shown(sheet: Sheet, name: str, value: Any, words: Words) -> str:
    return _as_text(sheet.column(name).cell.written(value, words) if value not in (None, "", []) else None)


def _as_text(raw: Raw) -> str:
    if isinstance(raw, date):
        return format_day(raw, "d/m/Y")
    return "" if raw is None else str(raw)[:LONGEST_SHOWN]


def _with_labels(message: str, words: Words) -> str:
    """Name records as the workbook does, where a message quotes an identifier."""
    for references in words.records.values():
        for public_id, label in references.labels.items() if "-" in message else ():
            message = message.replace(public_id, label)
    return message
