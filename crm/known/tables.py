"""Tables as they stood: their rows without those that were written since, and the versions of those at that moment."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, models
from django.db.models import CharField, Min, Value
from django.utils import timezone
from simple_history.models import registered_models
from simple_history.utils import get_m2m_field_name

from crm.choices import Confidentiality
from crm.known import statements
from crm.models import Membership, User
from crm.models.records import Sourced

BATCH = 1_000
# Rights are those of today: what somebody may read never follows from what they once might.
NEVER_AS_KNOWN: frozenset[type[models.Model]] = frozenset({User, Membership})


def end_of(day: date) -> datetime:
    """The first moment after the day, in the time zone of the site."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def versioned_models() -> list[type[models.Model]]:
    """The models whose versions are kept."""
    return [model for model in registered_models.values() if hasattr(model._meta, "simple_history_manager_attribute")]


def stored(model: type[models.Model]) -> str:
    """The name of the stored table, also while a view of the same name lies over it."""
    return f"{'public' if connection.vendor == 'postgresql' else 'main'}.{_quote(model._meta.db_table)}"


def run(statement: str, parameters: Sequence[Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))


class KnownTable:
    """The table of one versioned model as it stood at a moment.

    ``gone``: a temporary table of the keys of rows that were written since. ``old``: a temporary table of those rows as
    they stood, shaped as the table itself; those not yet made, or taken out by then, are missing. ``hides_by``: the
    column by which stored rows are left out, and the temporary table that lists its values.
    """

    def __init__(self, model: type[models.Model], moment: datetime) -> None:
        self.model = model
        self.versions: Any = model.history.model  # type: ignore[attr-defined]  # added by django-simple-history
        self.moment = connection.ops.adapt_datetimefield_value(moment)
        fields, pk = list(model._meta.concrete_fields), _quote(str(model._meta.pk.column))
        self.field_names = frozenset(field.name for field in fields)
        self.names = {
            "pk": pk,
            "gone": _quote(f"known_gone_{model._meta.db_table}"),
            "old": _quote(f"known_{model._meta.db_table}"),
            "base": stored(model),
            "history": _quote(self.versions._meta.db_table),
            "view": _quote(model._meta.db_table),
            "columns": ", ".join(_quote(str(field.column)) for field in fields),
            "tracked": ", ".join(_quote(str(field.column)) for field in self.versions.tracked_fields),
            "shaped": ", ".join(f"{_quote(str(field.column))} {field.db_type(connection)}" for field in fields),
        }
        self.hides_by = (pk, self.names["gone"])
        self.is_prepared = False

    def written_since(self) -> tuple[str, list[Any]]:
        """SQL that says whether anything was written to the table since, with its parameters."""
        ways = [f"EXISTS (SELECT 1 FROM {self.names['history']} WHERE history_date >= %s)"]  # noqa: S608  (names of our own tables)
        if "created_at" in self.field_names:
            ways.append(f"EXISTS (SELECT 1 FROM {self.names['base']} WHERE created_at >= %s)")  # noqa: S608  (the same)
        return " OR ".join(ways), [self.moment] * len(ways)

    def prepare(self) -> None:
        """Make the two temporary tables, empty."""
        if not self.is_prepared:
            self.is_prepared = True
            self._run(statements.GONE)
            self._run(statements.OLD)

    def collect(self) -> None:
        """Find the rows that were written since, and their versions at the moment."""
        self.prepare()
        self._run(statements.CHANGED_SINCE, self.moment)
        if "created_at" in self.field_names:
            self._run(statements.MADE_SINCE, self.moment)
        self._run(statements.LAST_VERSIONS, self.moment)
        self._run(statements.EARLIEST_VERSIONS, self.moment)
        if "confidentiality" in self.field_names:
            levels = Confidentiality.RESTRICTED, Confidentiality.UNIT, Confidentiality.RESTRICTED
            self._run(statements.STRICTER, *(level.value for level in levels))

    def keep(self, condition: str) -> None:
        """Keep further rows apart, as they are: those of the table ``base`` that the SQL condition names."""
        self.prepare()
        self._run(statements.KEPT, condition=condition, already=statements.ALREADY.format(**self.names))
        self._run(statements.NOTED)

    def show(self) -> None:
        """Lay the view over the table, and over the many-to-many tables whose links its versions keep."""
        if connection.vendor == "postgresql":
            run(f"ANALYZE {self.names['gone']}")
            run(f"ANALYZE {self.names['old']}")
        column, hidden = self.hides_by
        self._run(statements.VIEW, column=column, hidden=hidden)
        for field in self.versions._history_m2m_fields:
            self._show_links(field)

    def restored(self, also: str = "") -> Iterator[list[int]]:
        """Keys of the rows for which a version was read, in batches; with those kept apart that the SQL condition names."""
        with connection.cursor() as cursor:
            cursor.execute(statements.RESTORED.format(**self.names, also=f"OR {also}" if also else ""))
            keys = [key for (key,) in cursor.fetchall()]
        for start in range(0, len(keys), BATCH):
            yield keys[start : start + BATCH]

    def fill(self, names: Sequence[str], rows: Iterable[models.Model]) -> None:
        """Write columns of rows kept apart, by the names of their fields."""
        fields: list[Any] = [self.model._meta.get_field(name) for name in names]
        values = [(*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), row.pk) for row in rows]
        assigned = ", ".join(f"{_quote(field.column)} = %s" for field in fields)
        with connection.cursor() as cursor:
            cursor.executemany(statements.FILLED.format(**self.names, assigned=assigned), values)

    def _show_links(self, field: Any) -> None:
        through, kept = field.remote_field.through, getattr(self.versions, field.name).model
        names = {
            "view": _quote(through._meta.db_table),
            "base": stored(through),
            "columns": ", ".join(_quote(str(column.column)) for column in through._meta.concrete_fields),
            "owner": _quote(through._meta.get_field(get_m2m_field_name(field)).column),
            "kept": _quote(kept._meta.db_table),
        }
        run(statements.LINKS.format(**{**self.names, **names}))

    def _run(self, statement: str, *parameters: Any, **names: str) -> None:
        run(statement.format(**self.names, **names), parameters)


