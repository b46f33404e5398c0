"""What each row that came back means: cell by cell, against the revision it was taken with and what stands here now."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from crm.choices import Confidentiality
from crm.models import Unit, User
from crm.text import fold
from crm.three_way import Conflict, is_blank, merge, same
from crm.workbooks.cells import RecordCell, UnreadableCellError, is_empty, parts_of
from crm.workbooks.reading import ReadSheet, ReadWorkbook, SheetRow, derived_key
from crm.workbooks.refusals import Refusal
from crm.workbooks.sheets import Nouns, Sheet, Values
from crm.workbooks.taking import label_records
from crm.workbooks.words import Words

CHUNK = 500
# The conflict of a row as a whole, which is about no column.
WHOLE_ROW = ""
HERE, MINE, ANOTHER = "here", "mine", "another"


class RowFate(StrEnum):
    UNCHANGED = "unchanged"
    CREATED = "created"
    CHANGED = "changed"
    ARCHIVED = "archived"
    UNDECIDED = "undecided"
    REFUSED = "refused"


@dataclass
class RowPlan:
    """``values``: what is to be written. ``current``: what stands here. ``key``: the record's, also of a new one.

    ``read``: what all cells say. ``is_another``: a spare row that was used before says another name by now.
    """

    row: SheetRow
    fate: RowFate
    key: str = ""
    record: Any = None
    values: Values = field(default_factory=dict)
    current: Values = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    archives: bool = False
    label: str = ""
    read: Values = field(default_factory=dict)
    is_another: bool = False

    @property
    def writes(self) -> bool:
        return bool(self.values) or self.archives

    def refuse(self, *refusals: Refusal) -> None:
        self.fate, self.values, self.conflicts, self.archives = RowFate.REFUSED, {}, {}, False
        self.refusals += refusals


# What somebody decided, by sheet and key, then by column: which side stands, and what stood here when it was decided.
Decisions = Mapping[tuple[str, str], Mapping[str, tuple[str, Any]]]


@dataclass
class Planner:
    """Says what the rows of one workbook mean to whoever brings it."""

    workbook: ReadWorkbook
    words: Words
    unit: Unit
    by: User
    decisions: Decisions = field(default_factory=dict)

    def survey(self, read: ReadSheet) -> list[RowPlan]:
        """What the rows of a whole sheet mean, those left out that say nothing. Keys that stand twice, or moved, are refused."""
        rows = list(self._keyed(read))
        plans = [plan for start in range(0, len(rows), CHUNK) for plan in self.plan(read.sheet, rows[start : start + CHUNK])]
        _refuse_twice(plans)
        _refuse_moved(read.sheet, plans)
        if read.sheet.noun:
            for plan in plans:
                if plan.fate is RowFate.CREATED:
                    # Rows of later sheets may name what is new in this one.
                    self.words.records[read.sheet.noun].remember(_told(read.sheet, plan.values, self.words), plan.key)
        return plans

    def plan(self, sheet: Sheet, rows: Sequence[SheetRow], *, locked: bool = False) -> list[RowPlan]:
        """What these rows mean at this moment. ``locked``: their records stay as they are until the transaction ends."""
        records = self._records(sheet, [row.key for row in rows if row.is_marked], locked=locked)
        stored = dict(zip(records, sheet.values(list(records.values()), self.words), strict=True))
        label_records(self.words, [(sheet, list(stored.values()))])
        base_of = self._bases(sheet, rows, records, stored)
        self._resolve(sheet, rows)
        plans = [self._plan(sheet, row, records.get(row.key), stored.get(row.key), base_of.get(row.key)) for row in rows]
        return [self._as_another(sheet, plan) if plan.is_another else plan for plan in plans]

    def _keyed(self, read: ReadSheet) -> Iterator[SheetRow]:
        """Rows with a key, those below the last key with one of their own. Rows all emptied are as good as deleted."""
        times: Counter[tuple[str, ...]] = Counter()
        for row in self.workbook.rows(read):
            if row.is_blank:
                continue
            if row.key:
                yield row
                continue
            telling = tuple(str(row.cells.get(column.name) or "") for column in read.sheet.columns if column.tells_apart)
            times[telling] += 1
            key = derived_key(self.workbook.taken, row.sheet, telling, times[telling])
            yield replace(row, key=key, revision=0, is_marked=True)

    def _records(self, sheet: Sheet, keys: Sequence[str], *, locked: bool) -> dict[str, Any]:
        """By key, the records as far as the account sees them; never restricted ones, since its colleagues read what became of the rows."""
        visible = sheet.model._default_manager.visible_to(self.by).filter(public_id__in=keys)  # type: ignore[attr-defined]  # every noun has it
        if any(field.name == "confidentiality" for field in sheet.model._meta.fields):
            visible = visible.exclude(confidentiality=Confidentiality.RESTRICTED)
        if locked:
            pks = list(visible.values_list("pk", flat=True))
            visible = sheet.model._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk__in=pks).order_by("pk")
        return {str(record.public_id): record for record in visible}

    def _bases(self, sheet: Sheet, rows: Iterable[SheetRow], records: Mapping[str, Any], stored: Mapping[str, Values]) -> dict[str, Values]:
        """What both sides began from: the stored values where nothing happened here since, else the version of the revision.

        A record made of a spare row began as its first revision, which is what the workbook said of it.
        """
        wanted = {records[row.key].pk: max(row.revision, 1) for row in rows if row.key in records}
        behind = {record.pk: wanted[record.pk] for record in records.values() if record.revision != wanted[record.pk]}
        versions = sheet.versions(behind, self.words) if behind else {}
        label_records(self.words, [(sheet, list(versions.values()))])
        return {key: versions.get(record.pk, {}) if record.pk in behind else stored[key] for key, record in records.items()}

    def _plan(self, sheet: Sheet, row: SheetRow, record: Any, current: Values | None, base: Values | None) -> RowPlan:
        plan = RowPlan(row, RowFate.UNCHANGED, key=row.key, record=record, current=current or {}, label=_label(sheet, row))
        if not row.is_marked:
            plan.refuse(Refusal("damaged-key", _damaged()))
        elif record is None and row.revision:
            plan.refuse(
                Refusal("not-found", _("The record is no longer there for this account: archived from its sight, or of another unit."))
            )
        else:
            values = self._read(sheet, plan, [current or {}, base or {}])
            if plan.fate is not RowFate.REFUSED:
                self._compare(sheet, plan, values, current, base)
        return plan

    def _read(self, sheet: Sheet, plan: RowPlan, known: Sequence[Values]) -> Values:
        """The values of the row's cells. A cell that still says what was written into it has that value, whatever it looks like."""
        values: Values = {}
        for name, raw in plan.row.cells.items():
            cell = sheet.column(name).cell
            if name in plan.row.broken:
                message = _("The cell holds a formula without a result. Type the value itself.")
                plan.refuse(Refusal("formula", message, name))
                continue
            as_written = [one[name] for one in known if name in one and cell.says_the_same(raw, cell.written(one[name], self.words))]
            try:
                values[name] = as_written[0] if as_written else cell.blank if is_empty(raw) else cell.read(raw, self.words)
                if isinstance(cell, RecordCell) and not as_written:
                    self._refuse_ambiguous(plan, cell, name, raw)
            except UnreadableCellError as error:
                plan.refuse(Refusal(error.code, str(error), name))
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def _refuse_ambiguous(self, plan: RowPlan, cell: RecordCell, name: str, raw: Any) -> None:
        if text := next((text for text in parts_of(raw) if text in self.words.records[cell.noun].ambiguous), ""):
            message = _("Several records are called “%(name)s”. Write the name as it stands on its own sheet, or its public identifier.")
            plan.refuse(Refusal("ambiguous-match", message % {"name": text}, name))

    def _compare(self, sheet: Sheet, plan: RowPlan, values: Values, current: Values | None, base: Values | None) -> None:
        decided = self._decided(sheet, plan.row)
        plan.read = values
        if not plan.row.revision:
            # Of a new row an empty cell says nothing: what stands there is what the record began with.
            values = {name: value for name, value in values.items() if not is_blank(value)}
        if current is None:
            self._plan_new(sheet, plan, values, decided)
            return
        plan.is_another = not plan.row.revision and _is_another(sheet, values, base or {})
        merged = merge(base or {}, values, {**dict.fromkeys(values), **current}, as_sets=sheet.sets & values.keys())
        plan.values = dict(merged.apply)
        for name, conflict in merged.conflicts.items():
            side, seen = decided.get(name, ("", None))
            if side and same(seen, conflict.current):
                plan.values |= {name: conflict.theirs} if side == MINE else {}
            else:
                plan.conflicts[name] = conflict
        plan.archives = plan.row.wants_archive and not plan.record.is_archived
        if plan.record.is_archived and (plan.values or plan.conflicts):
            plan.refuse(
                Refusal("archived", _("The record was archived here meanwhile. Restore it on its page, then bring the file again."))
            )
        elif plan.archives:
            plan.fate = RowFate.ARCHIVED
        elif plan.values:
            plan.fate = RowFate.CHANGED
        elif plan.conflicts:
            plan.fate = RowFate.UNDECIDED

    def _resolve(self, sheet: Sheet, rows: Iterable[SheetRow]) -> None:
        """Find the records that cells name by words which the workbook itself does not label, all in one go."""
        unknown: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for column in sheet.columns:
            if isinstance(column.cell, RecordCell):
                references = self.words.records[column.cell.noun]
                for row in rows:
                    for text in parts_of(row.cells.get(column.name)):
                        if references.public_id(text) is None and text not in references.ambiguous:
                            unknown[column.cell.noun][text] = None
        for noun, texts in unknown.items():
            for text, ids in Nouns.found[noun](texts, self.by).items():
                if len(ids) == 1:
                    self.words.records[noun].remember(text, ids[0])
                else:
                    self.words.records[noun].ambiguous.add(text)

    def _decided(self, sheet: Sheet, row: SheetRow) -> Mapping[str, tuple[str, Any]]:
        return self.decisions.get((sheet.code, row.key), {})

    def _plan_new(
        self, sheet: Sheet, plan: RowPlan, values: Values, decided: Mapping[str, tuple[str, Any]], *, resembling: bool = True
    ) -> None:
        given = {name: value for name, value in values.items() if not is_blank(value)}
        if not given or plan.row.wants_archive:
            return
        side, seen = decided.get(WHOLE_ROW, ("", None))
        resembled = sheet.resembling(given, by=self.by) if resembling else None
        if resembled is not None and side == HERE and same(seen, str(resembled.public_id)):
            return
        if resembled is not None and not (side == ANOTHER and same(seen, str(resembled.public_id))):
            plan.fate = RowFate.UNDECIDED
            plan.conflicts[WHOLE_ROW] = Conflict(None, plan.label, str(resembled.public_id))
            return
        plan.fate, plan.values = RowFate.CREATED, given

    def _as_another(self, sheet: Sheet, plan: RowPlan) -> RowPlan:
        """A spare row by which a record was made already says another name by now: renamed, or a colleague's own new record.

        Only people know which. Said to be another one, it has a key of its own from then on.
        """
        told = sheet.tells_apart(plan.read)
        own = replace(plan.row, key=derived_key(self.workbook.taken, sheet.code, (plan.row.key, *told), 1))
        if sheet.model._default_manager.filter(public_id=own.key).exists():
            return self.plan(sheet, [own])[0]
        side, seen = self._decided(sheet, plan.row).get(WHOLE_ROW, ("", None))
        if side == MINE and same(seen, plan.row.key):
            return plan
        if side == ANOTHER and same(seen, plan.row.key):
            fresh = RowPlan(plan.row, RowFate.UNCHANGED, key=own.key, label=plan.label)
            self._plan_new(sheet, fresh, plan.read, {WHOLE_ROW: (ANOTHER, "")}, resembling=False)
            return fresh
        conflicts = {WHOLE_ROW: Conflict(None, plan.label, plan.row.key)}
        return RowPlan(plan.row, RowFate.UNDECIDED, key=plan.key, record=plan.record, conflicts=conflicts, label=plan.label)


