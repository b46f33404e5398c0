from django.core.exceptions import PermissionDenied
from django.db import transaction

from crm.actions.records import archive_record, restore_record, save_record
from crm.models import User
from crm.permissions import Permission
from partners.models import Person, Post


@transaction.atomic
def save_person(person: Person, *, by: User, post: Post | None = None) -> Person:
    """Record a person, or change one; with ``post`` also the post held at a partner.

    Raises PermissionDenied where the account may not write the person, ValidationError where a rule is broken.
    """
    check_rights(person, by=by)
    if person.is_new and person.unit_id is None and by.scope.home_unit_ids:
        person.unit_id = by.scope.home_unit_ids[0]
    if person.is_new and not by.scope.may_write_for(person.unit_id):
        raise PermissionDenied
    save_record(person, by=by)
    if post is not None:
        post.person = person
        save_record(post, by=by)
    return person


@transaction.atomic
def save_post(post: Post, *, by: User) -> Post:
    """Record a post of a person at a partner, or change one. Whoever may write the person may write the posts."""
    check_rights(post.person, by=by)
    save_record(post, by=by)
    return post


def archive_person(person: Person, *, by: User) -> None:
    """Take a person out of use; exchanges keep the name."""
    check_rights(person, by=by)
    archive_record(person, by=by)


def restore_person(person: Person, *, by: User) -> None:
    """Bring an archived person back."""
    check_rights(person, by=by)
    restore_record(person, by=by)


def check_rights(person: Person, *, by: User) -> None:
    """Raise PermissionDenied unless the account may write the person."""
    if not by.may(Permission.PERSON_EDIT):
        raise PermissionDenied
    if not person.is_new and not Person.objects.editable_by(by).filter(pk=person.pk).exists():
        raise PermissionDenied
