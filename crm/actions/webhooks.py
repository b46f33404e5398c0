"""What people do with webhooks: make one, change it, renew its secret, pause it, let it go on, send messages again."""

import base64
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.actions.offices import may_hold
from crm.actions.records import save_record
from crm.actions.webhook_messages import nouns_told
from crm.choices import AuditVerb, DeliveryState, EndpointState, EndpointStop, FeedNoun
from crm.feed import cursor_now
from crm.models import OfficeClient, User, WebhookDelivery, WebhookEndpoint
from crm.outbound import TargetRefused, Trouble, checked_url
from crm.secrets import encrypted
from crm.signals import deliveries_waiting

SECRET_BYTES = 32
OLD_SECRET_HOURS = 24
TEST_KIND = "webhook.test"
# What the job writes while somebody has the form open.
_MACHINE_FIELDS = ("secret", "old_secret", "old_secret_until", "state", "state_reason", "failing_since", "cursor")


def credentials_for(user: User) -> QuerySet[OfficeClient]:
    """The credentials as which the account may let an office be told: in use, and of the units whose connections it looks after."""
    usable: QuerySet[OfficeClient] = OfficeClient.objects.editable_by(user).usable(timezone.localdate())
    return usable.select_related("unit", "acts_as").order_by("unit__path", "name")


@transaction.atomic
def make_endpoint(endpoint: WebhookEndpoint, *, by: User) -> str:
    """Begin to tell an address of the changes from now on that its credential may read; return the secret that signs them.

    The secret is not shown again. Raises PermissionDenied outside the account's units, ValidationError when a rule is broken.
    """
    _check(endpoint, by=by)
    secret = _new_secret()
    reader = endpoint.client.acts_as
    endpoint.secret, endpoint.cursor = encrypted(secret), cursor_now(reader, nouns_told(endpoint, reader))
    save_record(endpoint, by=by)
    record_event(AuditVerb.WEBHOOK_MADE, by=by, subject=endpoint, url=endpoint.url)
    return secret


@transaction.atomic
def change_endpoint(endpoint: WebhookEndpoint, *, by: User) -> None:
    """Give it another name, address, credential or choice of records. Raises as ``make_endpoint``."""
    _held(endpoint, by=by)
    endpoint.refresh_from_db(fields=_MACHINE_FIELDS)
    _check(endpoint, by=by)
    save_record(endpoint, by=by)


@transaction.atomic
def renew_endpoint_secret(endpoint: WebhookEndpoint, *, by: User, at_once: bool = False) -> str:
    """Give it a new secret and return it. For a day messages carry the signature of the old one too, unless ``at_once``."""
    held, secret = _held(endpoint, by=by), _new_secret()
    held.old_secret = "" if at_once else held.secret
    held.old_secret_until = None if at_once else timezone.now() + timedelta(hours=OLD_SECRET_HOURS)
    held.secret = encrypted(secret)
    save_record(held, by=by)
    record_event(AuditVerb.WEBHOOK_ROTATED, by=by, subject=held, at_once=at_once)
    endpoint.refresh_from_db()
    return secret


@transaction.atomic
def pause_endpoint(endpoint: WebhookEndpoint, *, by: User) -> None:
    """Send nothing for now. What changes meanwhile is told when it goes on."""
    held = _held(endpoint, by=by)
    if held.state != EndpointState.ACTIVE:
        raise ValidationError(_("It is not active. Load the page anew."), code="not-active")
    _set_state(held, EndpointState.PAUSED, AuditVerb.WEBHOOK_PAUSED, by=by)
    endpoint.refresh_from_db()


@transaction.atomic
def disable_endpoint(endpoint: WebhookEndpoint, *, by: User) -> None:
    """Switch it off. It can be let go on, as long as the feed still has what it missed."""
    held = _held(endpoint, by=by)
    held.state_reason = EndpointStop.BY_HAND
    _set_state(held, EndpointState.DISABLED, AuditVerb.WEBHOOK_DISABLED, by=by)
    endpoint.refresh_from_db()


