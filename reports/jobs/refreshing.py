"""Figures after a commit: of the partners touched and their countries, today and on every stored day since."""

from collections.abc import Collection, Iterable
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import progress, split_job, start_job
from crm.models import JobRun
from reports.actions.contacts import refresh_contacts
from reports.actions.snapshots import refresh_countries, store_partners, take_snapshots
from reports.jobs.partners_in_parts import PART_SIZE
from reports.jobs.snapshots import DAY
from reports.metrics.stored import stored_days

PARTNERS, PART, COUNTRIES = "reports.refresh", "reports.refresh_part", "reports.refresh_countries"


def start_refresh(partner_ids: Collection[int], since: date) -> JobRun | None:
    """Ask for the figures of partners anew, from a day on. Stored in the same transaction as the change: no change is forgotten."""
    if not partner_ids:
        return None
    return start_job(PARTNERS, parameters={"since": since.isoformat(), "partners": sorted(partner_ids)}, total=len(partner_ids))


def start_refresh_of_countries(country_ids: Iterable[int] | None = None) -> JobRun:
    """Ask for the countries anew, or all, on every stored day: their partners or what is asked of them changed."""
    return start_job(COUNTRIES, parameters={"countries": None if country_ids is None else sorted(country_ids)})


@job_kind(PARTNERS, _("Figures of some partners after a change"), is_routine=True)
def refresh_partners(run: JobRun) -> Result:
    partner_ids: list[int] = run.parameters["partners"]
    since = date.fromisoformat(run.parameters["since"])
    refresh_contacts(partner_ids, since)
    days = days_to_refresh(since)
    if len(partner_ids) <= PART_SIZE:
        for day in days:
            refresh_day(day, partner_ids)
        return {"days": len(days)}
    chunks = [partner_ids[start : start + PART_SIZE] for start in range(0, len(partner_ids), PART_SIZE)]
    parts = {
        f"{day.isoformat()}/{number:03}": (
            {"label": f"{day.isoformat()} {number}/{len(chunks)}", "day": day.isoformat(), "partners": chunk},
            len(chunk),
        )
        for day in days
        for number, chunk in enumerate(chunks, 1)
    }
    split_job(run, PART, parts)
    return None


@job_kind(PART, _("Figures of some partners on a day"))
def refresh_part(run: JobRun) -> Result:
    refresh_day(date.fromisoformat(run.parameters["day"]), run.parameters["partners"])
    return None


@job_kind(COUNTRIES, _("Standing of countries after a change"), is_routine=True)
def refresh_countries_of_days(run: JobRun) -> Result:
    days = stored_days()
    for number, day in enumerate(days, 1):
        refresh_countries(day, run.parameters["countries"])
        progress(run, number, total=len(days))
    return {"days": len(days)}


def days_to_refresh(since: date) -> list[date]:
    """Today, which plans touch too, and every stored day from ``since`` on; the latest first."""
    return sorted({timezone.localdate(), *stored_days(since)}, reverse=True)


def refresh_day(day: date, partner_ids: Collection[int]) -> None:
    """Store the partners anew. While the night stores the day in parts, its countries are left to the end of that."""
    if JobRun.objects.unfinished().filter(name=DAY, parameters__day=day.isoformat()).exists():
        store_partners(day, partner_ids)
    else:
        take_snapshots(day, partner_ids)
