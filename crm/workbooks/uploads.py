"""The life of a workbook that came back: taken in, checked, decided on, applied. Every step is one conditional UPDATE."""

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actions.audit import record_event
from crm.actions.job_runs import start_job
from crm.actions.jobs import tell_of_end
from crm.choices import AuditVerb, ChangeKind, ChangeState, ImportState
from crm.identifiers import new_public_id
from crm.models import ChangeSet, Unit, User, WorkbookUpload
from crm.tabular import TabularError
from crm.workbooks.plans import ANOTHER, HERE, MINE, WHOLE_ROW, Decisions
from crm.workbooks.reading import read_label
from crm.workbooks.taking import check_rights

CHECK, APPLY = "crm.check_workbook", "crm.apply_workbook"
IN_WORK = (ImportState.CHECKING, ImportState.RUNNING)
_FILLED_LATER = ("file", "counts", "conflicts", "refused", "preview", "created_by", "updated_by", "archived_by", "failure")


@transaction.atomic
def take_upload(file: IO[bytes], *, name: str, by: User) -> WorkbookUpload:
    """Keep a workbook that came back, and ask for its check. Nothing is written yet.

    Raises ValidationError on ``file`` where it is no workbook of ours, or of a unit that the account does not write for.
    """
    try:
        taken = read_label(file)
    except TabularError as error:
        raise ValidationError({"file": ValidationError(str(error), code=error.code)}) from error
    unit = Unit.objects.filter(code=taken.unit).first()
    try:
        if unit is None:
            raise PermissionDenied
        check_rights(unit, by=by)
    except PermissionDenied as error:
        message = _("This is the workbook of %(unit)s, for which this account may not write. A colleague there has to bring it.")
        refused = ValidationError(message, code="other-unit", params={"unit": unit.name if unit else taken.unit})
        raise ValidationError({"file": refused}) from error
    file.seek(0)
    digest = hashlib.sha256(file.read()).hexdigest()
    upload = WorkbookUpload(unit=unit, original_name=_safe_name(name), sha256=digest, taken_at=taken.at, state=ImportState.CHECKING)
    file.seek(0)
    upload.created_by = upload.updated_by = by
    upload.full_clean(exclude=_FILLED_LATER)
    upload.file.save(f"{new_public_id()}.xlsx", File(file))
    start_job(CHECK, key=str(upload.public_id), parameters={"upload": upload.pk}, asked_by=by)
    return upload


def sent_before(upload: WorkbookUpload) -> WorkbookUpload | None:
    """The latest upload of the very same file before this one."""
    same = WorkbookUpload.objects.filter(unit=upload.unit_id, sha256=upload.sha256, pk__lt=upload.pk)
    return same.select_related("created_by").order_by("-pk").first()


@transaction.atomic
def decide(upload: WorkbookUpload, decisions: Mapping[str, str], *, by: User) -> int:
    """Keep what somebody decided, by the identifier of the conflict: which side stands. Return how many were decided.

    Once the workbook is applied, what was decided is written in the background at once. Raises PermissionDenied.
    """
    _check(upload, by)
    held = WorkbookUpload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if held.state not in (ImportState.CHECKED, ImportState.DONE):
        return 0
    decided = 0
    for conflict in held.conflicts:
        side = decisions.get(conflict["id"], "")
        if conflict.get("settled") or side not in sides_of(conflict):
            continue
        conflict |= {"decision": side, "by": str(by), "at": timezone.now().isoformat(timespec="seconds")}
        decided += 1
    if decided:
        held.updated_by = by
        held.save(update_fields=["conflicts", "updated_by", "updated_at"])
        if held.state == ImportState.DONE:
            _start(held, ImportState.DONE, by=by)
    upload.refresh_from_db()
    return decided


def sides_of(conflict: Mapping[str, Any]) -> tuple[str, ...]:
    """What may be decided of a conflict: about a cell, which side; about a whole row, what it is."""
    if conflict["column"] != WHOLE_ROW:
        return (HERE, MINE)
    return (HERE, ANOTHER) if conflict["is_new"] else (MINE, ANOTHER)


