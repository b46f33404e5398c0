"""Putting the triggers into the database after migrations, and out of the way before them.

Migrations remake tables on SQLite and alter columns on PostgreSQL; both refuse, or lose triggers, where some look at them.
"""

from typing import Any

from django.apps import apps as installed_apps
from django.db import connections, transaction
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import receiver

from crm.feed.keeping import new_generation, renew_if_restored
from crm.feed.nouns import SOURCES, tracked_columns
from crm.feed.triggers import wanted_triggers
from crm.models import FeedEntry, FeedState

PRESENT = {
    "postgresql": """
        SELECT t.tgname, c.relname, obj_description(t.oid, 'pg_trigger')
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND starts_with(t.tgname, 'feed_') AND c.relnamespace = current_schema()::regnamespace
    """,
    "sqlite": r"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'feed\_%' ESCAPE '\'",
}


def install(connection: Any) -> bool:
    """Bring the triggers to what the nouns ask for; return whether anything had to be done. One query where nothing has.

    The text of each trigger is compared, which SQLite keeps as it is and PostgreSQL as a digest in its comment.
    """
    vendor = connection.vendor
    wanted = {trigger.name: trigger for trigger in wanted_triggers(vendor)}
    texts = {name: trigger.digest(vendor) if vendor == "postgresql" else trigger.text(vendor) for name, trigger in wanted.items()}
    present = _present(connection)
    if {name: text for name, (_table, text) in present.items()} == texts:
        return False
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for name, (table, text) in present.items():
            if texts.get(name) != text:
                _drop(cursor, vendor, name, table)
        for name, trigger in wanted.items():
            if name not in present or present[name][1] != texts[name]:
                cursor.execute(trigger.text(vendor))
                if vendor == "postgresql":
                    cursor.execute(f'COMMENT ON TRIGGER "{name}" ON "{trigger.table}" IS \'{texts[name]}\'')
    return True


def remove(connection: Any) -> None:
    """Take all triggers of the feed out."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for name, (table, _text) in _present(connection).items():
            _drop(cursor, connection.vendor, name, table)


@receiver(pre_migrate)
def make_way(*, sender: Any, using: str, plan: Any = (), **kwargs: Any) -> None:
    if sender.label == "crm" and plan:
        remove(connections[using])


@receiver(post_migrate)
def install_after_migrations(*, sender: Any, using: str, apps: Any = installed_apps, **kwargs: Any) -> None:
    """Also sent after each flush, so of a test that commits: two queries."""
    if sender.label != "crm":
        return
    if not _reached(apps):
        remove(connections[using])
        return
    install(connections[using])
    FeedState.objects.using(using).get_or_create(pk=1, defaults={"generation": new_generation()})
    if "plan" in kwargs:
        renew_if_restored(connections[using])


def _present(connection: Any) -> dict[str, tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(PRESENT[connection.vendor])
        return {name: (table, text) for name, table, text in cursor.fetchall()}


def _drop(cursor: Any, vendor: str, name: str, table: str) -> None:
    cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"' if vendor == "postgresql" else f'DROP TRIGGER "{name}"')
    if vendor == "postgresql":
        cursor.execute(f'DROP FUNCTION "{name}"()')


def _reached(apps: Any) -> bool:
    """Whether the migrations have come so far that every table and column is there that the triggers touch."""
    watched: list[tuple[Any, tuple[str, ...]]] = [(own, _columns_of(own)) for own in (FeedEntry, FeedState)]
    for source in SOURCES.values():
        watched += [(source.model, tracked_columns(source.model)), *((part.model, tracked_columns(part.model)) for part in source.parts)]
    for model, columns in watched:
        try:
            there = apps.get_model(model._meta.label)
        except LookupError:
            return False
        if not set(columns) <= set(_columns_of(there)):
            return False
    return True


def _columns_of(model: Any) -> tuple[str, ...]:
    return tuple(field.column for field in model._meta.concrete_fields)
