"""What the two databases say differently, so that one text serves both."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, migrations, transaction
from django.db.backends.signals import connection_created
from django.db.models import CharField, Lookup
from django.dispatch import receiver


class BitOr:
    """The aggregate ``bit_or`` of PostgreSQL: the union of bit masks, NULLs left out, NULL for no rows."""

    def __init__(self) -> None:
        self.mask: int | None = None

    def step(self, value: int | None) -> None:
        if value is not None:
            self.mask = (self.mask or 0) | value

    def finalize(self) -> int | None:
        return self.mask


@receiver(connection_created)
def add_missing_functions(*, connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_aggregate("bit_or", 1, BitOr)


def on_postgresql(*statements: str) -> Any:
    """Return a migration step that runs the statements on PostgreSQL and nothing on SQLite.

    For what SQLite has no counterpart: trigram indexes, the "C" collation, exclusion constraints.
    """

    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return migrations.RunPython(run, migrations.RunPython.noop)


class NearWord(Lookup):
    """``key__near_word=word``: rows that may hold the word with a letter or two wrong; whoever asks looks closer.

    On PostgreSQL by the trigram index (inside ``loose_words``). On SQLite, one wrong letter leaves the beginning or the
    end of the word whole, so rows that hold neither are left out.
    """

    lookup_name = "near_word"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"(%s <%% {column})", (self.rhs, *params)
        half = len(self.rhs) // 2
        ends = f"{self.rhs[: half - 1]}", f"{self.rhs[half + 1 :]}"
        return f"({column} LIKE %s OR {column} LIKE %s)", (*params, f"%{ends[0]}%", *params, f"%{ends[1]}%")


class LineLike(Lookup):
    """``key__line_like=pattern``: rows one of whose lines begins as the LIKE pattern says."""

    lookup_name = "line_like"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"({column} LIKE %s OR {column} LIKE %s)", (*params, self.rhs, *params, f"%\n{self.rhs}")


CharField.register_lookup(NearWord)
CharField.register_lookup(LineLike)

# Of the trigrams of a word, how many must be found; one wrong letter in five leaves four of seven.
WORD_LIKENESS = "0.45"


@contextmanager
def loose_words() -> Iterator[None]:
    """Let ``near_word`` find words with a letter or two wrong; the setting ends with the transaction."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [WORD_LIKENESS])
        yield
