"""Imports in the background: small chunks, each with its own commit; safe to run twice, safe to be killed."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import TypeVar

from celery import shared_task
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.choices import ImportState
from crm.models import ImportJob, User
from crm.tabular import TabularError
from partners.actions import import_jobs
from partners.actions.import_nouns import imported_noun
from partners.actions.import_reports import KEPT_PREVIEW, KEPT_TICKED, ImportReport
from partners.actions.imports import CHUNK_SIZE

logger = logging.getLogger(__name__)
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK_SIZE) -> Iterator[list[Item]]:
    """Cut a stream into lists of at most ``size``."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


@shared_task
def check_import(job_pk: int) -> None:
    """Read the whole list and keep what would become of it; writes no record."""
    job = import_jobs.claim(job_pk, ImportState.CHECKING)
    if job is None:
        return
    with _as_user(job) as by, _failing_clearly(job), job.file.open("rb") as file:
        noun, table = imported_noun(job.noun), import_jobs.open_list(job, file)
        reading = noun.read(job, table, True)
        report = ImportReport(reading.column_of, KEPT_TICKED if noun.row_by_row else KEPT_PREVIEW)
        import_jobs.advance(job, rows_done=0)
        for chunk in chunks(reading.rows):
            report.add(reading.plan(chunk, by=by, run=reading.run))
            import_jobs.advance(job, rows_done=report.counts["rows"])
        left_out = [asdict(left) for left in table.left_out]
        layout = {**job.layout, "left_out": left_out, "left_out_count": table.left_out_count}
        preview = {"rows": report.preview_json(), "likely": report.likely, **reading.found()}
        counts = report.totals()
        import_jobs.finish_check(job, rows=counts["rows"], counts=counts, errors=report.errors, preview=preview, layout=layout)


@shared_task
def apply_import(job_pk: int) -> None:
    """Write the records of a checked list. Each chunk commits together with the number of rows done."""
    job = import_jobs.claim(job_pk, ImportState.RUNNING)
    if job is None:
        return
    with _as_user(job) as by, _failing_clearly(job), job.file.open("rb") as file:
        reading = imported_noun(job.noun).read(job, import_jobs.open_list(job, file), False)
        report = ImportReport(reading.column_of)
        report.resume(job.counts, job.errors)
        for chunk in chunks(islice(reading.rows, job.rows_done)):
            # Done before a worker was lost: looked at again only so that later rows that repeat them are seen.
            reading.plan(chunk, by=by, run=reading.run)
        for chunk in chunks(reading.rows):
            with transaction.atomic():
                report.add(reading.write(chunk, by=by, run=reading.run))
                job.counts = report.totals()
                import_jobs.advance(job, rows_done=job.rows_done + len(chunk), counts=job.counts, errors=report.errors)
        import_jobs.finish_apply(job, by=by, counts=report.totals())


@shared_task
def resume_stalled_imports() -> None:
    """Take up imports whose worker was lost, or whose message never arrived."""
    limit = timezone.now() - import_jobs.STALLED_AFTER
    silent = Q(heartbeat_at__lt=limit) | Q(heartbeat_at__isnull=True, started_at__lt=limit)
    for job in ImportJob.objects.filter(silent, state__in=(ImportState.CHECKING, ImportState.RUNNING)):
        task = check_import if job.state == ImportState.CHECKING else apply_import
        task.delay(job.pk)


@contextmanager
def _as_user(job: ImportJob) -> Iterator[User]:
    """Work in the name, and answer in the language, of whoever asked for this step."""
    by: User = job.updated_by or job.created_by  # type: ignore[assignment]  # every step is asked for by somebody
    with translation.override(by.language):
        yield by


@contextmanager
def _failing_clearly(job: ImportJob) -> Iterator[None]:
    try:
        yield
    except import_jobs.ClaimLost:
        logger.warning("import %s went on in another worker", job.public_id)
    except OperationalError:
        # The database was away for a moment: the import stays as it is and is taken up again.
        raise
    except TabularError as error:
        import_jobs.fail(job, str(error))
    except PermissionDenied:
        import_jobs.fail(job, _("The account may no longer import for this unit."))
    except Exception:
        import_jobs.fail(job, _("An unexpected error stopped the import. Nothing of the unfinished part was kept. Tell the administrator."))
        raise
