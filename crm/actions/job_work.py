"""Doing a job: claim it, do its work or gather its parts, and say how it ended."""

import logging

from django.db import OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from crm.actions.job_kinds import KINDS, Result
from crm.actions.job_runs import JobTaken, claim_job, fail_job, finish_job, note_trouble, readable
from crm.actions.job_sweep import ATTEMPTS_AT_MOST
from crm.models import JobRun

logger = logging.getLogger(__name__)


def work_on(run_pk: int) -> None:
    """Do the run, unless another worker has it or it has ended.

    A database that is away for a moment ends nothing: the run rests and is taken up again by the sweep.
    """
    run = claim_job(run_pk)
    if run is None:
        return
    with translation.override(run.asked_by.language if run.asked_by else "vi"):
        try:
            _work_or_fail(run)
        except JobTaken:
            logger.warning("job %s went on in another worker", run)


def _work_or_fail(run: JobRun) -> None:
    try:
        _work_to_the_end(run)
    except JobTaken:
        raise
    except OperationalError as error:
        logger.warning("job %s was interrupted: %s", run, error)
        _rest(run, error)
    except Exception as error:
        logger.exception("job %s failed", run)
        fail_job(run, readable(error))


def _work_to_the_end(run: JobRun) -> None:
    kind = KINDS.get(run.name)
    if kind is None:
        fail_job(run, _("This version of the site knows no job “%(name)s”.") % {"name": run.name})
        return
    result: Result = None
    if not run.parts.exists():
        result = kind.work(run)
        if run.parts.exists():
            return
    finish_job(run, kind.gather(run) if kind.gather else result)


def _rest(run: JobRun, error: OperationalError) -> None:
    if run.attempts >= ATTEMPTS_AT_MOST:
        fail_job(run, readable(error))
    else:
        note_trouble(run, error)
