"""Looking for duplicates in the background: the whole register once, after that nightly what changed."""

from celery import shared_task
from django.utils import timezone

from crm.actions.job_runs import start_job
from partners.actions.duplicate_scans import PARTNERS, PEOPLE, scan_next, start_scan
from partners.jobs import DUPLICATES
from partners.models import DuplicateScan


@shared_task
def scan_nightly() -> None:
    """Ask for the scan of the night, once."""
    start_job(DUPLICATES, key=timezone.localdate().isoformat())


@shared_task
def scan_for_duplicates(*, everything: bool = False) -> None:
    """Scan partners and people: what changed since the last scan, or all. A scan that was broken off is taken up again."""
    for noun in (PARTNERS, PEOPLE):
        scan = start_scan(noun, everything=everything)
        if scan is not None:
            run_scan(scan)


def run_scan(scan: DuplicateScan) -> None:
    while scan_next(scan):
        pass
