"""The background work of the register."""

from django.utils.translation import gettext_lazy as _

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import progress
from crm.models import JobRun
from partners.actions.duplicate_scans import PARTNERS, PEOPLE, scan_next, start_scan

DUPLICATES = "partners.duplicates"


@job_kind(DUPLICATES, _("Search for likely duplicates"))
def look_for_duplicates(run: JobRun) -> Result:
    """Scan partners, then people: what changed since the last scan. A scan whose worker was lost goes on where it was."""
    found = {}
    before = 0
    for noun in (PARTNERS, PEOPLE):
        scan = start_scan(noun, take_over=run.attempts > 1)
        if scan is None:
            continue
        more = True
        while more:
            more = scan_next(scan)
            progress(run, before + scan.rows_done, total=before + scan.rows_total)
        before += scan.rows_total
        found[noun] = scan.pairs_found
    return found
