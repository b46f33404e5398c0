"""Telling somebody something, once."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import override

from crm.choices import NotificationTopic
from crm.models import Notification, User


def notify(users: Iterable[User], *, topic: NotificationTopic, key: str, text: str | Promise, link: str = "") -> None:
    """Leave a line for each account, in its own language. ``key`` says what it is about: who was told of it is not told again."""
    lines = []
    for user in users:
        with override(user.language):
            lines.append(Notification(user=user, topic=topic, key=key[:120], text=str(text)[:400], link=link))
    Notification.objects.bulk_create(lines, ignore_conflicts=True)


def mark_read(user: User, *, pks: Iterable[int] | None = None) -> int:
    """Mark the account's own notifications as read, all or those given; return how many."""
    unread = Notification.objects.visible_to(user).unread()
    return (unread if pks is None else unread.filter(pk__in=pks)).update(read_at=timezone.now())
