"""What a bulk edit may do to a row: set a column, add or remove links. Nouns add their own beside these."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Field, ForeignKey, Model, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise

from crm.actions.change_sets import columns_of, note_changed
from crm.actions.noted_writes import NotedWrites
from crm.actions.versions import record_changes
from crm.models import User

MARKS = ("revision", "updated_at", "updated_by")


class BulkRun(NotedWrites):
    """One chunk of a bulk edit on its way."""

    def edit(self, rows: Sequence[Any], edits: Sequence[tuple["Operation", Any]]) -> None:
        """Do the edits to rows of one model. Columns first, then what hangs on the rows; the version comes last and sees both."""
        if not rows:
            return
        columns = {column for operation, _value in edits for column in operation.columns}
        before = [(row, columns_of(row, {*columns, "revision"})) for row in rows]
        now = timezone.now()
        for row in rows:
            for operation, value in edits:
                operation.set_on(row, value)
            row.revision, row.updated_at, row.updated_by = row.revision + 1, now, self.by
        type(rows[0])._default_manager.bulk_update(rows, [*sorted(columns), *MARKS], batch_size=100)
        self.touched += rows
        note_changed(self.change_set, before)
        for operation, value in edits:
            operation.follow(self, rows, value)
        record_changes(rows, by=self.by, reason=self.reason)


class Operation:
    """One thing that may be done to rows. ``columns``: those of the row itself that it sets; ``shows``: what showing it reads besides."""

    columns: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()

    def __init__(self, name: str, label: str | Promise) -> None:
        self.name = name
        self.label = label

    def differs(self, value: Any) -> Q:
        """The rows that would not be the same afterwards."""
        raise NotImplementedError

    def refuses(self, value: Any, *, by: User) -> list[tuple[Q, str]]:
        """Rows to which the account cannot do it, each kind with the reason."""
        return []

    def set_on(self, row: Any, value: Any) -> None:
        """Set the row's own columns, in memory."""

    def follow(self, run: BulkRun, rows: Sequence[Any], value: Any) -> None:
        """Change what hangs on the rows, after they are stored."""

    def write(self, value: Any) -> Any:
        """The value as JSON."""
        raise NotImplementedError

    def read(self, written: Any) -> Any:
        raise NotImplementedError

    def show(self, row: Any) -> str:
        """What the row has now, in words."""
        raise NotImplementedError

    def show_after(self, row: Any, value: Any) -> str:
        raise NotImplementedError


class SetColumn(Operation):
    """Set one column of the row. ``also`` sets what must go with it."""

    def __init__(self, name: str, label: str | Promise, field: Any) -> None:
        super().__init__(name, label)
        self.field: Field = field.field if hasattr(field, "field") else field
        self.columns = (self.field.name,)
        self.shows = (self.field.name,) if isinstance(self.field, ForeignKey) else ()

    def differs(self, value: Any) -> Q:
        return ~Q(**{self.field.name: value})

    def set_on(self, row: Any, value: Any) -> None:
        setattr(row, self.field.name, value)

    def write(self, value: Any) -> Any:
        return value.pk if isinstance(value, Model) else value.isoformat() if isinstance(value, date) else value

    def read(self, written: Any) -> Any:
        if isinstance(self.field, ForeignKey):
            return self.field.related_model._default_manager.get(pk=written)
        return self.field.to_python(written)

    def show(self, row: Any) -> str:
        return self._in_words(getattr(row, self.field.name))

    def show_after(self, row: Any, value: Any) -> str:
        return self._in_words(value)

    def _in_words(self, value: Any) -> str:
        if value in (None, ""):
            return "—"
        if isinstance(value, date):
            return date_format(value, "SHORT_DATE_FORMAT")
        return str(dict(self.field.flatchoices).get(value, value))


class Links(Operation):
    """Links of rows to reference rows, kept in a table of their own. ``values`` of both kinds below are rows of the other end."""

    def __init__(self, name: str, label: str | Promise, *, through: type[Model], owner: str, target: str, shown: str) -> None:
        super().__init__(name, label)
        self.through: Any = through
        self.owner, self.target = owner, target
        self.shows = (shown,)
        self._shown = shown.split("__")

    @classmethod
    def of(cls, name: str, label: str | Promise, many_to_many: Any) -> "Links":
        """The links of a many-to-many field."""
        field = many_to_many.field
        owner, target = field.m2m_field_name(), field.m2m_reverse_field_name()
        return cls(name, label, through=many_to_many.through, owner=owner, target=target, shown=field.name)

    def write(self, value: Any) -> Any:
        return [row.pk for row in value]

    def read(self, written: Any) -> Any:
        other: Any = self.through._meta.get_field(self.target).related_model
        return list(other._default_manager.filter(pk__in=written))

    def show(self, row: Any) -> str:
        return ", ".join(sorted(str(linked) for linked in self._linked(row))) or "—"

    def _linked(self, row: Any) -> list[Any]:
        near, *far = self._shown
        return [getattr(linked, far[0]) if far else linked for linked in getattr(row, near).all()]

    def _having(self, value: Iterable[Any]) -> Any:
        return self.through._default_manager.filter(**{f"{self.target}__in": list(value)})


class AddLinks(Links):
    def differs(self, value: Any) -> Q:
        lacking = Q(pk__in=[])
        for row in value:
            lacking |= ~Q(pk__in=self._having([row]).values(self.owner))
        return lacking

    def follow(self, run: BulkRun, rows: Sequence[Any], value: Any) -> None:
        there = defaultdict(set)
        for owner, target in self._having(value).filter(**{f"{self.owner}__in": rows}).values_list(self.owner, self.target):
            there[owner].add(target)
        wanted = [(row, linked) for row in rows for linked in value if linked.pk not in there[row.pk] and self.suits(row, linked)]
        run.create([self.through(**{self.owner: row, self.target: linked}) for row, linked in wanted])

    def suits(self, row: Any, linked: Any) -> bool:
        return True

    def show_after(self, row: Any, value: Any) -> str:
        joined = {*map(str, self._linked(row)), *(str(linked) for linked in value if self.suits(row, linked))}
        return ", ".join(sorted(joined)) or "—"


class RemoveLinks(Links):
    def differs(self, value: Any) -> Q:
        return Q(pk__in=self._having(value).values(self.owner))

    def follow(self, run: BulkRun, rows: Sequence[Any], value: Any) -> None:
        run.remove(list(self._having(value).filter(**{f"{self.owner}__in": rows})))

    def show_after(self, row: Any, value: Any) -> str:
        return ", ".join(sorted({*map(str, self._linked(row))} - {*map(str, value)})) or "—"
