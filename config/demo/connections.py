"""How an office is connected: what its program sent lately, a webhook that rests, and changes proposed among units.

Nothing of it reaches anybody: the webhook is paused, and its address ends in ``.example`` (RFC 2606).
"""

import secrets
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from config.demo.accounts import CLIENT_ID
from config.demo.directory import Acquaintance
from config.demo.surroundings import Surroundings
from crm.actions.records import save_record
from crm.choices import DeliveryState, EndpointState, PushKind
from crm.feed import cursor_now
from crm.models import OfficeClient, OfficePush, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from crm.secrets import encrypted
from partners.actions.proposals import propose_changes

LEAD = "lanh-dao-nghe-an"
ADDRESS = "192.0.2.40"  # Of the block that is kept for documentation (RFC 5737).
DAYS = 21
# Of how many rows, and why some were refused, day by day and again from the start.
SENT: tuple[tuple[int, dict[str, int]], ...] = (
    (14, {}),
    (9, {"required": 1}),
    (22, {"period-issued": 2, "invalid": 1}),
    (6, {}),
    (17, {"ambiguous-match": 1}),
)
TOLD = (("exchange.changed", 200), ("partner.changed", 200), ("follow-up.changed", 503), ("partner.changed", 200))
# Partner, who proposes, for which unit, what, and why.
PROPOSED: tuple[tuple[str, str, str, dict[str, Any], str], ...] = (
    ("la-champa", "nghe-an", "PU-40", {"city": "Thủ đô Viêng Chăn", "founded_year": 1978}, "Theo quyết định thành lập bạn gửi kèm thư"),
    ("la-sainam", "quang-ninh", "PU-22", {"website": "https://sainam.example/"}, "Bạn đã đổi trang web"),
)


def make_connections(known: dict[str, Acquaintance], around: Surroundings) -> None:
    """Let the office of the invented credential have worked for three weeks."""
    client = OfficeClient.objects.select_related("unit", "acts_as").get(client_id=CLIENT_ID)
    _send(client, around)
    _tell(client, around)
    for key, username, unit, values, message in PROPOSED:
        by = around.colleagues.by_username[username]
        propose_changes(known[key].partner, unit=around.units[unit], by=by, values=values, message=message)


def _send(client: OfficeClient, around: Surroundings) -> None:
    pushes = []
    for ago in range(DAYS, 0, -1):
        rows, refusals = SENT[ago % len(SENT)]
        refused = sum(refusals.values())
        push = OfficePush(client=client, unit=client.unit, kind=PushKind.BATCH, noun="exchange", status=200, address=ADDRESS)
        push.rows, push.refused, push.refusals, push.lag_seconds = rows, refused, refusals, 60 * rows
        push.created, push.changed = rows // 3, rows // 2
        push.unchanged = rows - refused - push.created - push.changed
        pushes.append(push)
    times = [_evening(around, ago) for ago in range(DAYS, 0, -1)]
    made = OfficePush.objects.bulk_create(pushes)
    for push, at in zip(made, times, strict=True):
        push.at = at
    OfficePush.objects.bulk_update(made, ["at"])
    OfficeClient.objects.filter(pk=client.pk).update(last_used_at=times[-1], last_used_from=ADDRESS)


def _tell(client: OfficeClient, around: Surroundings) -> None:
    endpoint = WebhookEndpoint(
        unit=client.unit,
        client=client,
        name="Minh họa: phần mềm của Liên hiệp Nghệ An",
        url="https://nghe-an.example/nhip-cau",
        secret=encrypted(f"whsec_{secrets.token_hex(16)}"),
        state=EndpointState.PAUSED,
        cursor=cursor_now(client.acts_as),
    )
    save_record(endpoint, by=around.colleagues.by_username[LEAD])
    for ago, (kind, status) in enumerate(TOLD, start=1):
        at = _evening(around, ago)
        taken = status == 200
        delivery = WebhookDelivery.objects.create(
            endpoint=endpoint, kind=kind, payload={"type": kind, "timestamp": at.isoformat(), "data": {}}, attempts=1, finished_at=at,
            state=DeliveryState.DELIVERED if taken else DeliveryState.GIVEN_UP,
        )  # fmt: skip
        WebhookDelivery.objects.filter(pk=delivery.pk).update(created_at=at)
        attempt = WebhookAttempt.objects.create(delivery=delivery, status=status, milliseconds=180 + 40 * ago)
        WebhookAttempt.objects.filter(pk=attempt.pk).update(at=at)


def _evening(around: Surroundings, ago: int) -> datetime:
    """When the office's nightly job had run, that many days before today."""
    return timezone.make_aware(datetime.combine(around.today - timedelta(days=ago), time(21, 40)))
