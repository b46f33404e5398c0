"""Writing a periodic report, issuing it, and holding what was issued against what it was made from."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.actions.notifications import notify
from crm.actions.records import save_record
from crm.choices import AuditVerb, NotificationTopic, Role
from crm.models import Membership, User
from crm.permissions import Permission
from reports.actions.periodic_papers import USUAL_SECTIONS, Issue, Paper, digest_of, paper_of
from reports.choices import FileFormat
from reports.metrics.days import policy_on
from reports.metrics.periodic.ledger import bears_out, compare, ledger_of
from reports.metrics.periodic.spans import span_of
from reports.models import IssuedFile, IssuedReport, PeriodicReport, ReportSection

# Draws the files of a paper. Given by the caller, since documents are made above the actions.
Draw = Callable[[PeriodicReport, Paper], Mapping[FileFormat, bytes]]
READING_ROLES = (Role.UNIT_LEAD, Role.SECRETARIAT)


@transaction.atomic
def save_periodic_report(report: PeriodicReport, *, by: User, texts: Mapping[str, str] | None = None) -> None:
    """Save a draft. To make a new one we also give it its usual sections; ``texts`` are what stands in them, by code.

    Raises PermissionDenied without the right, and ValidationError, among others for a unit that the account does not write for.
    """
    if not by.may(Permission.REPORT_EDIT):
        raise PermissionDenied
    if not by.scope.may_write_for(report.unit_id):
        raise ValidationError({"unit": ValidationError(_("Choose a unit of your own, or one below it."), code="foreign-unit")})
    is_new = report.is_new
    save_record(report, by=by)
    if is_new:
        for order, (code, heading) in enumerate(USUAL_SECTIONS, start=1):
            _save_section(ReportSection(report=report, code=code, heading=heading, order=order), by=by)
    for section in report.sections.filter(code__in=texts or {}):
        if section.text != (texts or {})[section.code]:
            section.text = (texts or {})[section.code]
            _save_section(section, by=by)


@transaction.atomic
def issue_report(report: PeriodicReport, *, by: User, draw: Draw, note: str = "", seen_revision: int | None = None) -> IssuedReport:
    """Issue the report as it stands now: number 1, or a corrected one with the next number and a note of what changed.

    To issue it, we also freeze figures, ledger and text with the digest of all of them, keep the bytes of both files, leave an
    audit event, and tell those who lead the units above. ``seen_revision``: the draft that the author has read; without it
    whatever stands is issued. Raises PermissionDenied, and ValidationError where nothing was on record, where the report is
    archived or another draft than the one seen, where a correction has no note, or where records changed while figures and
    ledger were read.
    """
    if not by.may(Permission.REPORT_ISSUE) or not by.scope.may_write_for(report.unit_id):
        raise PermissionDenied
    held = PeriodicReport.objects.select_for_update(no_key=True).get(pk=report.pk)
    if held.is_archived:
        raise ValidationError(_("This report is archived. Restore it first."), code="archived")
    if seen_revision not in (None, held.revision):
        message = _("%(who)s changed the text of this report since you opened this page. Read it again, then issue.")
        raise ValidationError(message, code="changed-meanwhile", params={"who": held.updated_by or _("Somebody")})
    last = held.issues.order_by("-number").first()
    if last is not None and not note.strip():
        raise ValidationError({"note": ValidationError(_("Say what this issue corrects."), code="note")})
    today = timezone.localdate()
    ledger = ledger_of(span_of(held, today=today))
    number = (held.issues.aggregate(last=Max("number"))["last"] or 0) + 1
    paper = paper_of(held, today=today, issue=Issue(number, note.strip(), _counted(last, ledger)))
    if not paper.figures.has_data:
        raise ValidationError(_("Nothing is on record for this period. Declare that there is nothing to report instead."), code="no-data")
    if not bears_out(ledger, paper.figures):
        raise ValidationError(_("Records of this period were changed just now. Look at the figures again, then issue."), code="moving")
    issued = _freeze(held, paper, ledger, by=by)
    for file_format, content in draw(held, paper).items():
        IssuedFile.objects.create(issued=issued, format=file_format, content=content, sha256=hashlib.sha256(content).hexdigest())
    record_event(AuditVerb.ISSUED, by=by, subject=held, number=number, sha256=issued.inputs_sha256)
    _tell_above(issued, by=by)
    return issued


def recheck_issued(issued: IssuedReport) -> bool:
    """Work out the digests of an issued report and of its files anew, note when, and return whether all are the same."""
    digest = digest_of(content=issued.content, figures=issued.figures, ledger=issued.ledger, policy=issued.policy.code, as_of=issued.as_of)
    files = list(issued.files.all())
    is_intact = digest == issued.inputs_sha256 and {file.format for file in files} == set(FileFormat.values)
    is_intact = is_intact and all(hashlib.sha256(bytes(file.content)).hexdigest() == file.sha256 for file in files)
    issued.checked_at, issued.is_intact = timezone.now(), is_intact
    issued.save(update_fields=["checked_at", "is_intact"])
    return is_intact


def may_issue(report: PeriodicReport, user: User) -> bool:
    return user.may(Permission.REPORT_ISSUE) and user.scope.may_write_for(report.unit_id) and not report.is_archived


def _freeze(report: PeriodicReport, paper: Paper, ledger: Any, *, by: User) -> IssuedReport:
    content, figures = paper.to_document(), paper.figures.to_document()
    issued = IssuedReport(
        report=report,
        number=paper.issue or 1,
        issued_by=by,
        as_of=paper.as_of,
        policy=policy_on(paper.as_of),
        content=content,
        figures=figures,
        ledger=ledger,
        inputs_sha256=digest_of(content=content, figures=figures, ledger=ledger, policy=paper.policy, as_of=paper.as_of),
    )
    issued.full_clean(exclude=["checked_at", "is_intact"])
    issued.save()
    return issued


def _counted(last: IssuedReport | None, ledger: Any) -> tuple[str, ...]:
    """How many rows the new issue counts otherwise than the last one, in the words of the paper."""
    if last is None:
        return ()
    found = compare(last.ledger, ledger)
    words = (("added", "thêm {} dòng"), ("removed", "bớt {} dòng"), ("changed", "sửa {} dòng"))
    return tuple(text.format(len(rows)) for what, text in words if (rows := found.of(what)))


def _save_section(section: ReportSection, *, by: User) -> None:
    section.full_clean()
    section._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    section.save()


def _tell_above(issued: IssuedReport, *, by: User) -> None:
    """Leave a line for those who lead the units above."""
    told = [user for user in _readers_above(issued.report, timezone.localdate()) if user != by]
    text = _("%(unit)s issued “%(title)s”, number %(number)s")
    named = {"unit": issued.report.unit.display, "title": issued.report.title, "number": issued.number}
    key = f"report-issued:{issued.public_id}"
    notify(told, topic=NotificationTopic.REPORT, key=key, text=text % named, link=issued.get_absolute_url())


def _readers_above(report: PeriodicReport, day: date) -> Sequence[User]:
    codes = report.unit.path.strip("/").split("/")[:-1]
    held = Membership.objects.on(day).filter(unit__code__in=codes, role__in=READING_ROLES, user__is_active=True, user__is_program=False)
    return list(dict.fromkeys(membership.user for membership in held.select_related("user").order_by("id")))
