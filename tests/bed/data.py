"""The test database carries the reference data and the policy, loaded once and restored after every flush."""

import time
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from crm.models import FeedEntry, FeedState

OWN_APPS = ("crm", "partners", "activities", "reports")
LOADING_COMMANDS = ("sync_reference_data", "load_policy")

RowsByModel = dict[type[Model], list[Model]]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the reference data after the migrations, and put it back whenever a test that commits was flushed away."""
    with django_db_blocker.unblock():
        for command in LOADING_COMMANDS:
            call_command(command, verbosity=0, stdout=StringIO())
        loaded = _read_rows()

    flush: Callable[[TransactionTestCase], None] = vars(TransactionTestCase)["_fixture_teardown"]

    def flush_and_restore(case: TransactionTestCase) -> None:
        flush(case)
        _empty_feed()
        _write_rows(loaded)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_and_restore)
        yield
    with django_db_blocker.unblock():
        _end_other_sessions()


@pytest.fixture
def reference_data(db: None) -> None:
    """The reference data and the policy, which every test database holds; asking for it says that the test needs them."""


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles and cached figures of one test never reach the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def _usual_language() -> None:
    """The language that one test spoke, or was answered in, never reaches the next."""
    translation.deactivate()


def _end_other_sessions() -> None:
    """A page that the browser left in the middle still holds its connection, and a database in use cannot be dropped."""
    if connection.vendor != "postgresql":
        return
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _attempt in range(100):
        try:
            with connection.cursor() as cursor:
                # A page that is still open connects anew, so they are ended until none is left.
                cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")
                cursor.execute(f"SELECT count(*) {others}")
                if cursor.fetchone() == (0,):
                    return
        except OperationalError:
            connection.close()
        time.sleep(0.05)


def _empty_feed() -> None:
    """SQLite flushes by deleting row after row, which its triggers tell of."""
    if connection.vendor == "sqlite":
        FeedEntry.objects.all()._raw_delete(FeedEntry.objects.db)


def _read_rows() -> RowsByModel:
    """Return every row that our own apps hold now, histories and links included, by model; not the feed, which is no data."""
    models = [model for label in OWN_APPS for model in apps.get_app_config(label).get_models(include_auto_created=True)]
    models = [model for model in models if model not in (FeedEntry, FeedState)]
    return {model: rows for model in models if model._meta.managed and (rows := list(model._base_manager.all()))}


def _write_rows(rows_by_model: RowsByModel) -> None:
    """Insert the rows with the keys they had. References are checked at the end, so the order is free."""
    if not rows_by_model:
        return
    with transaction.atomic():
        for model, rows in rows_by_model.items():
            model._base_manager.bulk_create(rows)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(rows_by_model)):
                cursor.execute(statement)


def database_url(settings: dict[str, Any]) -> str:
    """Return the DATABASE_URL of an open connection's settings, for a process that is to share the test database."""
    if settings["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{settings['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings)
