"""The life of an import: brought, mapped, checked, applied. Every step is one conditional UPDATE, so none happens twice."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.audit import record_event
from crm.actions.jobs import tell_of_end
from crm.choices import AuditVerb, ChangeState, ImportNoun, ImportState
from crm.identifiers import new_public_id
from crm.models import ChangeSet, ColumnMapping, Country, ImportJob, Unit, User
from crm.permissions import Permission
from crm.tabular import Examined, Layout, Table, TabularError, examine, find_layout, open_source
from crm.text import fold
from partners.actions.import_nouns import imported_noun
from partners.actions.import_rows import TAKE
from partners.actions.imports import close_change_set, open_change_set
from partners.models import PartnerKind

# A worker that has not been heard of for so long is taken for dead, and its import goes on elsewhere.
STALLED_AFTER = timedelta(minutes=3)
_FILLED_LATER = frozenset({"file", "mapping", "counts", "errors", "preview", "created_by", "updated_by", "archived_by"})


class ClaimLost(Exception):  # noqa: N818  (reads as what happened: raise ClaimLost)
    """Another worker has taken this import over; what this one has not committed is undone."""


@transaction.atomic
def bring_list(
    file: IO[bytes],
    *,
    name: str,
    by: User,
    unit: Unit,
    kind: PartnerKind | None = None,
    country: Country | None = None,
    noun: ImportNoun = ImportNoun.PARTNERS,
    message: str = "",
) -> ImportJob:
    """Keep an uploaded list for import into what the unit keeps; how it is best read is only looked at yet.

    Raises ValidationError on ``file`` when it is no readable list, PermissionDenied outside the account's units.
    """
    check_rights(by, unit, noun)
    try:
        source = open_source(file)
        examined = examine(source, find_layout(source))
    except TabularError as error:
        raise ValidationError({"file": ValidationError(str(error), code=error.code)}) from error
    file.seek(0)
    job = ImportJob(
        unit=unit,
        noun=noun,
        message=message,
        original_name=safe_name(name),
        sha256=hashlib.sha256(file.read()).hexdigest(),
        layout=_layout_json(examined, confirmed=examined.is_plain),
        columns=list(examined.columns),
        defaults={"kind": kind.code if kind else "", "country": country.alpha2 if country else ""},
    )
    file.seek(0)
    job.created_by = job.updated_by = by
    job.full_clean(exclude=_FILLED_LATER)
    # The name under which the file is kept is ours; the user's is only shown.
    job.file.save(f"{new_public_id()}.list", File(file))
    return job


def check_rights(by: User, unit: Unit, noun: ImportNoun | str) -> None:
    """Raise PermissionDenied where the account may not import such rows for the unit."""
    rights = (Permission.PARTNER_IMPORT, *imported_noun(noun).rights)
    if not (all(by.may(right) for right in rights) and by.scope.may_write_for(unit.pk)):
        raise PermissionDenied


def set_layout(job: ImportJob, *, by: User, layout: Layout, confirmed: bool) -> bool:
    """Read the file anew as somebody said; not ``confirmed``: to be looked at first. False once the import has moved on.

    Raises ValidationError when the file cannot be read so.
    """
    if not may_be_mapped(job):
        return False
    try:
        with job.file.open("rb") as file:
            examined = examine(open_source(file, encoding=layout.encoding), layout)
    except TabularError as error:
        raise ValidationError(str(error), code=error.code) from error
    rows_moved = (layout.sheet, layout.encoding) != (job.layout.get("sheet"), job.layout.get("encoding"))
    defaults = {**job.defaults, "decisions": {}} if rows_moved else job.defaults
    values = {
        "layout": {**_layout_json(examined, confirmed=confirmed), "codings": layout.as_json()["codings"]},
        "columns": list(examined.columns),
        "defaults": defaults,
    }
    return _move(job, ImportState.UPLOADED, by=by, **values, mapping={}, counts={}, errors=[], preview={})


def layout_of(job: ImportJob) -> Layout:
    return Layout.from_json(job.layout)


def open_list(job: ImportJob, file: IO[bytes]) -> Table:
    """Open the file of an import as its layout says. Imports from before layouts were kept are read as they are best read."""
    source = open_source(file, encoding=job.layout.get("encoding", ""))
    return Table(source, layout_of(job) if job.layout else find_layout(source))


def _layout_json(examined: Examined, *, confirmed: bool) -> dict[str, Any]:
    return {**examined.layout.as_json(), "confirmed": confirmed, "left_out": [asdict(left) for left in examined.left_out]}


def safe_name(name: str) -> str:
    """Return the last part of a file's name without control or direction-changing characters, at most 200 long."""
    last = PurePath(name.replace("\\", "/")).name
    kept = "".join(character for character in unicodedata.normalize("NFC", last) if unicodedata.category(character)[0] != "C")
    return kept.strip()[:200] or _("list")


