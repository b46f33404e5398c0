from django.core.exceptions import PermissionDenied
from django.db import transaction

from crm.actions.records import archive_record, save_record
from crm.models import User
from crm.permissions import Permission
from partners.models import Person, PersonNote


@transaction.atomic
def save_note(note: PersonNote, *, by: User) -> PersonNote:
    """Keep a note on a person whom the account may see, or change one of its own units. It belongs to the account's unit.

    Raises PermissionDenied where the account may not write it, ValidationError where a rule is broken.
    """
    if note.is_new:
        if not by.may(Permission.PERSON_EDIT) or not by.scope.home_unit_ids:
            raise PermissionDenied
        if not Person.objects.visible_to(by).filter(pk=note.person_id).exists():
            raise PermissionDenied
        note.unit_id = by.scope.home_unit_ids[0]
    else:
        _check_rights(note, by=by)
    save_record(note, by=by)
    return note


def archive_note(note: PersonNote, *, by: User) -> None:
    """Take a note out of use."""
    _check_rights(note, by=by)
    archive_record(note, by=by)


def _check_rights(note: PersonNote, *, by: User) -> None:
    if not by.may(Permission.PERSON_EDIT) or not PersonNote.objects.editable_by(by).filter(pk=note.pk).exists():
        raise PermissionDenied
