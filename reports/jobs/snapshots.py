"""The figures of everybody for a day, stored by parts over the workers; the day is shown once it is whole."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import split_job, start_job
from crm.models import JobRun, User
from reports.actions.snapshots import close_day, drop_passing_days, store_partners
from reports.jobs.partners_in_parts import PART_SIZE, cut_register, partners_of
from reports.metrics.days import policy_on

DAY, PART = "reports.snapshot", "reports.snapshot_part"


def start_snapshot(day: date, *, asked_by: User | None = None, part_size: int = PART_SIZE) -> JobRun:
    """Ask for the figures of a day to be stored; once for each day, however often it is asked."""
    parameters = {"day": day.isoformat(), "part_size": part_size}
    return start_job(DAY, key=day.isoformat(), parameters=parameters, asked_by=asked_by)


def _close(run: JobRun) -> Result:
    day = date.fromisoformat(run.parameters["day"])
    partners = sum(result.get("partners", 0) for result in run.parts.values_list("result", flat=True))
    return {"partners": partners, "countries": close_day(day), "days let go": drop_passing_days()}


@job_kind(DAY, _("Figures of everybody for a day"), gather=_close)
def split_day(run: JobRun) -> Result:
    day: str = run.parameters["day"]
    # Without a policy nothing can be stored: said once, not by every part.
    policy_on(date.fromisoformat(day))
    cut = enumerate(cut_register(run.parameters["part_size"]), 1)
    split_job(run, PART, {f"{number:03}": ({"day": day, **part.as_parameters()}, part.count) for number, part in cut})
    return None


@job_kind(PART, _("Figures of some countries"))
def store_part(run: JobRun) -> Result:
    partner_ids = partners_of(run.parameters)
    stored = store_partners(date.fromisoformat(run.parameters["day"]), partner_ids) if partner_ids else 0
    return {"partners": stored}
