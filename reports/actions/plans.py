"""The yearly plan: writing its lines, and copying them from the year before."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.actions.records import archive_record, restore_record, save_record
from crm.choices import ChangeKind
from crm.models import ChangeSet, User
from crm.permissions import Permission
from reports.actions.copying import write_copies, years_later
from reports.metrics.plans import lines_of
from reports.models import PlanLine
from reports.models.plans import SCOPE

COPIED = (*SCOPE, "required", "cadence_days", "least_level", "exempt", "directive", "reason", "is_demo")


def save_plan_line(line: PlanLine, *, by: User) -> PlanLine:
    """Write a line of the plan. Raises PermissionDenied, or ValidationError naming the line that it overlaps with."""
    _check_rights(by)
    save_record(line, by=by)
    return line


def archive_plan_line(line: PlanLine, *, by: User) -> None:
    """Take a line out of use: from now on it asks for nothing, on no day."""
    _check_rights(by)
    archive_record(line, by=by)


def restore_plan_line(line: PlanLine, *, by: User) -> None:
    """Bring a line back, unless another of the same scope took its days meanwhile."""
    _check_rights(by)
    restore_record(line, by=by)


@dataclass(frozen=True)
class LineCopy:
    """A line of last year, and what would become of it: the new line, or why there is none."""

    line: PlanLine
    copy: PlanLine
    skipped: str | Promise = ""


def copies_for(year: int) -> list[LineCopy]:
    """What copying the plan of the year before would make, line by line. Two queries."""
    there = list(lines_of(year))
    return [_copy_of(line, year, there) for line in lines_of(year - 1)]


@transaction.atomic
def copy_plan(year: int, *, by: User) -> ChangeSet:
    """Copy every line of the year before that has none in the year yet, its days a year later, as one change set.

    Raises PermissionDenied, or ValidationError where there is nothing to copy.
    """
    _check_rights(by)
    # Two who copy at once: the second finds the lines of the first.
    PlanLine.objects.select_for_update(no_key=True).filter(pk__in=[line.pk for line in lines_of(year - 1)]).order_by("pk").first()
    new = [row.copy for row in copies_for(year) if not row.skipped]
    if not new:
        raise ValidationError(_("There is nothing to copy from %(year)s.") % {"year": year - 1}, code="nothing")
    for line in new:
        line.clean_fields(exclude={"created_by", "updated_by", "archived_by", "copied_from"})
    message = _("Plan of %(year)s, copied from %(before)s") % {"year": year, "before": year - 1}
    return write_copies(new, kind=ChangeKind.PLAN, message=message, unit_id=by.scope.home_unit_ids[0], by=by)


def _copy_of(line: PlanLine, year: int, there: list[PlanLine]) -> LineCopy:
    copy = PlanLine(copied_from=line, valid_from=years_later(line.valid_from, 1), valid_to=years_later(line.valid_to, 1))
    for name in COPIED:
        setattr(copy, name, getattr(line, name))
    if line in there:
        return LineCopy(line, copy, gettext_lazy("It holds on in the new year."))
    if any(_same_scope(line, other) and _meet(copy, other) for other in there):
        return LineCopy(line, copy, gettext_lazy("The new year has a line for it already."))
    return LineCopy(line, copy)


def _same_scope(one: PlanLine, other: PlanLine) -> bool:
    return all(getattr(one, f"{name}_id") == getattr(other, f"{name}_id") for name in SCOPE)


def _meet(one: PlanLine, other: PlanLine) -> bool:
    """Whether both hold on some day."""
    return (one.valid_from or date.min) < (other.valid_to or date.max) and (other.valid_from or date.min) < (one.valid_to or date.max)


def _check_rights(by: User) -> None:
    if not by.may(Permission.PLAN_EDIT):
        raise PermissionDenied
