"""The addresses of files: hand one in, see how far it is, read what became of its rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction
from django.http import FileResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.batches import BesideKeys
from crm.api.filters import refuse_unknown_parameters
from crm.api.office_view import OfficeView
from crm.api.parsers import TooLarge
from crm.api.problems import Problem
from crm.api.push_jobs import lines_of, start_push
from crm.api.serializers import local
from crm.api.source_words import row_serializer
from crm.choices import JobState, PushKind
from crm.models import PushJob, User
from crm.permissions import Permission

NDJSON = "application/x-ndjson"
_PIECE = 64 * 1024
# Files of one unit that wait or are being written; each is on the disk.
MOST_WAITING = 20


_EXAMPLE = {
    "id": "019a9b74-0c5e-7f10-a3d1-6b5f2a9c8e01",
    "unit": "PU-40",
    "noun": "exchanges",
    "state": "done",
    "rows": 10000,
    "done": 10000,
    "counts": {"created": 9998, "refused": 2},
    "refusals": {"unknown": 2},
    "dry_run": False,
    "failure": "",
    "results": "https://nhip-cau.example.vn/api/v1/push-jobs/019a9b74-0c5e-7f10-a3d1-6b5f2a9c8e01/results/",
    "created_at": "2026-11-02T16:05:00+07:00",
    "finished_at": "2026-11-02T16:05:40+07:00",
}
_LINE = '{"status": 201, "external_id": "HS-2026/114", "result": "created", "id": "019a9b70-11aa-7b3c-8d5e-0a1b2c3d4e5f", "revision": 1}\n'


@extend_schema_serializer(
    component_name="PushJob",
    examples=[OpenApiExample("A file that is written", value=_EXAMPLE, response_only=True, status_codes=["200", "202"])],
)
class JobOut(serializers.Serializer):
    """A file of rows that is written in the background: how far it is, and how many rows had which result."""

    id = serializers.UUIDField()
    unit = serializers.CharField()
    noun = serializers.CharField()
    state = serializers.ChoiceField(JobState.choices)
    rows = serializers.IntegerField(help_text="Rows in the file.")
    done = serializers.IntegerField(help_text="Rows whose fate is decided and stored.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by result.")
    refusals = serializers.DictField(child=serializers.IntegerField(), help_text="Refused rows by code.")
    dry_run = serializers.BooleanField(help_text="The rows are only tried out: whatever the results say, nothing of them is stored.")
    failure = serializers.CharField(allow_blank=True, help_text="Why the job failed; rows that are done stay.")
    results = serializers.CharField(
        allow_null=True,
        help_text="Address of the results, a JSON object a line, once the job has ended; for the account that handed it in.",
    )
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


@dataclass(frozen=True)
class Received:
    """A file as it came in: on the disk, with its digest and the number of its rows."""

    file: TemporaryUploadedFile
    digest: bytes
    rows: int


class NdjsonParser(BaseParser):
    """Put the body on the disk, piece by piece, up to ``PUSH_MAX_BYTES``."""

    media_type = NDJSON

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        file = TemporaryUploadedFile("rows.ndjson", NDJSON, 0, "utf-8")
        try:
            return _received(stream, file)
        except BaseException:
            file.close()
            raise


def _received(stream: IO[Any], file: TemporaryUploadedFile) -> Received:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > settings.PUSH_MAX_BYTES:
            raise TooLarge
        digest.update(piece)
        file.write(piece)
    file.size = size
    file.flush()
    file.seek(0)
    rows = sum(1 for _line in lines_of(file))
    # A row of two characters has a result of hundreds.
    if rows > settings.PUSH_MAX_ROWS:
        raise TooLarge
    return Received(file, digest.hexdigest().encode(), rows)


class PushJobsView(BesideKeys):
    """Hand in a file of rows, a JSON object a line, each as in a batch. The answer tells where to see how far it is."""

    http_method_names = ["options", "post"]
    parser_classes = [NdjsonParser]
    does = {"post": "job"}
    summaries = {"job": "Hand in a file of rows"}
    answers = {"job": JobOut}
    codes = {"job": (202,)}
    push_kind = PushKind.JOB
    tries_out_later = True

    def body_class(self) -> type[serializers.Serializer]:
        return row_serializer(self.noun)

    @property
    def push_noun(self) -> None:  # type: ignore[override]  # the job leaves its row when it ends
        return None

    @property
    def most_bytes(self) -> int:
        limit: int = settings.PUSH_MAX_BYTES
        return limit

    def body_for_fingerprint(self, request: Request) -> bytes:
        return self._received(request).digest

    def post(self, request: Request, **key: Any) -> Response:
        received = self._received(request)
        if not received.rows:
            raise ParseError(_("The file has no rows. Send a JSON object a line."))
        received.file.seek(0)
        self._refuse_too_many()
        job = PushJob(client=getattr(request.auth, "application", None), asked_by=self.account, unit=self.unit, noun=self.noun.name)
        job.rows, job.dry_run = received.rows, self.is_dry_run
        job.file.save(f"{job.public_id}.ndjson", received.file, save=False)
        try:
            with transaction.atomic():
                job.save()
                start_push(job)
        except BaseException:
            job.file.delete(save=False)
            raise
        location = request.build_absolute_uri(reverse("api:push-job", args=[job.public_id]))
        return Response(_shown(job, request), status=status.HTTP_202_ACCEPTED, headers={"Location": location})

    def _refuse_too_many(self) -> None:
        waiting = PushJob.objects.filter(unit=self.unit, state__in=(JobState.QUEUED, JobState.RUNNING))
        if waiting.count() >= MOST_WAITING:
            detail = _("Many files of this unit wait to be written. Send the next one when one of them has ended.")
            raise Problem("too-many-requests", detail, headers={"Retry-After": "60"})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        received = getattr(request, "_full_data", None)
        if isinstance(received, Received):
            received.file.close()
        return super().finalize_response(request, response, *args, **kwargs)

    def _received(self, request: Request) -> Received:
        if not isinstance(request.data, Received):
            # Where there is no body, no parser is asked.
            raise ParseError(_("The file has no rows. Send a JSON object a line."))
        return request.data


class _JobView(OfficeView):
    """A file of the account's units."""

    permission = Permission.CONNECTION_VIEW
    http_method_names = ["get", "head", "options"]

    def job(self) -> PushJob:
        found = PushJob.objects.visible_to(cast("User", self.request.user)).filter(public_id=self.kwargs["public_id"])
        job = found.select_related("unit").first()
        if job is None:
            raise NotFound
        return job


