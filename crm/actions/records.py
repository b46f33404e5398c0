"""Saving and archiving one record, with the marks that every record carries."""

from django.db import transaction
from django.utils import timezone

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.models import User
from crm.models.records import Record

# Set by the machine, so never wrong because of somebody's input; skipping them saves a query each.
_MACHINE_FIELDS = frozenset({"public_id", "revision", "created_by", "updated_by", "archived_by", "archived_at"})


@transaction.atomic
def save_record(record: Record, *, by: User) -> None:
    """Validate and save one record, with its next revision and who did it.

    Raises ValidationError when a rule is broken. Rights are the caller's to check, since they differ by noun.
    """
    record.updated_by = by
    if record.is_new:
        record.created_by = by
    else:
        stored = type(record)._default_manager.select_for_update().values_list("revision", flat=True).get(pk=record.pk)
        record.revision = stored + 1
    record.full_clean(exclude=_MACHINE_FIELDS)
    record._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    record.save()


@transaction.atomic
def archive_record(record: Record, *, by: User) -> None:
    """Take a record out of use. It stays readable, with when and by whom."""
    if record.is_archived:
        return
    record.archived_at, record.archived_by = timezone.now(), by
    save_record(record, by=by)
    record_event(AuditVerb.ARCHIVED, by=by, subject=record)


@transaction.atomic
def restore_record(record: Record, *, by: User) -> None:
    """Bring an archived record back into use."""
    if not record.is_archived:
        return
    record.archived_at = record.archived_by = None
    save_record(record, by=by)
    record_event(AuditVerb.RESTORED, by=by, subject=record)