def start_check(job: ImportJob, *, by: User, mapping: Mapping[str, str], defaults: Mapping[str, str] | None = None) -> bool:
    """Give the columns their meaning, remember it for the unit, and ask for the check. False once the import has moved on.

    ``defaults``: what holds where the rows are silent: ``{"kind": code, "country": alpha2}``, empty for nothing; what is
    not named stays as it was.
    """
    noun = imported_noun(job.noun)
    if noun.resource.required not in mapping.values():
        raise ValidationError(str(noun.not_required), code="no_name")
    if len(set(mapping.values())) < len(mapping):
        raise ValidationError(_("Two columns are given the same field. Choose one of them."), code="field_twice")
    if not job.layout.get("confirmed", True):
        raise ValidationError(_("Look first at how the file is read, and confirm it."), code="layout_not_confirmed")
    if not may_be_mapped(job):
        return False
    kept = {"defaults": {**job.defaults, **(defaults or {})}}
    started = _move(job, ImportState.CHECKING, by=by, mapping=dict(mapping), rows_done=0, **kept, counts={}, errors=[], preview={})
    if started:
        remember_mapping(job)
    return started


def remember_mapping(job: ImportJob) -> None:
    """Keep the meaning of the columns for the unit's next list with these headers."""
    key: dict[str, Any] = {"unit_id": job.unit_id, "noun": job.noun, "signature": _signature(job.columns)}
    by_header = {fold(column): name for column, name in job.mapping.items()}
    defaults = {name: job.defaults.get(name, "") for name in ("kind", "country")}
    ColumnMapping.objects.update_or_create(**key, defaults={"mapping": by_header, "defaults": defaults})


def remembered_mapping(job: ImportJob) -> dict[str, str]:
    """Return column → field as the unit last gave it to a list with these headers, in any order; empty for a new kind of list."""
    kept = _remembered(job)
    return {column: kept.mapping[fold(column)] for column in job.columns if fold(column) in kept.mapping} if kept else {}


def remembered_defaults(job: ImportJob) -> dict[str, str]:
    """Return the codes of the kind and the country that the unit last assumed for a list with these headers."""
    kept = _remembered(job)
    return dict(kept.defaults) if kept else {}


def _remembered(job: ImportJob) -> ColumnMapping | None:
    return ColumnMapping.objects.filter(unit=job.unit_id, noun=job.noun, signature=_signature(job.columns)).first()


def _signature(columns: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(fold(column) for column in columns)).encode()).hexdigest()


def decide(job: ImportJob, *, by: User, decisions: Mapping[str, str], for_all: str | None = None) -> bool:
    """Keep what somebody decided on rows: "skip", "new", a public id, or nothing.

    ``for_all``: of every likely duplicate, "same" being the first one suggested; of every person, "take" or "skip".

    False once the import has moved on.
    """
    if job.state != ImportState.CHECKED:
        return False
    kept = {**job.defaults.get("decisions", {})}
    if for_all is not None:
        for row in job.preview.get("rows" if imported_noun(job.noun).row_by_row else "likely", []):
            known = next((candidate["partner"] for candidate in row.get("candidates", []) if candidate["partner"]), "")
            kept[str(row["row"])] = {"same": known, TAKE: ""}.get(for_all, for_all)
    kept.update(decisions)
    defaults = {**job.defaults, "decisions": {number: choice for number, choice in kept.items() if choice}}
    return _move(job, ImportState.CHECKED, by=by, defaults=defaults)


