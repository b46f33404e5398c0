"""The risks of partners anew, after something changed that is no exchange: a promise, an agreement, a post, a profile."""

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import start_job
from crm.models import JobRun
from reports.actions.snapshots import refresh_risks
from reports.metrics.stored import stored_days

RISKS = "reports.refresh_risks"


def start_refresh_of_risks(partner_ids: Collection[int], since: date | None = None) -> JobRun | None:
    """Ask for the risks of the partners anew, on every stored day from ``since`` on, or on all."""
    if not partner_ids:
        return None
    parameters = {"since": since and since.isoformat(), "partners": sorted(partner_ids)}
    return start_job(RISKS, parameters=parameters, total=len(partner_ids))


@job_kind(RISKS, _("Risks of some partners after a change"), is_routine=True)
def refresh_risks_of_days(run: JobRun) -> Result:
    since: str | None = run.parameters["since"]
    days = stored_days(date.fromisoformat(since) if since else None)
    for day in days:
        refresh_risks(day, run.parameters["partners"])
    return {"days": len(days)}
