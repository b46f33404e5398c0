"""Webhooks for tests, said briefly."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from crm.actions.offices import issue_credential
from crm.actions.webhooks import make_endpoint
from crm.choices import Role
from crm.models import OfficeClient, Unit, User, WebhookDelivery, WebhookEndpoint
from tests.bed.receiver import Receiver


def make_client(unit: Unit, *, by: User, name: str = "Phần mềm văn phòng", role: Role = Role.VIEWER) -> OfficeClient:
    client = OfficeClient(name=name, unit=unit, expires_on=timezone.localdate() + timedelta(days=90))
    issue_credential(client, role=role, by=by)
    return client


def make_webhook(receiver: Receiver, *, client: OfficeClient, by: User, **values: Any) -> tuple[WebhookEndpoint, str]:
    """A webhook to the receiver, and its secret."""
    endpoint = WebhookEndpoint(name=values.pop("name", "Máy chủ của tỉnh"), url=receiver.url, client=client, **values)
    return endpoint, make_endpoint(endpoint, by=by)


def make_messages(endpoint: WebhookEndpoint, count: int = 1, **values: Any) -> list[WebhookDelivery]:
    """Messages that are due, as if so many partners had changed."""
    now = timezone.now()
    rows = [
        WebhookDelivery(
            endpoint=endpoint,
            kind="partner.changed",
            payload={
                "type": "partner.changed",
                "timestamp": now.isoformat(),
                "data": {"noun": "partner", "id": str(number), "revision": 1},
            },
            **{"next_try_at": now, **values},
        )
        for number in range(count)
    ]
    return WebhookDelivery.objects.bulk_create(rows)
