"""Bringing what was set for one year into the next, as one change set that can be taken back."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from crm.actions.change_sets import announce
from crm.actions.noted_writes import NotedWrites
from crm.actions.records import save_record
from crm.choices import ChangeKind, ChangeState
from crm.models import ChangeSet, User


def years_later(day: date | None, years: int) -> date | None:
    """The same day so many years later; for 29 February where there is none, 1 March."""
    if day is None:
        return None
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28) + timedelta(days=1)


def write_copies(rows: Sequence[Any], *, kind: ChangeKind, message: str, unit_id: int, by: User) -> ChangeSet:
    """Write new records as one applied change set. Rules and rights are the caller's to check; inside a transaction."""
    now = timezone.now()
    change_set = ChangeSet(kind=kind, message=message, unit_id=unit_id, state=ChangeState.RUNNING, started_at=now)
    save_record(change_set, by=by)
    writes = NotedWrites(by, change_set)
    writes.create(rows)
    announce(writes.touched)
    change_set.counts = {"rows": len(rows)}
    change_set.rows_total = change_set.rows_done = len(rows)
    change_set.state, change_set.finished_at = ChangeState.APPLIED, timezone.now()
    save_record(change_set, by=by)
    return change_set
