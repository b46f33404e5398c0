"""Files of many rows (NDJSON): received at once, written in the background in pieces, each with its results.

A piece, its count and its place in the results are one transaction: a worker that was lost anywhere is followed by one
that goes on behind the last piece, and no row is written twice. A file that is only tried out is tried piece by piece, so
that no lock is held for as long as a file takes.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import BytesIO
from itertools import islice
from types import SimpleNamespace
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ParseError

from crm.actions.job_kinds import Result, job_kind
from crm.actions.job_runs import JobTaken, progress, start_job
from crm.actions.pushes import PushOutcomes, store_push
from crm.api.batches import MOST_ROWS, RowWriter, codes_of_row
from crm.api.dry_run import taken_back
from crm.api.parsers import StrictJSONParser
from crm.api.source_words import SourceNoun
from crm.choices import JobState, PushKind
from crm.models import JobRun, PushJob, User

PUSH = "crm.push"
# Rows that are written and counted together.
PIECE = MOST_ROWS
# Longer than any row: what is longer is refused without being read.
MOST_LINE_BYTES = 512 * 1024
# A piece of long lines ends earlier, so that what is held in memory does not depend on who sends.
PIECE_BYTES = 4 * 1024 * 1024
NOUNS: dict[str, SourceNoun] = {}


def register_noun(noun: SourceNoun) -> SourceNoun:
    """Let files of the noun be written."""
    NOUNS[noun.name] = noun
    return noun


def start_push(job: PushJob) -> JobRun:
    """Ask for the rows of a received file to be written, after the commit."""
    return start_job(PUSH, key=str(job.public_id), parameters={"push_job": job.pk}, total=job.rows, asked_by=job.asked_by)


def give_up_file(run: JobRun) -> None:
    """A file whose worker was lost over and over, or whose database stayed away, has failed; what the work itself said stands."""
    waiting = PushJob.objects.filter(pk=run.parameters["push_job"], state__in=[JobState.QUEUED, JobState.RUNNING])
    with translation.override(run.asked_by.language if run.asked_by else "vi"):
        failure = _("The file was not finished in %(times)s attempts. Rows that are done stay; the administrator was told.")
    waiting.update(state=JobState.FAILED, failure=failure % {"times": run.attempts}, finished_at=timezone.now())


@job_kind(PUSH, gettext_lazy("File of an office's program"), give_up=give_up_file)
def write_file(run: JobRun) -> Result:
    """Write the rows of a file behind those that are done. Breaks off anywhere without harm."""
    job = PushJob.objects.select_related("unit", "asked_by", "client").get(pk=run.parameters["push_job"])
    try:
        _write(job, run)
    except (JobTaken, OperationalError):
        # Another worker has it, or the database was away for a moment: it goes on.
        raise
    except PermissionDenied:
        failure = _("The account may no longer write for this unit.")
        PushJob.objects.filter(pk=job.pk).update(state=JobState.FAILED, failure=failure, finished_at=timezone.now())
    except Exception:
        failure = _("An unexpected error stopped the file. Rows that are done stay; the administrator was told.")
        PushJob.objects.filter(pk=job.pk).update(state=JobState.FAILED, failure=failure, finished_at=timezone.now())
        raise
    return dict(job.counts)


def _write(job: PushJob, run: JobRun) -> None:
    address = SimpleNamespace(path=f"/api/v1/push-jobs/{job.public_id}/", method="POST", user=job.asked_by, auth=None, query_params={})
    writer = RowWriter(NOUNS[job.noun], job.unit, job.asked_by, address)
    if not job.results:
        job.results.name = default_storage.save(f"pushes/{job.public_id}.results.ndjson", ContentFile(b""))
    PushJob.objects.filter(pk=job.pk).update(state=JobState.RUNNING, results=job.results.name, failure="", finished_at=None)
    with job.file.open("rb") as file, default_storage.open(str(job.results.name), "rb+") as results:
        _forget_unfinished(results, job.done)
        rows = lines_of(file)
        for _line in islice(rows, job.done):
            pass
        while piece := _next_piece(rows):
            # Whoever loses the right meanwhile, writes no further piece.
            writer.by = address.user = User.objects.get(pk=job.asked_by_id)
            with transaction.atomic():
                # Holds the run too: one that was taken for lost and wakes up must not write into the results of its successor.
                progress(run, job.done)
                write = partial(_written, writer, piece)
                answers = taken_back(write) if job.dry_run else write()
                results.write(b"".join(_as_line(answer) for answer in answers))
                results.flush()
                _count(job, answers, writer.youngest_change)
                progress(run, job.done)
    _finish(job)


def _next_piece(rows: Iterator[bytes]) -> list[bytes]:
    """The next lines, as many as are written together."""
    piece: list[bytes] = []
    size = 0
    while len(piece) < PIECE and size < PIECE_BYTES and (line := next(rows, None)) is not None:
        piece.append(line)
        size += len(line)
    return piece


def _written(writer: RowWriter, piece: list[Any]) -> list[dict[str, Any]]:
    """Write the lines that are JSON; tell of the others in their places."""
    read = [_read(line) for line in piece]
    answers = iter(writer.write([row for row in read if not isinstance(row, _Unreadable)]))
    return [row.answer if isinstance(row, _Unreadable) else next(answers) for row in read]


class _Unreadable:
    def __init__(self, detail: str) -> None:
        body = {"status": 400, "code": "malformed-body", "detail": detail}
        self.answer = {"external_id": None, "result": "refused", "id": None, "revision": None, **body}


def _read(line: bytes) -> Any:
    if len(line) > MOST_LINE_BYTES:
        return _Unreadable(_("The line is longer than %(most)d bytes.") % {"most": MOST_LINE_BYTES})
    try:
        return StrictJSONParser().parse(BytesIO(line))
    except ParseError as error:
        return _Unreadable(str(error.detail))


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines that are not empty. Of one that is too long only the beginning is kept in memory."""
    while line := file.readline(MOST_LINE_BYTES + 1):
        whole = line
        while len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE_BYTES + 1)
        if whole.strip():
            yield whole