def decisions_of(upload: WorkbookUpload) -> Decisions:
    """What was decided, as the plan of a row asks for it."""
    found: dict[tuple[str, str], dict[str, tuple[str, Any]]] = {}
    for conflict in upload.conflicts:
        if conflict.get("decision"):
            found.setdefault((conflict["sheet"], conflict["key"]), {})[conflict["column"]] = (conflict["decision"], conflict["current"])
    return found


@transaction.atomic
def start_apply(upload: WorkbookUpload, *, by: User) -> bool:
    """Ask for a checked workbook to be applied; what is not decided waits. False where it has been started already."""
    _check(upload, by)
    started = _start(upload, ImportState.CHECKED, by=by)
    upload.refresh_from_db()
    return started


def _start(upload: WorkbookUpload, state: ImportState, *, by: User) -> bool:
    now = timezone.now()
    moved = WorkbookUpload.objects.filter(pk=upload.pk, state=state).update(
        state=ImportState.RUNNING, updated_by=by, updated_at=now, heartbeat_at=now, failure="", finished_at=None
    )
    if not moved:
        return False
    if upload.change_set_id is None:
        change_set = ChangeSet(
            kind=ChangeKind.WORKBOOK, unit_id=upload.unit_id, state=ChangeState.RUNNING, started_at=now, message=upload.original_name[:300],
            created_by=by, updated_by=by,
        )  # fmt: skip
        change_set.save()
        WorkbookUpload.objects.filter(pk=upload.pk).update(change_set=change_set, rows_done=0)
        WorkbookUpload.objects.filter(pk=upload.pk).update(preview={**upload.preview, "rows": []}, refused=[])
    start_job(APPLY, parameters={"upload": upload.pk}, asked_by=by)
    return True


def finish_apply(upload: WorkbookUpload) -> None:
    """Everything that could be is written; from now on it can be taken back as one."""
    now = timezone.now()
    counts = {name: number for name, number in upload.counts.items() if isinstance(number, int)}
    ended = {
        "state": ChangeState.APPLIED,
        "counts": counts,
        "rows_total": upload.rows_done,
        "rows_done": upload.rows_done,
        "finished_at": now,
    }
    ChangeSet.objects.filter(workbook_upload=upload, state__in=(ChangeState.RUNNING, ChangeState.FAILED)).update(**ended)
    if WorkbookUpload.objects.filter(pk=upload.pk, state=ImportState.RUNNING).update(state=ImportState.DONE, finished_at=now):
        record_event(AuditVerb.IMPORTED, by=upload.updated_by, subject=upload, counts=counts)
        _tell(upload, ImportState.DONE, upload.heartbeat_at)


def fail(upload: WorkbookUpload, message: str) -> None:
    """Stop and say why, in the user's language; finished parts stay, and can be taken back."""
    now = timezone.now()
    failed = WorkbookUpload.objects.filter(pk=upload.pk, state__in=IN_WORK)
    if failed.update(state=ImportState.FAILED, failure=message, finished_at=now):
        change_sets = ChangeSet.objects.filter(workbook_upload=upload, state=ChangeState.RUNNING)
        state = ChangeState.APPLIED if upload.rows_done else ChangeState.FAILED
        change_sets.update(state=state, failure=message, finished_at=now)
        _tell(upload, ImportState.FAILED, upload.created_at)


def may_be_applied(upload: WorkbookUpload) -> bool:
    """Whether something of a checked workbook would be written."""
    return upload.state == ImportState.CHECKED and bool(upload.rows_total or any(c.get("decision") for c in upload.conflicts))


def _tell(upload: WorkbookUpload, state: ImportState, since: datetime | None) -> None:
    key, link = f"workbook:{upload.pk}", upload.get_absolute_url()
    tell_of_end(upload.updated_by, job=upload, state=state, started_at=since, key=key, link=link)


def _check(upload: WorkbookUpload, by: User) -> None:
    if not WorkbookUpload.objects.editable_by(by).filter(pk=upload.pk).exists():
        raise PermissionDenied
    check_rights(upload.unit, by=by)


def _safe_name(name: str) -> str:
    """The last part of a file's name without control or direction-changing characters."""
    last = PurePath(name.replace("\\", "/")).name
    kept = "".join(character for character in unicodedata.normalize("NFC", last) if unicodedata.category(character)[0] != "C")
    return kept.strip()[:200] or _("workbook")
