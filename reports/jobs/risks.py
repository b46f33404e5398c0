"""The risks of partners anew, after something changed that is no exchange: a promise, an agreement, a post, a profile."""

import threading
from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import start_job
from crm.choices import JobState
from crm.models import JobRun
from reports.actions.snapshots import refresh_risks
from reports.metrics.stored import stored_days

RISKS = "reports.refresh_risks"


# The run that this thread's transaction has asked for, by its key; a key that is not found was rolled back.
_asked = threading.local()


def start_refresh_of_risks(partner_ids: Collection[int], since: date | None = None) -> JobRun | None:
    """Ask for the risks of the partners anew, on every stored day from ``since`` on, or on all.

    Whatever one transaction asks for is one run: hundreds of rows that change together are looked at once.
    """
    if not partner_ids:
        return None
    run = _asked_before()
    if run is not None:
        return _widen(run, partner_ids, since)
    parameters = {"since": since and since.isoformat(), "partners": sorted(partner_ids)}
    run = start_job(RISKS, parameters=parameters, total=len(partner_ids))
    _asked.key = run.key
    transaction.on_commit(_forget)
    return run


def _asked_before() -> JobRun | None:
    key = getattr(_asked, "key", None)
    return JobRun.objects.filter(key=key, state=JobState.QUEUED, attempts=0).first() if key else None


def _widen(run: JobRun, partner_ids: Collection[int], since: date | None) -> JobRun:
    before: str | None = run.parameters["since"]
    earliest = min(before, since.isoformat()) if before and since else None
    partners = sorted({*run.parameters["partners"], *partner_ids})
    if (earliest, partners) != (before, run.parameters["partners"]):
        run.parameters, run.total = {"since": earliest, "partners": partners}, len(partners)
        run.save(update_fields=["parameters", "total"])
    return run


def _forget() -> None:
    _asked.key = None


@job_kind(RISKS, _("Risks of some partners after a change"), is_routine=True)
def refresh_risks_of_days(run: JobRun) -> Result:
    since: str | None = run.parameters["since"]
    days = stored_days(date.fromisoformat(since) if since else None)
    for day in days:
        refresh_risks(day, run.parameters["partners"])
    return {"days": len(days)}
