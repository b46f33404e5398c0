"""What SQLite lacks beside PostgreSQL, so that one SQL text serves both."""

from typing import Any

from django.db import migrations
from django.db.backends.signals import connection_created
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
