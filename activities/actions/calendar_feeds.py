"""Making and revoking the secret addresses of calendars."""

import secrets
from hashlib import sha256

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activities.actions.burdens import people_to_hand_over_for
from activities.models import CalendarFeed
from crm.actions.audit import record_event
from crm.choices import AuditVerb
from crm.models import Unit, User

FEEDS_AT_MOST = 20
TOKEN_BYTES = 32


def digest_of(token: str) -> str:
    """What is kept of a secret: whoever reads the database cannot read the calendar."""
    return sha256(token.encode()).hexdigest()


@transaction.atomic
def make_feed(*, by: User, unit: Unit | None = None) -> tuple[CalendarFeed, str]:
    """Make an address for the account's own days, or those of one of its units; return it with its secret, told only now.

    Raises PermissionDenied for a unit outside the account's own, ValidationError when there are too many.
    """
    if unit is not None and not by.scope.may_write_for(unit.pk):
        raise PermissionDenied
    if CalendarFeed.objects.visible_to(by).in_use().count() >= FEEDS_AT_MOST:
        raise ValidationError(
            _("You have %(count)s calendar addresses. Revoke one first."), params={"count": FEEDS_AT_MOST}, code="too-many"
        )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed = CalendarFeed.objects.create(user=by, unit=unit, token_digest=digest_of(token))
    record_event(AuditVerb.FEED_MADE, by=by, subject=feed, unit=unit.code if unit else "")
    return feed, token


@transaction.atomic
def revoke_feed(feed: CalendarFeed, *, by: User) -> None:
    """End an address for ever: programs that still read it are told that it is gone.

    Raises PermissionDenied for the address of somebody else whose work the account may not pass on.
    """
    if feed.user_id != by.pk and not people_to_hand_over_for(by).filter(pk=feed.user_id).exists():
        raise PermissionDenied
    if feed.revoked_at is None:
        feed.revoked_at = timezone.now()
        feed.save(update_fields=["revoked_at"])
        record_event(AuditVerb.FEED_REVOKED, by=by, subject=feed, owner=feed.user.username)