def _label(sheet: Sheet, row: SheetRow) -> str:
    """What the row is called, as it stands in the file."""
    return _joined([row.cells.get(column.name) for column in sheet.columns if column.tells_apart])


def _joined(cells: Iterable[Any]) -> str:
    return " · ".join(f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell) for cell in cells if not is_empty(cell))[:200]


def _told(sheet: Sheet, values: Values, words: Words) -> str:
    """What others call a record that has these values."""
    cells = [column.cell.written(values.get(column.name), words) for column in sheet.columns if column.tells_apart]
    return _joined(cells)


def _is_another(sheet: Sheet, values: Values, base: Values) -> bool:
    """Whether the row says another name than the one that its record was made with."""
    columns = [column.name for column in sheet.columns if column.tells_apart and column.name in values]
    return any(fold(str(values[name] or "")) != fold(str(base.get(name) or "")) for name in columns)


def _refuse_twice(plans: Iterable[RowPlan]) -> None:
    """Of rows with one key, those that change something: nobody knows which of them is the record, and which the copy."""
    by_key: defaultdict[str, list[RowPlan]] = defaultdict(list)
    for plan in plans:
        by_key[plan.row.key].append(plan)
    for copies in by_key.values():
        if len(copies) < 2 or not copies[0].row.is_marked:
            continue
        numbers = ", ".join(str(plan.row.number) for plan in copies)
        message = _("Rows %(numbers)s have the same hidden key: one is a copy. Copy only the visible cells, into an empty row.")
        said: list[dict[str, Any]] = []
        for plan in copies:
            if (plan.writes or plan.conflicts) and plan.row.cells in said:
                plan.fate, plan.values, plan.conflicts, plan.archives = RowFate.UNCHANGED, {}, {}, False
            elif plan.writes or plan.conflicts:
                said.append(plan.row.cells)
        differing = [plan for plan in copies if plan.writes or plan.conflicts]
        unchanged = [plan for plan in copies if plan.fate is RowFate.UNCHANGED and plan.row.cells not in said]
        if len(differing) > 1 or (differing and unchanged):
            for plan in differing:
                plan.refuse(Refusal("key-twice", message % {"numbers": numbers}))


def _refuse_moved(sheet: Sheet, plans: Iterable[RowPlan]) -> None:
    """Rows that say the name of another row: only some of the columns were sorted, and the keys stayed behind."""
    listed = list(plans)
    columns = [column.name for column in sheet.columns if column.tells_apart]
    renamed = [plan for plan in listed if plan.record is not None and set(plan.values) & set(columns)]
    # Of a row that was moved, the one whose name it says now was moved as well: else it is a name that two have.
    owners = {sheet.tells_apart(plan.current): plan.row.key for plan in renamed}
    moved = [(plan, sheet.tells_apart({**plan.current, **plan.values})) for plan in renamed]
    for plan, said in moved:
        if owners.get(said, plan.row.key) != plan.row.key:
            message = _(
                "By its hidden key this row is “%(record)s”: its visible cells were moved without their key. "
                "Take a new workbook, and sort by the arrows in the heads."
            )
            plan.refuse(Refusal("row-moved", message % {"record": plan.record}))


def _damaged() -> str:
    return _(
        "The hidden key of the row was changed, or the row was pasted from another workbook. "
        "Copy its visible cells into an empty row of this one, or take a new workbook."
    )
