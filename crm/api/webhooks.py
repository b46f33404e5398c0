"""What receivers of webhooks are sent, for the description of the API (``webhooks`` of OpenAPI 3.1). docs/api/webhooks.md says the rest."""

from typing import Any

from drf_spectacular.utils import OpenApiWebhook

from crm.actions.webhook_messages import RESYNC_KIND
from crm.actions.webhooks import TEST_KIND
from crm.choices import FeedNoun

_ID = "01a202a0-3c4f-72ed-9d50-f2daa7fb0a17"
_UUID = {"type": "string", "format": "uuid"}
_NOUN = {"type": "string", "enum": FeedNoun.values}
_HEADERS = {
    "webhook-id": "Stays the same however often the message is sent: what you have already, you may drop.",
    "webhook-timestamp": "When this try was sent, in seconds since 1970. Refuse what is more than five minutes away.",
    "webhook-signature": "`v1,` and base64 of HMAC-SHA256 over id, timestamp and body; two, parted by a space, while a secret is renewed.",
}
_ANSWERS = {
    "204": {"description": "Taken. Any 2xx will do."},
    "410": {"description": "Nobody listens here any more: the webhook is switched off."},
    "default": {"description": "Not taken: it is sent again for three days, with growing pauses, heeding `Retry-After`."},
}


def _message(name: str, kinds: list[str], summary: str, data: dict[str, Any], example: dict[str, Any]) -> OpenApiWebhook:
    schema = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": kinds},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": {"type": "object", "required": sorted(data), "properties": data},
        },
    }
    value = {"type": kinds[0], "timestamp": "2026-11-22T09:39:45+00:00", "data": example}
    parameters = [
        {"in": "header", "name": header, "required": True, "schema": {"type": "string"}, "description": description}
        for header, description in _HEADERS.items()
    ]
    operation = {
        "operationId": f"webhook_{name.replace('.', '_')}",
        "summary": summary,
        "description": f"{summary}. Signed as Standard Webhooks say; sent to the addresses that the office has named for it.",
        "security": [],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "examples": {name: {"value": value}}}}},
        "responses": _ANSWERS,
    }
    return OpenApiWebhook(name, {"post": operation})


RECORD_CHANGED = _message(
    "record.changed",
    [f"{noun}.changed" for noun in FeedNoun.values],
    "A record was made or changed",
    {"noun": _NOUN, "id": _UUID, "revision": {"type": "integer", "description": "The one it has by now, as in its ETag."}},
    {"noun": "partner", "id": _ID, "revision": 17},
)
RECORD_REMOVED = _message(
    "record.removed",
    [f"{noun}.removed" for noun in FeedNoun.values],
    "A record was archived, merged into another, or is no longer visible to the office",
    {
        "noun": _NOUN,
        "id": _UUID,
        "reason": {"type": "string", "enum": ["archived", "merged", "not-visible"]},
        "merged_into": {"type": ["string", "null"], "format": "uuid"},
    },
    {"noun": "partner", "id": _ID, "reason": "archived", "merged_into": None},
)
SYNC_REQUIRED = _message(RESYNC_KIND, [RESYNC_KIND], "What was missed cannot be told one by one: do a first sync", {}, {})
WEBHOOK_TEST = _message(
    TEST_KIND,
    [TEST_KIND],
    "Somebody tries whether messages arrive",
    {"endpoint": {**_UUID, "description": "The webhook."}},
    {"endpoint": _ID},
)
