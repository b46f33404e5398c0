"""What the secretariat does to reference rows beside editing them."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.models import User
from crm.models.records import Sourced
from crm.permissions import Permission


@transaction.atomic
def confirm_rows(rows: Iterable[Sourced], *, by: User, request: HttpRequest | None = None) -> int:
    """Say that the rows are right. From then on they are the secretariat's, and the files no longer change them.

    Returns how many. Raises PermissionDenied without the right to edit reference data.
    """
    if not by.may(Permission.REFERENCE_EDIT):
        raise PermissionDenied
    now = timezone.now()
    count = 0
    for row in rows:
        row.confirmed_at, row.confirmed_by = now, by
        row._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
        row.save()
        record_event(AuditVerb.CONFIRMED, by=by, subject=row, request=request)
        count += 1
    return count
