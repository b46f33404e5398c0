"""The e-mail digest: what an account was told and has not read, in one message, sent once."""

import logging
from collections.abc import Sequence
from datetime import date
from email.utils import formataddr
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from crm.choices import DigestRhythm
from crm.models import Notification, User

logger = logging.getLogger(__name__)

LINES_AT_MOST = 50
MONDAY, FRIDAY = 0, 4


def digest_readers(day: date) -> list[User]:
    """Accounts that get a digest on the day and have something unread to be told: daily on working days, weekly on Mondays."""
    rhythms = [DigestRhythm.DAILY] if day.weekday() <= FRIDAY else []
    rhythms += [DigestRhythm.WEEKLY] if day.weekday() == MONDAY else []
    waiting = Notification.objects.unmailed().values("user")
    people = User.objects.filter(is_active=True, is_program=False, digest__in=rhythms, pk__in=waiting)
    return list(people.exclude(email="").order_by("pk"))


def send_digests(day: date, *, mail: BaseEmailBackend) -> int:
    """Send every digest of the day; return how many could not be sent. Safe to run twice.

    A mail server that does not answer loses nothing: those lines stay unmailed and go out with the next run.
    """
    failed = 0
    for user in digest_readers(day):
        try:
            send_digest(user, mail=mail)
        except (SMTPException, OSError) as error:
            failed += 1
            logger.warning("the digest for account %s was not sent: %s", user.pk, error)
    return failed


def send_digest(user: User, *, mail: BaseEmailBackend) -> bool:
    """Send the account what it has not read and was not mailed yet; return whether there was anything.

    The lines are marked before the message goes out, so that two runs at once send it once and no transaction stays open
    while a mail server thinks: on SQLite nobody else could write as long. Raises SMTPException or OSError where the
    server does not take the message. Whatever fails, the marks are taken off again.
    """
    lines = _take_unmailed(user)
    if not lines:
        return False
    try:
        with translation.override(user.language):
            message = digest_of(user, lines)
        message.connection = mail
        message.send()
    except Exception:
        Notification.objects.filter(pk__in=[line.pk for line in lines]).update(mailed_at=None)
        raise
    return True


@transaction.atomic
def _take_unmailed(user: User) -> list[Notification]:
    """The account's unmailed lines, marked as mailed; those that another run is taking are left to it."""
    waiting = Notification.objects.visible_to(user).unmailed().order_by("topic", "-created_at", "-id")
    lines = list(waiting.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked))
    Notification.objects.filter(pk__in=[line.pk for line in lines]).update(mailed_at=timezone.now())
    return lines


def digest_of(user: User, lines: Sequence[Notification]) -> EmailMultiAlternatives:
    """The message in the language that is active: text, and the same as simple HTML."""
    subject = ngettext("Nhịp Cầu: %(count)s thing to know", "Nhịp Cầu: %(count)s things to know", len(lines)) % {"count": len(lines)}
    context: dict[str, Any] = {
        "user": user,
        "lines": lines[:LINES_AT_MOST],
        "more": max(len(lines) - LINES_AT_MOST, 0),
        "site": settings.SITE_URL,
        "all_url": settings.SITE_URL + reverse("crm:notification-list"),
        "settings_url": settings.SITE_URL + reverse("crm:preferences"),
    }
    text = render_to_string("crm/mail/digest.txt", context)
    name = "".join(character for character in str(user) if character.isprintable())
    message = EmailMultiAlternatives(subject, text, to=[formataddr((name, user.email))])
    message.attach_alternative(render_to_string("crm/mail/digest.html", context), "text/html")
    return message
