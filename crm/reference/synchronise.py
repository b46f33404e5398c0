"""Bringing the tables to what the reference files say: set-based, repeatable, and never against the secretariat.

A row that a person has changed or confirmed belongs to the secretariat from then on: the file no longer changes it,
and the difference is reported. A row that the file no longer has is left and reported; nothing is ever deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from crm.reference.files import Problem, Row
from crm.reference.tables import Table, check_references

REASON = "reference data"
# The code stands in the files but its row is not in the database (only when comparing without writing).
_NOT_YET = object()

Read = Mapping[Table, Sequence[Row]]
Known = dict[type[models.Model], dict[Any, Any]]


class InvalidFilesError(Exception):
    """The files break their rules; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass
class Outcome:
    """What became, or would become, of one table. Texts name rows by their key."""

    table: Table
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_files(tables: Iterable[Table]) -> Read:
    """Read and validate all files. Raises InvalidFilesError with every problem found."""
    read: dict[Table, Sequence[Row]] = {}
    problems: list[Problem] = []
    for table in tables:
        read[table], found = table.read()
        problems.extend(found)
    if not problems:
        problems.extend(check_references(read))
    if problems:
        raise InvalidFilesError(list(dict.fromkeys(problems)))
    return read


def synchronise(read: Read, *, write: bool) -> list[Outcome]:
    """Compare every table with its file, in the order given, and write the differences if ``write``."""
    known: Known = {}
    with transaction.atomic():
        return [_TableRun(table, rows, known).run(write=write) for table, rows in read.items()]


class _TableRun:
    """One table against its file: two queries when nothing differs."""

    def __init__(self, table: Table, rows: Sequence[Row], known: Known) -> None:
        self.table, self.rows, self.known = table, rows, known
        self.outcome = Outcome(table)
        self.stored: list[Any] = list(table.model._default_manager.order_by("pk"))
        if len(table.key) == 1:
            known[table.model] = {getattr(instance, table.key[0]): instance for instance in self.stored}

    def run(self, *, write: bool) -> Outcome:
        matched, new = self._match()
        changes = []
        for row, instance in matched:
            if differing := self._differences(row, instance):
                changes.append((row, instance, differing))
        self.outcome.unchanged = len(matched) - len(changes)
        changes = self._spare_the_secretariat(changes)
        if not write:
            self.outcome.created, self.outcome.changed = len(new), len(changes)
        elif self.table.refers_to_itself:
            self._create(new)
            self._change(changes)
        else:
            # Closing an old period comes before opening the next one.
            self._change(changes)
            self._create(new)
        return self.outcome

    def _resolve(self, row: Row) -> dict[str, Any]:
        """The row's values by attribute name, codes replaced by primary keys."""
        values: dict[str, Any] = {}
        for column in self.table.columns:
            value = row.values[column]
            if model := self.table.references.get(column):
                instance = self.known[model].get(value) if value else None
                values[f"{column}_id"] = instance.pk if instance else _NOT_YET if value else None
            else:
                values[column] = value
        return values

    def _key(self, values: Mapping[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
        return tuple(values[f"{column}_id" if column in self.table.references else column] for column in columns)

    def _match(self) -> tuple[list[tuple[Row, Any]], list[Row]]:
        """Pair rows with stored instances by key, then what is left over on both sides by ``pair_by``, in order."""
        by_key: dict[tuple[Any, ...], Any] = {}
        for instance in self.stored:
            by_key.setdefault(self._key(vars(instance), self.table.key), instance)
        matched: list[tuple[Row, Any]] = []
        unmatched: list[Row] = []
        for row in self.rows:
            instance = by_key.pop(self._key(self._resolve(row), self.table.key), None)
            if instance is None:
                unmatched.append(row)
            else:
                matched.append((row, instance))
        left = {instance.pk for instance in by_key.values()}
        if self.table.pair_by and left and unmatched:
            unmatched = self._pair(unmatched, [instance for instance in self.stored if instance.pk in left], matched)
        used = {instance.pk for _row, instance in matched}
        self.outcome.missing = [str(instance) for instance in self.stored if instance.pk not in used]
        return matched, unmatched

    def _pair(self, rows: Sequence[Row], instances: Sequence[Any], matched: list[tuple[Row, Any]]) -> list[Row]:
        waiting = defaultdict(list)
        for instance in instances:
            waiting[self._key(vars(instance), self.table.pair_by)].append(instance)
        alone = []
        for row in rows:
            candidates = waiting[self._key(self._resolve(row), self.table.pair_by)]
            if candidates:
                matched.append((row, candidates.pop(0)))
            else:
                alone.append(row)
        return alone

    def _differences(self, row: Row, instance: Any) -> dict[str, Any]:
        return {name: value for name, value in self._resolve(row).items() if getattr(instance, name) != value}

    def _spare_the_secretariat(self, changes: list[tuple[Row, Any, dict[str, Any]]]) -> list[tuple[Row, Any, dict[str, Any]]]:
        if not changes:
            return changes
        history: Any = self.table.model.history  # type: ignore[attr-defined]  # every reference model keeps its history
        edited = set(history.exclude(history_change_reason=REASON).values_list("id", flat=True))
        free = []
        for row, instance, differing in changes:
            if instance.pk in edited:
                names = ", ".join(name.removesuffix("_id") for name in differing)
                self.outcome.kept.append(f"{self.table.label(row)} ({names})")
            else:
                free.append((row, instance, differing))
        return free

    def _change(self, changes: Sequence[tuple[Row, Any, dict[str, Any]]]) -> None:
        ready = []
        names: set[str] = set()
        for row, instance, _differing in changes:
            differing = self._differences(row, instance)
            for name, value in differing.items():
                setattr(instance, name, value)
            if self._accepts(row, instance):
                ready.append(instance)
                names.update(name.removesuffix("_id") if name.removesuffix("_id") in self.table.references else name for name in differing)
        if ready:
            derived = {f.name for f in self.table.model._meta.concrete_fields if f.name in ("sort_key", "folded", "path")}
            bulk_update_with_history(ready, self.table.model, sorted(names | derived), batch_size=500, default_change_reason=REASON)
        self.outcome.changed = len(ready)

    def _create(self, rows: Sequence[Row]) -> None:
        """Create in waves, so that a row comes after the row of the same table that it refers to."""
        waiting = list(rows)
        while waiting:
            values = [(row, self._resolve(row)) for row in waiting]
            ready = [(row, found) for row, found in values if _NOT_YET not in found.values()]
            if not ready:
                self.outcome.refused.extend(self.table.label(row) for row in waiting)
                return
            instances = [instance for row, found in ready if self._accepts(row, instance := self.table.model(**found))]
            bulk_create_with_history(instances, self.table.model, batch_size=500, default_change_reason=REASON)
            self.outcome.created += len(instances)
            if len(self.table.key) == 1:
                self.known[self.table.model].update({getattr(instance, self.table.key[0]): instance for instance in instances})
            waiting = [row for row, found in values if _NOT_YET in found.values()]

    def _accepts(self, row: Row, instance: Any) -> bool:
        """Fill what is derived and let the model's own rule speak, for rows of the secretariat that a file row would meet."""
        self.table.prepare(instance)
        try:
            instance.clean()
        except ValidationError as error:
            self.outcome.refused.append(f"{self.table.label(row)}: {' '.join(error.messages)}")
            return False
        return True
