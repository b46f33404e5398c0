"""Contacts with countries: every night a look for drift, and those of partners that changed country or kind."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import start_job
from crm.models import JobRun
from reports.actions.contacts import refresh_contacts, store_contacts

ALL, PARTNERS = "reports.contacts", "reports.refresh_contacts"


def start_check_of_contacts(day: date) -> JobRun:
    """Ask for all contacts to be stored, or held against the records where they are; once a day, however often it is asked."""
    return start_job(ALL, key=day.isoformat())


def start_refresh_of_contacts(partner_ids: Iterable[int]) -> JobRun | None:
    """Ask for the contacts of partners anew, whenever they were."""
    ids = sorted(partner_ids)
    return start_job(PARTNERS, parameters={"partners": ids}, total=len(ids)) if ids else None


@job_kind(ALL, _("Contacts with countries held against the records"))
def check_contacts(run: JobRun) -> Result:
    return {"differed": store_contacts()}


@job_kind(PARTNERS, _("Contacts of partners that changed country or kind"), is_routine=True)
def refresh_contacts_of_partners(run: JobRun) -> Result:
    return {"exchanges": refresh_contacts(run.parameters["partners"])}
