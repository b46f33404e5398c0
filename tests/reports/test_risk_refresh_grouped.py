"""What changes together is looked at once: one refresh of risks for each transaction."""

from datetime import date

import pytest
from django.db import transaction

from crm.models import JobRun
from reports.jobs.risks import RISKS, start_refresh_of_risks


def asked() -> list[tuple[str | None, list[int], int]]:
    runs = JobRun.objects.filter(name=RISKS).order_by("pk")
    return [(run.parameters["since"], run.parameters["partners"], run.total) for run in runs]


@pytest.mark.django_db(transaction=True)
def test_one_transaction_asks_for_one_run_and_the_next_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.receivers.run_job.delay", lambda pk: None)
    with transaction.atomic():
        start_refresh_of_risks([3, 1], date(2026, 5, 1))
        start_refresh_of_risks([2], date(2026, 4, 1))
        start_refresh_of_risks([2], date(2026, 6, 1))
    assert asked() == [("2026-04-01", [1, 2, 3], 3)]
    with transaction.atomic():
        start_refresh_of_risks([5], date(2026, 5, 1))
        start_refresh_of_risks([5])
    start_refresh_of_risks([6])
    start_refresh_of_risks([7])
    assert asked()[1:] == [(None, [5], 1), (None, [6], 1), (None, [7], 1)]


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_neither_remains_nor_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.receivers.run_job.delay", lambda pk: None)
    with transaction.atomic():
        start_refresh_of_risks([1])
        transaction.set_rollback(True)
    with transaction.atomic():
        start_refresh_of_risks([2])
        with transaction.atomic():
            start_refresh_of_risks([3])
            transaction.set_rollback(True)
        start_refresh_of_risks([4])
    assert asked() == [(None, [2, 4], 2)]
