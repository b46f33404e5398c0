"""The triggers that write the feed, as text: the same entries on both databases, whoever writes a row and by which way.

On PostgreSQL new and removed rows are taken by the statement, so that COPY and bulk inserts stay fast; changed rows one by
one behind a condition, so that a change of what is not told costs nearly nothing. SQLite knows only triggers by row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from crm.choices import Confidentiality
from crm.feed.nouns import SOURCES, FeedSource, Part, column, tracked_columns

# A DISTINCT would take a bare NULL for text.
_NOBODY = "CAST(NULL AS bigint)"
COLUMNS = '"transaction", "at", "noun", "object_pk", "was_level", "was_unit", "was_user"'

_OWN_UNIT = f"'{Confidentiality.UNIT.value}'"


@dataclass(frozen=True)
class Dialect:
    """What the two databases say differently. ``row``, ``rows``: a new or removed row, and where it is taken from."""

    transaction: str
    moment: str
    differs: str
    made: str
    gone: str
    rows: str


DIALECTS = {
    "postgresql": Dialect(
        "pg_current_xact_id()::text::bigint", "statement_timestamp()", "IS DISTINCT FROM", "written", "written", "FROM written"
    ),
    "sqlite": Dialect("0", "strftime('%Y-%m-%d %H:%M:%f', 'now')", "IS NOT", "NEW", "OLD", ""),
}


@dataclass(frozen=True)
class Trigger:
    """One trigger: ``event`` is INSERT, UPDATE or DELETE, ``condition`` stands for updates alone."""

    name: str
    table: str
    event: str
    condition: str
    statements: tuple[str, ...]

    def on_sqlite(self) -> str:
        condition = f" WHEN {self.condition}" if self.condition else ""
        body = "; ".join(self.statements)
        return f'CREATE TRIGGER "{self.name}" AFTER {self.event} ON "{self.table}" FOR EACH ROW{condition} BEGIN {body}; END'

    def on_postgresql(self) -> str:
        body = "; ".join(self.statements)
        function = (
            f'CREATE OR REPLACE FUNCTION "{self.name}"() RETURNS trigger LANGUAGE plpgsql AS $feed$ BEGIN {body}; RETURN NULL; END $feed$'
        )
        if self.event == "UPDATE":
            each = f"FOR EACH ROW WHEN ({self.condition})"
        else:
            each = f"REFERENCING {'NEW' if self.event == 'INSERT' else 'OLD'} TABLE AS written FOR EACH STATEMENT"
        return f'{function}; CREATE TRIGGER "{self.name}" AFTER {self.event} ON "{self.table}" {each} EXECUTE FUNCTION "{self.name}"()'

    def text(self, vendor: str) -> str:
        return self.on_postgresql() if vendor == "postgresql" else self.on_sqlite()

    def digest(self, vendor: str) -> str:
        return sha256(self.text(vendor).encode()).hexdigest()


@cache
def wanted_triggers(vendor: str) -> tuple[Trigger, ...]:
    """All triggers that there should be; asked when every app has registered its nouns."""
    return tuple(trigger for source in SOURCES.values() for trigger in _Writing(source, DIALECTS[vendor]).triggers())


class _Writing:
    """The triggers of one noun."""

    def __init__(self, source: FeedSource, dialect: Dialect) -> None:
        self.source = source
        self.dialect = dialect
        self.table = source.model._meta.db_table

    def triggers(self) -> Iterator[Trigger]:
        yield self._trigger(self.table, "INSERT", self._entry(f"{self.dialect.made}.id", tail=self.dialect.rows))
        changed = [self._entry("NEW.id", *self._was("OLD")), *self._seen_through_parts(), *self._seen_with_this()]
        yield self._trigger(self.table, "UPDATE", *changed, condition=self._any_differs(tracked_columns(self.source.model)))
        for part in self.source.parts:
            yield from self._of_part(part)

    def _of_part(self, part: Part) -> Iterator[Trigger]:
        table, record = part.model._meta.db_table, f'"{column(part.model, part.record)}"'
        rows = self.dialect.rows
        yield self._trigger(table, "INSERT", self._entry(f"{self.dialect.made}.{record}", tail=rows))
        moved = f"WHERE OLD.{record} <> NEW.{record}"
        former = self._entry(f"OLD.{record}", *self._was_through(part, "OLD"), tail="" if part.unit else moved)
        yield self._trigger(table, "UPDATE", self._entry(f"NEW.{record}"), former, condition=self._any_differs(tracked_columns(part.model)))
        yield self._trigger(
            table, "DELETE", self._entry(f"{self.dialect.gone}.{record}", *self._was_through(part, self.dialect.gone), tail=rows)
        )

    def _was(self, row: str) -> tuple[str, str, str]:
        """Who saw the record itself, as the columns of the row say."""
        source = self.source
        user = f'{row}."{column(source.model, source.user)}"' if source.user else _NOBODY
        if not source.level:
            return f"'{Confidentiality.NETWORK.value}'", _NOBODY, user
        if not source.seen_with:
            return f'{row}."{source.level}"', f'{row}."{column(source.model, source.unit)}"', user
        key = source.model._meta.get_field(source.seen_with)
        decides = key.related_model
        where = f'FROM "{decides._meta.db_table}" AS decides WHERE decides.id = {row}."{key.column}"'  # type: ignore[union-attr]  # a foreign key
        unit = column(decides, source.unit)  # type: ignore[arg-type]  # the same
        return f"""COALESCE((SELECT decides."{source.level}" {where}), '')""", f'(SELECT decides."{unit}" {where})', user

    def _was_through(self, part: Part, row: str) -> tuple[str, ...]:
        """Who saw the record through the row of the part: its unit, while the record's level is "own unit"."""
        if not part.unit:
            return ()
        of_record = f'FROM "{self.table}" AS record WHERE record.id = {row}."{column(part.model, part.record)}"'
        level = f'SELECT record."{self.source.level}" {of_record} AND record."{self.source.level}" = {_OWN_UNIT}'
        return f"COALESCE(({level}), '')", f'{row}."{column(part.model, part.unit)}"'

    def _seen_through_parts(self) -> Iterator[str]:
        """The record changes from "own unit" to another level: its other units are told as well."""
        level = f'"{self.source.level}"'
        for part in self.source.parts:
            if part.unit:
                rows = f'FROM "{part.model._meta.db_table}" AS part WHERE part."{column(part.model, part.record)}" = NEW.id'
                tail = f"{rows} AND OLD.{level} = {_OWN_UNIT} AND NEW.{level} <> {_OWN_UNIT}"
                yield self._entry("NEW.id", _OWN_UNIT, f'part."{column(part.model, part.unit)}"', tail=tail)

    def _seen_with_this(self) -> Iterator[str]:
        """The record changes its level or unit: so do those of other nouns that are seen with it."""
        for other in SOURCES.values():
            key = other.model._meta.get_field(other.seen_with) if other.seen_with else None
            if key is not None and key.related_model is self.source.model:
                level, unit = f'"{other.level}"', f'"{column(self.source.model, other.unit)}"'
                differ = self._any_differs((other.level, column(self.source.model, other.unit)))
                rows = f'FROM "{other.model._meta.db_table}" AS other WHERE other."{key.column}" = NEW.id AND ({differ})'  # type: ignore[union-attr]  # a foreign key
                yield self._entry("other.id", f"OLD.{level}", f"OLD.{unit}", tail=rows, noun=other.noun)

    def _entry(self, record: str, level: str = "''", unit: str = _NOBODY, user: str = _NOBODY, *, tail: str = "", noun: str = "") -> str:
        noun = noun or self.source.noun
        values = f"{self.dialect.transaction}, {self.dialect.moment}, '{noun}', {record}, {level}, {unit}, {user}"
        return f'INSERT INTO "crm_feedentry" ({COLUMNS}) SELECT DISTINCT {values} {tail}'.rstrip()

    def _any_differs(self, columns: tuple[str, ...]) -> str:
        return " OR ".join(f'OLD."{name}" {self.dialect.differs} NEW."{name}"' for name in columns)

    def _trigger(self, table: str, event: str, *statements: str, condition: str = "") -> Trigger:
        name = f"feed_{table}_{self.source.noun.replace('-', '_')}_{event.lower()}"
        return Trigger(name, table, event, condition, statements)