@transaction.atomic
def resume_endpoint(endpoint: WebhookEndpoint, *, by: User) -> None:
    """Go on where it stopped: first with what waits, at once and with all tries anew, then with what changed since."""
    held = _held(endpoint, by=by)
    if held.state == EndpointState.ACTIVE:
        return
    if not credentials_for(by).filter(pk=held.client_id).exists():
        raise ValidationError(_("Its credential was revoked or has expired. Choose another one first."), code="credential-ended")
    held.state_reason, held.failing_since = "", None
    _set_state(held, EndpointState.ACTIVE, AuditVerb.WEBHOOK_RESUMED, by=by)
    _send_anew(held.deliveries.filter(state=DeliveryState.WAITING))
    endpoint.refresh_from_db()


@transaction.atomic
def replay_delivery(delivery: WebhookDelivery, *, by: User) -> None:
    """Send one message again, under the same identifier, whatever became of it."""
    held = _held(delivery.endpoint, by=by)
    _refuse_idle(held)
    _send_anew(held.deliveries.filter(pk=delivery.pk))
    record_event(AuditVerb.WEBHOOK_REPLAYED, by=by, subject=held, message=str(delivery.public_id))


@transaction.atomic
def replay_failed(endpoint: WebhookEndpoint, *, since: datetime, by: User) -> int:
    """Send again, under their identifiers, all messages since then that were given up; return how many."""
    held = _held(endpoint, by=by)
    _refuse_idle(held)
    sent = _send_anew(held.deliveries.filter(state=DeliveryState.GIVEN_UP, created_at__gte=since).exclude(kind=TEST_KIND))
    record_event(AuditVerb.WEBHOOK_REPLAYED, by=by, subject=held, since=since.isoformat(), messages=sent)
    return sent


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, by: User) -> WebhookDelivery:
    """Send a message that says nothing but that it arrives. It is tried once."""
    held, now = _held(endpoint, by=by), timezone.now()
    _refuse_idle(held)
    payload = {"type": TEST_KIND, "timestamp": now.isoformat(), "data": {"endpoint": str(held.public_id)}}
    delivery: WebhookDelivery = held.deliveries.create(kind=TEST_KIND, payload=payload, next_try_at=now)
    deliveries_waiting.send(sender=WebhookDelivery)
    return delivery


def _held(endpoint: WebhookEndpoint, *, by: User) -> WebhookEndpoint:
    """The row as it stands, locked until the transaction ends. Raises PermissionDenied outside the account's units."""
    held = WebhookEndpoint.objects.editable_by(by).select_for_update(of=("self",), no_key=True).filter(pk=endpoint.pk).first()
    if held is None:
        raise PermissionDenied
    return held


def _check(endpoint: WebhookEndpoint, *, by: User) -> None:
    client = credentials_for(by).filter(pk=endpoint.client_id).first()
    if client is None or not may_hold(client, by):
        raise PermissionDenied
    endpoint.unit = client.unit
    if not set(endpoint.nouns) <= set(FeedNoun.values):
        raise ValidationError({"nouns": ValidationError(_("Choose from the kinds of records that are offered."), code="unknown-noun")})
    try:
        checked_url(endpoint.url)
    except TargetRefused as refusal:
        raise ValidationError({"url": _refusal_in_words(refusal)}) from refusal


def _refusal_in_words(refusal: TargetRefused) -> ValidationError:
    if refusal.trouble is Trouble.ADDRESS_REFUSED:
        words = _("%(address)s is an address inside a network. Give one on the internet, or ask the administrator to allow it.")
    elif refusal.detail == "not-https":
        words = _("The address must begin with https://, so that nobody on the way can read or change messages.")
    else:
        words = _("This is no address that can be called: https://, a name and a path, without account and without #.")
    return ValidationError(words, code=refusal.trouble.value, params={"address": refusal.detail})


def _set_state(endpoint: WebhookEndpoint, state: EndpointState, verb: AuditVerb, *, by: User) -> None:
    endpoint.state = state
    save_record(endpoint, by=by)
    record_event(verb, by=by, subject=endpoint)


def _refuse_idle(endpoint: WebhookEndpoint) -> None:
    if endpoint.state != EndpointState.ACTIVE:
        raise ValidationError(_("Nothing is sent while it is paused or switched off. Let it go on first."), code="not-active")


def _send_anew(deliveries: QuerySet[WebhookDelivery]) -> int:
    anew = {"state": DeliveryState.WAITING, "attempts": 0, "next_try_at": timezone.now(), "finished_at": None}
    sent = deliveries.update(**anew)
    deliveries_waiting.send(sender=WebhookDelivery)
    return sent


def _new_secret() -> str:
    """A secret as Standard Webhooks writes it: ``whsec_`` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
