"""Keeping the Word and Excel templates that staff bring."""

import hashlib
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.actions.records import archive_record, save_record
from crm.models import User
from reports.choices import FileFormat
from reports.models import ReportTemplate

# Reads the file and raises ValidationError for what is wrong with it. Given by the caller, since documents are read above the actions.
Check = Callable[[bytes, FileFormat], None]


@transaction.atomic
def save_report_template(template: ReportTemplate, *, by: User, check: Check) -> None:
    """Keep a template of the account's unit, or at the centre of everybody. Raises ValidationError, also for what ``check`` finds."""
    if not may_keep_for(template.unit_id, by):
        raise ValidationError({"unit": ValidationError(_("Only the centre keeps templates for everybody."), code="foreign-unit")})
    content = bytes(template.content)
    try:
        check(content, FileFormat(template.format))
    except ValidationError as error:
        raise ValidationError({"file": error.error_list}) from error
    template.sha256 = hashlib.sha256(content).hexdigest()
    save_record(template, by=by)


@transaction.atomic
def archive_report_template(template: ReportTemplate, *, by: User) -> None:
    """Take a template out of use. Reports that are issued keep their files; drafts that name it take the usual one again."""
    if not may_keep_for(template.unit_id, by):
        raise ValidationError(_("Only the centre keeps templates for everybody."), code="foreign-unit")
    archive_record(template, by=by)


def may_keep_for(unit_id: int | None, user: User) -> bool:
    return user.scope.central if unit_id is None else user.scope.may_write_for(unit_id)
