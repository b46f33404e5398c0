"""Saving and archiving one record, with the marks that every record carries."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.models import User
from crm.models.records import Record

# Set by the machine, so never wrong because of somebody's input; skipping them saves a query each. Not so ``archived_at``:
# constraints on rows in use ask for it, and Django skips a constraint of which a column is left out.
MACHINE_FIELDS = frozenset({"public_id", "revision", "created_by", "updated_by", "archived_by"})


@transaction.atomic
def save_record(record: Record, *, by: User) -> None:
    """Validate and save one record, with its next revision and who did it.

    Raises ValidationError when a rule is broken, or when somebody else has saved the record since it was read. Rights are
    the caller's to check, since they differ by noun.
    """
    if record.is_new:
        record.created_by = by
    else:
        refuse_merged(record)
        _hold_unchanged(record)
    record.updated_by = by
    record.full_clean(exclude=MACHINE_FIELDS)
    if not record.is_new:
        record.revision += 1
    record._history_user = by  # type: ignore[attr-defined]  # read by django-simple-history
    record.save()


def refuse_merged(record: Record) -> None:
    """Raise ValidationError for a record that was merged: only its survivor is written, until the merge is taken apart."""
    if getattr(record, "merged_into_id", None) is not None:
        survivor = record.merged_into  # type: ignore[attr-defined]  # Mergeable
        raise ValidationError(
            _("This record was merged into “%(survivor)s”. Change that one, or take the merge apart."),
            code="merged",
            params={"survivor": survivor},
        )


def changed_meanwhile(by: User | None) -> ValidationError:
    """What is said to whoever saves second; the first one's words stand."""
    return ValidationError(
        _("%(who)s changed this record while you were writing. Nothing is lost: look at what differs, decide, and save again."),
        code="changed-meanwhile",
        params={"who": by or _("Somebody")},
    )


def _hold_unchanged(record: Record) -> None:
    """Lock the stored row until the transaction ends, and refuse where it is no longer the one that was read.

    Without the key: rows that point at the record may be added meanwhile, so that two writers never wait for each other.
    """
    stored = type(record)._default_manager.select_for_update(no_key=True).only("revision", "updated_by").get(pk=record.pk)
    if stored.revision != record.revision:
        raise changed_meanwhile(stored.updated_by)


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