@transaction.atomic
def start_apply(job: ImportJob, *, by: User, decisions: Mapping[str, str] | None = None) -> bool:
    """Ask for the checked list to be applied, as one change set. ``decisions``: as ``decide`` takes them."""
    if decisions and not decide(job, by=by, decisions=decisions):
        return False
    if job.state != ImportState.CHECKED or not _move(job, ImportState.RUNNING, by=by, rows_done=0, counts={}, errors=[]):
        return False
    message = job.message or job.original_name
    job.change_set = open_change_set(by=by, unit=job.unit, message=message, plan={"import": str(job.public_id)})
    ImportJob.objects.filter(pk=job.pk).update(change_set=job.change_set)
    return True


def continue_apply(job: ImportJob, *, by: User) -> bool:
    """Ask for the rest of a list whose applying failed half-way. Rows already done stay done."""
    if not may_be_continued(job) or not _move(job, ImportState.RUNNING, by=by):
        return False
    ChangeSet.objects.filter(import_job=job).update(state=ChangeState.RUNNING, failure="", finished_at=None)
    return True


def may_be_mapped(job: ImportJob) -> bool:
    """Whether the columns may still be given a meaning: nothing has been applied yet."""
    return job.state in (ImportState.UPLOADED, ImportState.CHECKED) or (job.state == ImportState.FAILED and not job.preview)


def can_write_nothing(job: ImportJob) -> bool:
    """Whether the check found no row that could be written: all were refused, or there is none."""
    return job.state == ImportState.CHECKED and bool(job.counts) and job.counts["refused"] == job.counts["rows"]


def may_be_continued(job: ImportJob) -> bool:
    """Whether applying began and failed, and was not taken back since: only a finished check leaves a preview."""
    is_kept = job.change_set is None or job.change_set.state in (ChangeState.RUNNING, ChangeState.APPLIED)
    return job.state == ImportState.FAILED and bool(job.preview) and is_kept


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
    return ImportJob.objects.select_related("unit", "created_by", "updated_by", "change_set").get(pk=job_pk)


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
    """Close the import and its change set, and leave their trace."""
    if job.change_set is not None:
        close_change_set(job.change_set, counts=counts)
    advance(job, rows_done=job.rows_done, state=ImportState.DONE, finished_at=timezone.now(), counts=counts)
    record_event(AuditVerb.IMPORTED, by=by, subject=job, file=job.original_name, sha256=job.sha256, unit=job.unit.code, counts=counts)
    _tell_of_end(job, ImportState.DONE)


@transaction.atomic
def fail(job: ImportJob, message: str) -> None:
    """Stop the import and say why, in the user's language. Rows of finished chunks stay, and can be taken back."""
    ImportJob.objects.filter(pk=job.pk, state=job.state).update(state=ImportState.FAILED, failure=message, finished_at=timezone.now())
    if job.change_set_id:
        failed = {"state": ChangeState.APPLIED, "failure": message, "finished_at": timezone.now(), "counts": job.counts}
        ChangeSet.objects.filter(pk=job.change_set_id, state=ChangeState.RUNNING).update(**failed)
    _tell_of_end(job, ImportState.FAILED)


def _tell_of_end(job: ImportJob, state: ImportState) -> None:
    key, link = f"import:{job.pk}", reverse("partners:import-detail", args=[job.public_id])
    tell_of_end(job.updated_by or job.created_by, job=job, state=state, started_at=job.started_at, key=key, link=link)
