"""Telling somebody something, once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import override

from crm.choices import NotificationTopic
from crm.models import Membership, Notification, Unit, User
from crm.permissions import ROLE_PERMISSIONS, Permission

BATCH = 1_000


@dataclass(frozen=True)
class Telling:
    """One thing to be told. ``key`` says what it is about: who was told of it is not told again. ``text`` may be lazy."""

    users: Iterable[User]
    topic: NotificationTopic
    key: str
    text: str | Promise
    link: str = ""


def notify(users: Iterable[User], *, topic: NotificationTopic, key: str, text: str | Promise, link: str = "") -> None:
    """Leave a line for each account, in its own language. ``key`` says what it is about: who was told of it is not told again."""
    notify_of([Telling(users, topic, key, text, link)])


def notify_of(tellings: Iterable[Telling]) -> None:
    """Leave the lines of many tellings, in one statement for each thousand."""
    lines = []
    for telling in tellings:
        for user in telling.users:
            with override(user.language):
                text = str(telling.text)[:400]
            lines.append(Notification(user=user, topic=telling.topic, key=telling.key[:120], text=text, link=telling.link))
    Notification.objects.bulk_create(lines, ignore_conflicts=True, batch_size=BATCH)


def holders_of(permission: Permission, *, unit: Unit | None = None) -> QuerySet[User]:
    """The accounts of people who hold a role with this permission today, in the unit or in whatever unit."""
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if permission in permissions]
    held = Membership.objects.on(timezone.localdate()).filter(role__in=roles)
    held = held.filter(unit=unit) if unit else held
    return User.objects.filter(pk__in=held.values("user"), is_active=True, is_program=False)


def mark_read(user: User, *, pks: Iterable[int] | None = None) -> int:
    """Mark the account's own notifications as read, all or those given; return how many."""
    unread = Notification.objects.visible_to(user).unread()
    return (unread if pks is None else unread.filter(pk__in=pks)).update(read_at=timezone.now())


def mark_unread(user: User, *, pks: Iterable[int]) -> int:
    """Take ``mark_read`` back for the account's own notifications given; return how many."""
    return Notification.objects.visible_to(user).filter(pk__in=pks, read_at__isnull=False).update(read_at=None)


def settle(users: Iterable[User], *, key: str) -> int:
    """Mark as read what these accounts were told under keys that begin so: the matter is closed. Return how many lines."""
    told = Notification.objects.filter(user__in=[user.pk for user in users], key__startswith=key)
    return told.unread().update(read_at=timezone.now())
