"""The demonstration, committed once for a whole test file: what is only looked at need not be loaded for every test."""

from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture(scope="module")
def demo_data(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the demonstration, keep it between the tests of the file, which all commit, and flush it after the last."""
    flush: Callable[[TransactionTestCase], None] = vars(TransactionTestCase)["_fixture_teardown"]
    with django_db_blocker.unblock():
        call_command("load_demo", verbosity=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: None)
        yield
    with django_db_blocker.unblock():
        flush(TransactionTestCase("__init__"))