class KnownTables:
    """All tables with versions as they stood at a moment, by model."""

    def __init__(self, moment: datetime) -> None:
        kept = [model for model in versioned_models() if model not in NEVER_AS_KNOWN]
        loaded = _first_loaded([model for model in kept if issubclass(model, Sourced)])
        self.tables = {model: KnownTable(model, max(moment, loaded.get(model._meta.label, moment))) for model in kept}

    def __getitem__(self, model: type[models.Model]) -> KnownTable:
        return self.tables[model]

    def changed(self) -> list[KnownTable]:
        """The tables that hold something else than what is stored."""
        return [table for table in self.tables.values() if table.is_prepared]

    def collect(self) -> None:
        """Look through all tables in one query, and read versions where something was written since."""
        asked = [table.written_since() for table in self.tables.values()]
        with connection.cursor() as cursor:
            conditions = ", ".join(f"({condition})" for condition, _moments in asked)
            cursor.execute(f"SELECT {conditions}", [moment for _condition, moments in asked for moment in moments])
            found = cursor.fetchone()
        for table, is_written in zip(self.tables.values(), found, strict=True):
            if is_written:
                table.collect()

    def show(self) -> None:
        for table in self.changed():
            table.show()


def _first_loaded(references: Sequence[type[models.Model]]) -> dict[str, datetime]:
    """The end of the day on which each reference table was first loaded: before that it is read as it was then.

    Tiers, countries and provinces held in the world before anybody loaded them here. One query.
    """
    first = [
        model.history.model._base_manager.order_by()  # type: ignore[attr-defined]  # added by django-simple-history
        .annotate(label=Value(model._meta.label, output_field=CharField()))
        .values("label")
        .annotate(first=Min("history_date"))
        .values_list("label", "first")
        for model in references
    ]
    return {label: end_of(timezone.localdate(moment)) for label, moment in first[0].union(*first[1:], all=True)}


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
