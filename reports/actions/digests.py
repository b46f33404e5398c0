"""The weekly digest: subscribing, making it, sending it once."""

import logging
from datetime import date, timedelta
from email.utils import formataddr
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.actions.notifications import notify
from crm.choices import NotificationTopic
from crm.models import User
from crm.permissions import Permission
from reports.actions.digest_parts import content_for
from reports.models import DigestSubscription, WeeklyDigest

logger = logging.getLogger(__name__)

PART_LABELS: dict[str, str | Promise] = {
    "gaps": gettext_lazy("Gaps"),
    "at_risk": gettext_lazy("Partners at risk"),
    "promises": gettext_lazy("Overdue promises"),
    "unreported": gettext_lazy("Units that have not reported"),
}


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


@transaction.atomic
def subscribe(subscription: DigestSubscription, *, by: User) -> DigestSubscription:
    """Keep what an account wants to be told every week, and make this week's digest so. Raises PermissionDenied for others' accounts."""
    if subscription.user_id != by.pk or not by.may(Permission.COVERAGE_VIEW):
        raise PermissionDenied
    subscription.full_clean()
    subscription.save()
    make_digest(subscription, timezone.localdate(), anew=True)
    return subscription


@transaction.atomic
def unsubscribe(user: User, *, by: User) -> None:
    """End the digest; those of past weeks stay readable."""
    if user != by:
        raise PermissionDenied
    DigestSubscription.objects.filter(user=user).delete()


def subscriptions() -> list[DigestSubscription]:
    """Of everybody who may still read figures."""
    rows = DigestSubscription.objects.filter(user__is_active=True, user__is_program=False).select_related("user", "tier").order_by("pk")
    return [row for row in rows if row.user.may(Permission.COVERAGE_VIEW)]


def make_digest(subscription: DigestSubscription, today: date, *, anew: bool = False) -> WeeklyDigest:
    """Make the account's digest of the week, once; ``anew``: also where it is there already and no mail has gone out."""
    user, week = subscription.user, week_of(today)
    there = WeeklyDigest.objects.filter(user=user, week=week).first()
    if there is not None and not (anew and there.mailed_at is None):
        return there
    before = WeeklyDigest.objects.filter(user=user, week__lt=week).order_by("-week").first()
    with translation.override(user.language):
        content = content_for(user, subscription, today, before.content if before else {})
    digest, is_new = WeeklyDigest.objects.update_or_create(user=user, week=week, defaults={"content": content})
    if is_new:
        _tell(digest)
    return digest


def send_digests(week: date, *, mail: BaseEmailBackend) -> tuple[int, int]:
    """Mail every digest of the week to who wants it so; return how many went and how many did not. Safe to run twice."""
    wanted = DigestSubscription.objects.filter(by_mail=True, user__is_active=True).exclude(user__email="").values("user")
    waiting = WeeklyDigest.objects.filter(week=week, mailed_at=None, user__in=wanted).select_related("user").order_by("pk")
    sent = failed = 0
    for digest in waiting:
        try:
            sent += send_digest(digest, mail=mail)
        except (SMTPException, OSError) as error:
            failed += 1
            logger.warning("the weekly digest for account %s was not sent: %s", digest.user_id, error)
    return sent, failed


def send_digest(digest: WeeklyDigest, *, mail: BaseEmailBackend) -> bool:
    """Send one digest; return whether this call did. It is marked before it goes, so that two runs at once send it once.

    Raises SMTPException or OSError where the server does not take it; the mark is then taken off again.
    """
    marked = WeeklyDigest.objects.filter(pk=digest.pk, mailed_at=None).update(mailed_at=timezone.now())
    if not marked:
        return False
    try:
        with translation.override(digest.user.language):
            message = message_of(digest)
        message.connection = mail
        message.send()
    except Exception:
        WeeklyDigest.objects.filter(pk=digest.pk).update(mailed_at=None)
        raise
    return True


def message_of(digest: WeeklyDigest) -> EmailMultiAlternatives:
    """The message in the language that is active: text, and the same as simple HTML."""
    new = sum(part["new"] for part in digest.content["parts"].values())
    subject = _("Nhịp Cầu: the week of %(day)s") % {"day": date_format(digest.week, "SHORT_DATE_FORMAT")}
    if new:
        subject += ngettext(", %(n)s new", ", %(n)s new", new) % {"n": new}
    context: dict[str, Any] = {
        "user": digest.user,
        "digest": digest,
        "parts": parts_shown(digest),
        "site": settings.SITE_URL,
        "page": settings.SITE_URL + reverse("reports:digest"),
        "settings_url": settings.SITE_URL + reverse("reports:digest-settings"),
    }
    name = "".join(character for character in str(digest.user) if character.isprintable())
    text = render_to_string("reports/mail/digest.txt", context)
    message = EmailMultiAlternatives(subject, text, to=[formataddr((name, digest.user.email))])
    message.attach_alternative(render_to_string("reports/mail/digest.html", context), "text/html")
    return message


def parts_shown(digest: WeeklyDigest) -> list[dict[str, Any]]:
    """The parts with their names, in the order in which they are told."""
    parts = digest.content["parts"]
    return [{"name": name, "label": label, **parts[name]} for name, label in PART_LABELS.items() if name in parts]


def _tell(digest: WeeklyDigest) -> None:
    text = gettext_lazy("Your digest of the week is here")
    link = f"{reverse('reports:digest')}?week={digest.week.isoformat()}"
    notify([digest.user], topic=NotificationTopic.DIGEST, key=f"digest:{digest.week.isoformat()}", text=text, link=link)
