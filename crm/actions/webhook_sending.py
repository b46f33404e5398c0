"""Sending messages to webhooks: signed as Standard Webhooks says, at least once each, and what the receivers answered."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.utils import timezone
from standardwebhooks import Webhook

from crm.actions.webhook_claims import claim_due
from crm.actions.webhook_results import settle
from crm.actions.webhook_stops import switch_off, switch_off_without_credential
from crm.choices import EndpointStop
from crm.models import WebhookDelivery, WebhookEndpoint
from crm.outbound import Answer, Trouble, post
from crm.secrets import decrypted

logger = logging.getLogger(__name__)

# How many messages one worker has under way, and for how long it goes on taking new ones before it makes room for other work.
SLOTS = 16
SECONDS = 20

Post = Callable[..., Answer]


@dataclass(frozen=True)
class Signed:
    """A message as it goes out."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def send_due(*, seconds: float = SECONDS, post: Post = post) -> int:
    """Send what is due until nothing is, or time is up; return how many receivers took.

    Threads only send and wait. Everything in the database is done here, between two answers, so that a slow receiver keeps
    neither a connection nor a transaction, and messages to the others go on.
    """
    switch_off_without_credential()
    taken, until = 0, time.monotonic() + seconds
    under_way: dict[Future[Answer], WebhookDelivery] = {}
    with ThreadPoolExecutor(SLOTS, thread_name_prefix="webhook") as pool:
        while True:
            if time.monotonic() < until:
                for delivery in claim_due(SLOTS - len(under_way)):
                    if signed := _signed_or_off(delivery):
                        under_way[pool.submit(_post_safely, post, signed)] = delivery
            if not under_way:
                return taken
            for future in wait(under_way, timeout=1, return_when=FIRST_COMPLETED).done:
                taken += settle(under_way.pop(future), future.result())


def sign(delivery: WebhookDelivery) -> Signed:
    """The message with its signatures: two while the secret is being renewed.

    Raises InvalidToken where the secret was stored under a key of the site that it no longer has.
    """
    endpoint, now = delivery.endpoint, timezone.now().astimezone(UTC)
    body = json.dumps(delivery.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    message_id = f"msg_{delivery.public_id}"
    signatures = [Webhook(secret).sign(message_id, now, body) for secret in _secrets(endpoint)]
    headers = {
        "Content-Type": "application/json",
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": " ".join(signatures),
    }
    return Signed(endpoint.url, body.encode(), headers)


def _post_safely(post: Post, signed: Signed) -> Answer:
    """What nobody thought of is a try that failed, like any other: it must not end the sending of all the others."""
    try:
        return post(signed.url, body=signed.body, headers=signed.headers)
    except Exception:
        logger.exception("a message could not be sent to %s", urlsplit(signed.url).hostname)
        return Answer(trouble=Trouble.BROKEN)


def _signed_or_off(delivery: WebhookDelivery) -> Signed | None:
    try:
        return sign(delivery)
    except InvalidToken:
        switch_off(delivery.endpoint, EndpointStop.SECRET)
        return None


def _secrets(endpoint: WebhookEndpoint) -> list[str]:
    secrets = [decrypted(endpoint.secret)]
    if endpoint.old_secret and endpoint.old_secret_until and timezone.now() < endpoint.old_secret_until:
        secrets.append(decrypted(endpoint.old_secret))
    return secrets
