"""Webhooks that the site itself switches off, and those who are told of it."""

from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.actions.audit import record_event
from crm.actions.keepers import keepers_of
from crm.actions.notifications import notify
from crm.choices import AuditVerb, EndpointState, EndpointStop, NotificationTopic
from crm.models import OfficeClient, WebhookEndpoint

_TOLD: dict[EndpointStop, Any] = {
    EndpointStop.GONE: _("The webhook “{name}” was switched off: its receiver says that it is gone for good (410)."),
    EndpointStop.FAILING: _("The webhook “{name}” was switched off: its receiver has taken nothing for three days."),
    EndpointStop.CREDENTIAL: _("The webhook “{name}” was switched off: its credential was revoked or has expired."),
    EndpointStop.SECRET: _("The webhook “{name}” was switched off: its secret can no longer be read. Give it a new one."),
}


def switch_off(endpoint: WebhookEndpoint, stop: EndpointStop) -> bool:
    """Switch it off, unless it is no longer active, and tell whoever looks after it; return whether it was done."""
    now = timezone.now()
    active = WebhookEndpoint.objects.filter(pk=endpoint.pk, state=EndpointState.ACTIVE)
    if not active.update(state=EndpointState.DISABLED, state_reason=stop, updated_at=now):
        return False
    record_event(AuditVerb.WEBHOOK_DISABLED, subject=endpoint, reason=stop.value)
    text = format_lazy(_TOLD[stop], name=endpoint.name)
    key = f"webhook:{endpoint.pk}:{stop}:{now.isoformat()}"
    notify(keepers_of(endpoint.unit), topic=NotificationTopic.CONNECTION, key=key, text=text, link=endpoint.get_absolute_url())
    return True


def switch_off_without_credential() -> int:
    """Switch off every active webhook whose credential was revoked or has expired; return how many."""
    usable = OfficeClient.objects.usable(timezone.localdate())
    ended = WebhookEndpoint.objects.filter(state=EndpointState.ACTIVE).exclude(client__in=usable).select_related("unit")
    return sum(switch_off(endpoint, EndpointStop.CREDENTIAL) for endpoint in ended)
