"""Days on which things are written down, for tests that ask what was known when."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from unittest import mock

from django.utils import timezone

from crm.choices import Role
from crm.known.tables import versioned_models
from crm.models import Unit, User
from crm.models.records import Sourced
from tests.factories import make_user


@contextmanager
def written_on(day: date, hour: int = 3) -> Iterator[None]:
    """Let the clock of the product stand on the day; the hour is UTC, so 17 is the next day's midnight in Ha Noi."""
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    with mock.patch.object(timezone, "now", return_value=moment):
        yield


def reference_data_loaded_on(day: date) -> None:
    """Date the first versions of the reference tables."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for model in versioned_models():
        if issubclass(model, Sourced):
            model.history.all().update(history_date=moment)  # type: ignore[attr-defined]  # added by django-simple-history


def make_author() -> User:
    """Somebody of the secretariat from 2 January 2026 on, with reference data that were there the day before."""
    reference_data_loaded_on(date(2026, 1, 1))
    with written_on(date(2026, 1, 2)):
        return make_user("author", unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)
