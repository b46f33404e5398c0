"""Keeping no more of a person than the work needs (Law 91/2025 on the protection of personal data)."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from crm.actions.versions import record_changes
from crm.models import ChangeSetEntry, User
from partners.actions.people import check_rights, save_person
from partners.choices import Consent
from partners.models import Person, PersonNote

# Name, posts and the country stay: they are published, and exchanges name them.
ERASED = ("email", "phone", "languages", "protocol_notes")
CONSENT_WITHDRAWN = "consent withdrawn"


@transaction.atomic
def keep_the_least(person: Person, *, by: User) -> Person:
    """Note that a person's consent is withdrawn, and erase contact data and notes: here, in earlier versions, in change sets.

    The same in the records that were merged into this one, also by way of others: taken apart again, they bring nothing
    back. This is the one thing in the product that does not come back. Name, posts and exchanges stay. The versions keep
    that it was done, when and by whom, without what was erased. Raises PermissionDenied where the account may not write
    the person.
    """
    check_rights(person, by=by)
    for name in ERASED:
        setattr(person, name, "")
    person.consent, person.consent_on = Consent.WITHDRAWN, timezone.localdate()
    person._change_reason = CONSENT_WITHDRAWN  # type: ignore[attr-defined]  # read by django-simple-history
    save_person(person, by=by)
    merged = _merged_into(person)
    nothing: dict[str, Any] = dict.fromkeys(ERASED, "")
    withdrawn = {"consent": person.consent, "consent_on": person.consent_on, "revision": F("revision") + 1}
    Person.objects.filter(pk__in=merged).update(**nothing, **withdrawn, updated_at=timezone.now(), updated_by=by)
    record_changes(list(Person.objects.filter(pk__in=merged)), by=by, reason=CONSENT_WITHDRAWN)
    everyone = [person.pk, *merged]
    Person.history.filter(id__in=everyone).update(**nothing)
    _erase_notes(everyone, by=by)
    _erase_in_change_sets("partners.person", everyone, ERASED)
    return person


def _merged_into(person: Person) -> list[int]:
    """The records that lead to this person, by one merge or several."""
    found: list[int] = []
    newest = [person.pk]
    while newest:
        newest = list(Person.objects.filter(merged_into__in=newest).values_list("pk", flat=True))
        found += newest
    return found


def _erase_notes(people: list[int], *, by: User) -> None:
    """Also those that the account may not read: what is not needed any more is not needed by anybody."""
    now = timezone.now()
    notes = list(PersonNote.objects.filter(person__in=people))
    for note in notes:
        note.text = ""
        note.revision += 1
        note.updated_at, note.updated_by = now, by
        note.archived_at, note.archived_by = note.archived_at or now, note.archived_by or by
    PersonNote.objects.bulk_update(notes, ["text", "revision", "updated_at", "updated_by", "archived_at", "archived_by"])
    PersonNote.history.filter(person__in=people).update(text="")
    _erase_in_change_sets("partners.personnote", [note.pk for note in notes], ("text",))


def _erase_in_change_sets(label: str, pks: list[int], columns: tuple[str, ...]) -> None:
    """Take the columns out of what undoing would bring back."""
    entries = list(ChangeSetEntry.objects.filter(model=label, object_pk__in=pks))
    for entry in entries:
        for side in filter(None, (entry.before, entry.after)):
            for column in columns:
                side.pop(column, None)
    ChangeSetEntry.objects.bulk_update(entries, ["before", "after"])