class PushJobView(_JobView):
    """How far a file is."""

    name = "push_job_read"
    serializer_class = JobOut

    def get(self, request: Request, **key: Any) -> Response:
        refuse_unknown_parameters(request, ())
        return Response(_shown(self.job(), request))


class PushJobResultsView(_JobView):
    """What became of each row of a file, a JSON object a line, in the order of the file.

    For the account that handed it in: where a row was refused, its line tells what stands, as far as that account may see it.
    """

    name = "push_job_results"

    @extend_schema(
        responses={(200, NDJSON): OpenApiTypes.STR},
        examples=[OpenApiExample("One row", value=_LINE, media_type=NDJSON, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, **key: Any) -> HttpResponseBase:
        refuse_unknown_parameters(request, ())
        job = self.job()
        if not _may_read_results(job, request):
            raise NotFound
        return FileResponse(job.results.open("rb"), content_type=NDJSON)


def _may_read_results(job: PushJob, request: Request) -> bool:
    return bool(job.finished_at and job.results) and job.asked_by_id == request.user.pk


def _shown(job: PushJob, request: Request) -> dict[str, Any]:
    counts = dict(job.counts)
    refusals = counts.pop("refusals", {})
    address = reverse("api:push-job-results", args=[job.public_id]) if _may_read_results(job, request) else None
    return {
        "id": str(job.public_id),
        "unit": job.unit.code,
        "noun": job.noun,
        "state": job.state,
        "rows": job.rows,
        "done": job.done,
        "counts": counts,
        "refusals": refusals,
        "dry_run": job.dry_run,
        "failure": job.failure,
        "results": address and request.build_absolute_uri(address),
        "created_at": local(job.created_at),
        "finished_at": local(job.finished_at),
    }
