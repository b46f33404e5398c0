"""The rows that belong to a record (other names, partners, people present), as they came and went in its history."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Field, Model
from django.utils.translation import gettext as _

from crm.models import User

SHOWN_LETTERS = 300


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Part:
    """``accessor``: the rows' name on the record. ``says``: the columns by which a reader knows a row, the most telling first."""

    accessor: str
    says: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One row at one save: what it said before and after, ``None`` where it was not there."""

    save: int
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None


def changes_of_parts(record: Any, parts: Iterable[Part], *, began: Sequence[datetime], reader: User) -> list[list[Change]]:
    """For each save of the record, newest first, which rows went and which came with it. ``began``: when each save began.

    Actions save the record before its rows, so a row's version belongs to the save that began last before it. A row that
    names what the reader may not see is left out. One query per kind of row, and one per table that the rows point at.
    """
    found: list[list[Change]] = [[] for _save in began]
    for part in parts if began else ():
        relation = record._meta.get_field(part.accessor)
        model: Any = relation.related_model
        fields = [model._meta.get_field(name) for name in part.says]
        versions = model.history.filter(**{relation.field.name: record.pk}, history_date__gte=began[-1])
        # What came with the oldest save was there when the record was made, or is older than what is shown.
        steps = [step for step in _steps(versions, fields, began) if step.save < len(began) - 1]
        told = [values for step in steps for values in (step.before, step.after) if values is not None]
        words = RowWords(told, fields, reader)
        for save, (gone, come) in _net(steps, words).items():
            found[save].append(Change(str(model._meta.verbose_name_plural), _listed(gone), _listed(come)))
    return found


def _steps(versions: Any, fields: Sequence[Field], began: Sequence[datetime]) -> Iterator[Step]:
    oldest_first = began[::-1]
    last: dict[Any, tuple[Any, ...]] = {}
    for row in versions.order_by("history_date", "history_id"):
        values = tuple(getattr(row, field.attname) for field in fields)
        before = last.get(row.id, values if row.history_type == "-" else None)
        after = None if row.history_type == "-" else values
        last[row.id] = values
        if before != after:
            yield Step(len(began) - bisect_right(oldest_first, row.history_date), before, after)


def _net(steps: Iterable[Step], words: "RowWords") -> Mapping[int, tuple[Counter[str], Counter[str]]]:
    """What went and what came at each save; a row replaced by one that says the same is neither."""
    gone: dict[int, Counter[str]] = defaultdict(Counter)
    come: dict[int, Counter[str]] = defaultdict(Counter)
    for step in steps:
        for texts, values in ((gone, step.before), (come, step.after)):
            if values is not None and (text := words.say(values)):
                texts[step.save][text] += 1
    saves = sorted(gone.keys() | come.keys())
    return {save: (gone[save] - come[save], come[save] - gone[save]) for save in saves if gone[save] != come[save]}


def _listed(texts: Counter[str]) -> str:
    text = ", ".join(texts) or _("empty")
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


class RowWords:
    """The columns of a row as a reader knows them: ``LVFA (Lao, Acronym)``. What rows point at is read once per table."""

    def __init__(self, told: Sequence[tuple[Any, ...]], fields: Sequence[Field], reader: User) -> None:
        self.fields = fields
        self.rows: dict[Field, dict[Any, Any]] = {}
        for place, field in enumerate(fields):
            keys = {values[place] for values in told} - {None}
            if field.related_model and keys:
                self.rows[field] = seen_rows(field.related_model, reader).in_bulk(keys)

    def say(self, values: tuple[Any, ...]) -> str:
        """The row in words; empty for one that names what the reader may not see."""
        words = []
        for field, value in zip(self.fields, values, strict=True):
            if value in (None, ""):
                continue
            if field.related_model and value not in self.rows[field]:
                return ""
            words.append(self._word(field, value))
        first, *rest = words or [""]
        return f"{first} ({', '.join(rest)})" if rest else first

    def _word(self, field: Field, value: Any) -> str:
        if field.related_model:
            return str(self.rows[field][value])
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)


def seen_rows(model: type[Model], reader: User) -> Any:
    """All rows of the table that the reader may see."""
    rows: Any = model._default_manager.all()
    return rows.visible_to(reader) if hasattr(rows, "visible_to") else rows
