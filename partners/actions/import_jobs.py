"""The life of an import: brought, mapped, checked, applied. Every step is one conditional UPDATE, so none happens twice."""

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.audit import record_event
from crm.choices import AuditVerb, ImportState
from crm.identifiers import new_public_id
from crm.models import Country, ImportJob, Unit, User
from crm.permissions import Permission
from crm.tabular import TabularError, open_table
from partners.models import PartnerKind

# A worker that has not been heard of for so long is taken for dead, and its import goes on elsewhere.
STALLED_AFTER = timedelta(minutes=3)
_FILLED_LATER = frozenset({"file", "mapping", "counts", "errors", "preview", "created_by", "updated_by", "archived_by"})


class ClaimLost(Exception):  # noqa: N818  (reads as what happened: raise ClaimLost)
    """Another worker has taken this import over; what this one has not committed is undone."""


@transaction.atomic
def bring_list(
    file: IO[bytes], *, name: str, by: User, unit: Unit, kind: PartnerKind | None = None, country: Country | None = None
) -> ImportJob:
    """Keep an uploaded list for import into the unit's partners; only its header is read yet.

    Raises ValidationError on ``file`` when it is no readable list, PermissionDenied outside the account's units.
    """
    if not (by.may(Permission.PARTNER_IMPORT) and by.scope.may_write_for(unit.pk)):
        raise PermissionDenied
    try:
        table = open_table(file)
    except TabularError as error:
        raise ValidationError({"file": ValidationError(str(error), code=error.code)}) from error
    file.seek(0)
    job = ImportJob(
        unit=unit,
        original_name=safe_name(name),
        sha256=hashlib.sha256(file.read()).hexdigest(),
        columns=list(table.columns),
        defaults={"kind": kind.code if kind else "", "country": country.alpha2 if country else ""},
    )
    file.seek(0)
    job.created_by = job.updated_by = by
    job.full_clean(exclude=_FILLED_LATER)
    # The name under which the file is kept is ours; the user's is only shown.
    job.file.save(f"{new_public_id()}.list", File(file))
    return job


def safe_name(name: str) -> str:
    """Return the last part of a file's name without control or direction-changing characters, at most 200 long."""
    last = PurePath(name.replace("\\", "/")).name
    kept = "".join(character for character in unicodedata.normalize("NFC", last) if unicodedata.category(character)[0] != "C")
    return kept.strip()[:200] or _("list")


def start_check(job: ImportJob, *, by: User, mapping: Mapping[str, str]) -> bool:
    """Give the columns their meaning and ask for the check. False when the import has moved on meanwhile."""
    if "name" not in mapping.values():
        raise ValidationError(_("Say which column holds the name of the partner."), code="no_name")
    if len(set(mapping.values())) < len(mapping):
        raise ValidationError(_("Two columns are given the same field. Choose one of them."), code="field_twice")
    if not may_be_mapped(job):
        return False
    return _move(job, ImportState.CHECKING, by=by, mapping=dict(mapping), rows_done=0, counts={}, errors=[], preview={})


def start_apply(job: ImportJob, *, by: User, decisions: Mapping[str, str]) -> bool:
    """Ask for the checked list to be applied. ``decisions``: row number → "skip" or a partner's public id."""
    if job.state != ImportState.CHECKED:
        return False
    defaults = {**job.defaults, "decisions": dict(decisions)}
    return _move(job, ImportState.RUNNING, by=by, defaults=defaults, rows_done=0, counts={}, errors=[])


def continue_apply(job: ImportJob, *, by: User) -> bool:
    """Ask for the rest of a list whose applying failed half-way. Rows already done stay done."""
    return may_be_continued(job) and _move(job, ImportState.RUNNING, by=by)


def may_be_mapped(job: ImportJob) -> bool:
    """Whether the columns may still be given a meaning: nothing has been applied yet."""
    return job.state in (ImportState.UPLOADED, ImportState.CHECKED) or (job.state == ImportState.FAILED and not job.preview)


def may_be_continued(job: ImportJob) -> bool:
    """Whether applying began and failed: only a finished check leaves a preview."""
    return job.state == ImportState.FAILED and bool(job.preview)


def _move(job: ImportJob, to: ImportState, *, by: User, **values: Any) -> bool:
    now = timezone.now()
    unmoved = ImportJob.objects.visible_to(by).filter(pk=job.pk, state=job.state)
    moved = unmoved.update(
        state=to, failure="", heartbeat_at=None, started_at=now, finished_at=None, updated_at=now, updated_by=by, **values
    )
    if moved:
        job.refresh_from_db()
    return bool(moved)


def claim(job_pk: int, state: ImportState) -> ImportJob | None:
    """Take the import for this worker, or return None: done already, or alive in another worker."""
    now = timezone.now()
    free = Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=now - STALLED_AFTER)
    if not ImportJob.objects.filter(free, pk=job_pk, state=state).update(heartbeat_at=now):
        return None
    return ImportJob.objects.select_related("unit", "created_by", "updated_by").get(pk=job_pk)


def advance(job: ImportJob, *, rows_done: int, **values: Any) -> None:
    """Record the rows done so far and a sign of life. Raises ClaimLost when another worker has moved the import."""
    mine = ImportJob.objects.filter(pk=job.pk, state=job.state, rows_done=job.rows_done)
    if not mine.update(rows_done=rows_done, heartbeat_at=timezone.now(), **values):
        raise ClaimLost
    job.rows_done = rows_done


def finish_check(job: ImportJob, *, rows: int, **values: Any) -> None:
    """Show the result of the check."""
    advance(job, rows_done=rows, rows_total=rows, state=ImportState.CHECKED, **values)


@transaction.atomic
def finish_apply(job: ImportJob, *, by: User, counts: dict[str, int]) -> None:
    """Close the import and leave its trace."""
    advance(job, rows_done=job.rows_done, state=ImportState.DONE, finished_at=timezone.now(), counts=counts)
    record_event(AuditVerb.IMPORTED, by=by, subject=job, file=job.original_name, sha256=job.sha256, unit=job.unit.code, counts=counts)


def fail(job: ImportJob, message: str) -> None:
    """Stop the import and say why, in the user's language. Rows of finished chunks stay."""
    ImportJob.objects.filter(pk=job.pk, state=job.state).update(state=ImportState.FAILED, failure=message, finished_at=timezone.now())
