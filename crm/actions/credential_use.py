"""The trace of a credential at work: when and from where it was last used, and who failed to use it."""

import logging
from datetime import timedelta
from hashlib import sha256

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.models import AccessToken

from crm.actions.audit import record_event
from crm.addresses import client_address
from crm.choices import AuditVerb
from crm.models import OfficeClient

# A program that asks all the time costs one write a minute.
NOTED_EVERY = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def note_use(client: OfficeClient, request: HttpRequest) -> None:
    """Write down that the credential was used, at most once a minute. A database that refuses fails no request over it."""
    now = timezone.now()
    if client.last_used_at is not None and client.last_used_at > now - NOTED_EVERY:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    try:
        with transaction.atomic():
            OfficeClient.objects.filter(due, pk=client.pk).update(last_used_at=now, last_used_from=client_address(request))
    except DatabaseError:
        logger.warning("the use of credential %s was not noted", client.pk, exc_info=True)


def keep_token(client: OfficeClient, token: str, request: HttpRequest) -> bool:
    """Note that a token was given out; return False, and take the token back, where the secret was renewed or revoked meanwhile.

    ``client`` is the credential as it was read before its secret was looked at. The row is written, so that either this
    waits for whoever renews the secret, or he finds the token and ends it.
    """
    as_read = OfficeClient.objects.filter(pk=client.pk, client_secret=client.client_secret, revoked_at=None)
    if as_read.update(last_used_at=timezone.now(), last_used_from=client_address(request)):
        return True
    AccessToken.objects.filter(token_checksum=sha256(token.encode()).hexdigest()).delete()
    return False


def record_refusal(client: OfficeClient | None, request: HttpRequest, *, reason: str) -> None:
    """Leave a trace of a token that was asked for and not given. Of what was sent nothing is kept: it may hold a secret."""
    record_event(AuditVerb.SIGN_IN_FAILED, subject=client, request=request, reason=reason)
