"""Checking and applying a workbook in the background: safe to be killed at any point, and to be done twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.job_kinds import job_kind
from crm.actions.job_runs import JobTaken, progress
from crm.choices import ImportState
from crm.models import JobRun, User, WorkbookUpload
from crm.tabular import TabularError
from crm.workbooks import uploads
from crm.workbooks.outcomes import conflict_entries, outcome_entry, refused_entries
from crm.workbooks.plans import Planner, RowFate, RowPlan
from crm.workbooks.reading import ReadSheet, ReadWorkbook, read_workbook
from crm.workbooks.sheets import Vocabularies
from crm.workbooks.taking import check_rights
from crm.workbooks.words import Words
from crm.workbooks.writes import Writer

CHUNK = 100


def give_up_workbook(run: JobRun) -> None:
    """A workbook whose worker was lost over and over, or whose database stayed away, has failed; what the work itself said stands."""
    stage = ImportState.CHECKING if run.name == uploads.CHECK else ImportState.RUNNING
    for upload in WorkbookUpload.objects.filter(pk=run.parameters["upload"], state=stage):
        with translation.override(run.asked_by.language if run.asked_by else "vi"):
            uploads.fail(upload, _unexpected())


@job_kind(uploads.CHECK, gettext_lazy("Check a workbook"), give_up=give_up_workbook)
def check_workbook(run: JobRun) -> dict[str, Any] | None:
    """Say of each row what would become of it. Rows that would be written are tried out, so that every rule has been asked."""
    upload = WorkbookUpload.objects.select_related("unit", "created_by").get(pk=run.parameters["upload"])
    if upload.state != ImportState.CHECKING:
        return None
    with _failing_clearly(upload), upload.file.open("rb") as file:
        by = _author(upload)
        work = _Work(upload, read_workbook(file), by=by)
        plans = work.survey()
        progress(run, 0, total=len(plans))
        for start in range(0, len(plans), CHUNK):
            for plan in plans[start : start + CHUNK]:
                if plan.writes:
                    work.writer.try_out(plan)
            done = min(start + CHUNK, len(plans))
            WorkbookUpload.objects.filter(pk=upload.pk).update(rows_done=done, rows_total=len(plans), heartbeat_at=timezone.now())
            progress(run, done)
        values = {
            "counts": {**work.counts_of(plans), "rows": work.rows},
            "conflicts": [entry for plan in plans for entry in conflict_entries(plan, work.words, work.sheets)],
            "refused": [entry for plan in plans for entry in refused_entries(plan, work.words, work.sheets)],
            "preview": {"notes": work.workbook.notes, "rows": [outcome_entry(plan, work.words, work.sheets) for plan in plans]},
            "rows_total": sum(plan.writes for plan in plans), "rows_done": 0, "state": ImportState.CHECKED, "finished_at": timezone.now(),
        }  # fmt: skip
        WorkbookUpload.objects.filter(pk=upload.pk, state=ImportState.CHECKING).update(**values)
    return None


@job_kind(uploads.APPLY, gettext_lazy("Apply a workbook"), give_up=give_up_workbook)
def apply_workbook(run: JobRun) -> dict[str, Any] | None:
    """Write what a checked workbook asks for, some rows in each transaction, each looked at anew as things stand by then."""
    upload = WorkbookUpload.objects.select_related("unit", "updated_by", "change_set").get(pk=run.parameters["upload"])
    if upload.state != ImportState.RUNNING:
        return None
    with _failing_clearly(upload), upload.file.open("rb") as file:
        work = _Work(upload, read_workbook(file), by=_author(upload))
        waiting = work.not_done(work.survey())
        progress(run, upload.rows_done, total=upload.rows_done + len(waiting))
        for start in range(0, len(waiting), CHUNK):
            with transaction.atomic():
                work.apply(waiting[start : start + CHUNK])
                progress(run, upload.rows_done)
        uploads.finish_apply(upload)
    return None


class _Work:
    """One workbook on its way into the records."""

    def __init__(self, upload: WorkbookUpload, workbook: ReadWorkbook, *, by: User) -> None:
        check_rights(upload.unit, by=by)
        self.upload, self.workbook, self.by = upload, workbook, by
        self.words = Words(Vocabularies.read(), workbook.references)
        self.planner = Planner(workbook, self.words, upload.unit, by, uploads.decisions_of(upload))
        self.writer = Writer(upload.unit, by=by)
        self.sheets: dict[str, ReadSheet] = {read.sheet.code: read for read in workbook.sheets}
        self.rows = 0

    def survey(self) -> list[RowPlan]:
        """All rows that say something new, sheet by sheet."""
        found = []
        for read in self.workbook.sheets:
            plans = self.planner.survey(read)
            self.rows += len(plans)
            found += [plan for plan in plans if plan.fate is not RowFate.UNCHANGED]
        self.writer.new = {plan.key: plan for plan in found if plan.fate is RowFate.CREATED}
        return found

    def counts_of(self, plans: list[RowPlan]) -> dict[str, int]:
        fates = Counter(plan.fate.value for plan in plans)
        fates["conflicts"] = sum(len(plan.conflicts) for plan in plans)
        fates["unchanged"] = self.rows - len(plans)
        return dict(fates)

    def not_done(self, plans: list[RowPlan]) -> list[RowPlan]:
        """The rows still to be written: those that a worker lost meanwhile has not done, and those decided on since."""
        done = {(row["sheet"], row["row"]) for row in self.upload.preview.get("rows", ())}
        decided = {(entry["sheet"], entry["row"]) for entry in self.upload.conflicts if entry.get("decision") and not entry.get("settled")}
        return [plan for plan in plans if (plan.row.sheet, plan.row.number) in decided or (plan.row.sheet, plan.row.number) not in done]

    def apply(self, plans: list[RowPlan]) -> None:
        """Write these rows, and keep what became of them in the same transaction."""
        upload, ended = self.upload, []
        for code in dict.fromkeys(plan.row.sheet for plan in plans):
            surveyed = {plan.row.number: plan for plan in plans if plan.row.sheet == code}
            rows = [plan.row for plan in surveyed.values() if plan.fate is not RowFate.REFUSED]
            ended += [plan for plan in surveyed.values() if plan.fate is RowFate.REFUSED]
            for plan in self.planner.plan(self.sheets[code].sheet, rows, locked=True):
                if plan.writes and upload.change_set is not None:
                    self.writer.write(plan, upload.change_set)
                ended.append(plan)
        self._keep(ended)

    def _keep(self, plans: list[RowPlan]) -> None:
        upload = self.upload
        mine = {(plan.row.sheet, plan.row.number) for plan in plans}

        def of_others(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [entry for entry in entries if (entry["sheet"], entry["row"]) not in mine]

        settled = [
            {**entry, "settled": True} for entry in upload.conflicts if entry.get("decision") and (entry["sheet"], entry["row"]) in mine
        ]
        open_again = [entry for plan in plans for entry in conflict_entries(plan, self.words, self.sheets)]
        names = {entry["id"] for entry in open_again}
        upload.conflicts = [*of_others(upload.conflicts), *(entry for entry in settled if entry["id"] not in names), *open_again]
        upload.refused = [
            *of_others(upload.refused),
            *(entry for plan in plans for entry in refused_entries(plan, self.words, self.sheets)),
        ]
        rows = [outcome_entry(plan, self.words, self.sheets) for plan in plans]
        upload.preview = {**upload.preview, "rows": [*of_others(upload.preview.get("rows", [])), *rows]}
        fates = Counter(row["fate"] for row in upload.preview["rows"])
        open_now = sum(not entry.get("settled") and not entry.get("decision") for entry in upload.conflicts)
        kept = {name: upload.counts.get(name, 0) for name in ("rows", "unchanged")}
        upload.counts = {**fates, **kept, "conflicts": open_now}
        upload.rows_done += len(plans)
        upload.heartbeat_at = timezone.now()
        upload.save(update_fields=["conflicts", "refused", "preview", "counts", "rows_done", "heartbeat_at"])


def _author(upload: WorkbookUpload) -> User:
    author: User = upload.updated_by or upload.created_by  # type: ignore[assignment]  # every step is asked for by somebody
    return author


@contextmanager
def _failing_clearly(upload: WorkbookUpload) -> Iterator[None]:
    try:
        yield
    except (JobTaken, OperationalError):
        # Another worker has it, or the database was away for a moment: it is taken up again.
        raise
    except TabularError as error:
        uploads.fail(upload, str(error))
    except PermissionDenied:
        uploads.fail(upload, _("The account may no longer write for this unit."))
    except Exception:
        uploads.fail(upload, _unexpected())
        raise


def _unexpected() -> str:
    return _("An unexpected error stopped the work. Nothing of the unfinished part was kept. Tell the administrator.")