def _as_line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, default=str).encode() + b"\n"


def _forget_unfinished(results: IO[bytes], done: int) -> None:
    """Cut off what a lost worker wrote behind its last finished piece, and stand at the end."""
    results.seek(0)
    for _line in range(done):
        results.readline()
    results.truncate(results.tell())


def _count(job: PushJob, answers: list[dict[str, Any]], youngest_change: datetime | None) -> None:
    counts = dict(job.counts)
    refusals = dict(counts.get("refusals", {}))
    for answer in answers:
        counts[answer["result"]] = counts.get(answer["result"], 0) + 1
        for code in codes_of_row(answer):
            refusals[code] = refusals.get(code, 0) + 1
    job.counts, job.done = {**counts, **({"refusals": refusals} if refusals else {})}, job.done + len(answers)
    job.youngest_change = max(filter(None, (job.youngest_change, youngest_change)), default=None)
    PushJob.objects.filter(pk=job.pk).update(counts=job.counts, done=job.done, youngest_change=job.youngest_change)


@transaction.atomic
def _finish(job: PushJob) -> None:
    """The file is written; the health of the connection hears of it once."""
    ended = PushJob.objects.filter(pk=job.pk).exclude(state=JobState.DONE)
    if not ended.update(state=JobState.DONE, finished_at=timezone.now(), rows=job.done) or job.client is None or job.dry_run:
        return
    outcomes = PushOutcomes(youngest_change=job.youngest_change)
    outcomes.refusals.update(job.counts.get("refusals", {}))
    for result, number in job.counts.items():
        if result != "refusals":
            outcomes.add(result, rows=number)
    store_push(job.client, kind=PushKind.JOB, noun=job.noun, status=202, outcomes=outcomes)
