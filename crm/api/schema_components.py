"""The parts that many operations of the description share: problem details, headers, the parameters of every write."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from crm.api.dry_run import PARAMETER as DRY_RUN
from crm.api.idempotency import HEADER as IDEMPOTENCY_KEY
from crm.api.idempotency import REPLAYED
from crm.api.preconditions import IF_MATCH
from crm.api.problems import KINDS, TYPE_PREFIX

_LIMIT_EXAMPLES = {"RateLimit": '"minute";r=1187;t=42', "RateLimit-Policy": '"minute";q=1200;w=60'}
_TAG = r'(W/)?"[!#-~]*"'
_TAGS = rf"^(\*|{_TAG}( *, *{_TAG})*)$"


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "schema": schema}


# What each part of the API is about: the first word of its addresses.
TAGS = {
    "agreements": "Agreements, from letters of intent to twinnings of provinces.",
    "changes": "What changed since it was last asked, without gaps.",
    "commitments": "What one side promised the other, by a day.",
    "countries": "Countries, territories and blocs.",
    "coverage": "How the countries of each priority tier stand on a day.",
    "exchanges": "Exchanges with partners: delegations, talks, letters, events.",
    "follow-ups": "What is still to be done after an exchange, or about a partner.",
    "health": "How the connection of an office does.",
    "partners": "The directory of partners.",
    "people": "People on the partners' side, and the posts they hold.",
    "push-jobs": "Files of many rows, written in the background.",
    "sources": "Partners and exchanges by the keys of an office's own system: one by one, in batches, in files.",
    "tiers": "The priority tiers and their members on a day.",
}

# Every answer refers to these by name.
HEADERS: dict[str, Any] = {
    "RateLimit": _header(
        "What is left: `r` requests in the `t` seconds to come (draft-ietf-httpapi-ratelimit-headers).",
        {"type": "string", "example": _LIMIT_EXAMPLES["RateLimit"]},
    ),
    "RateLimit-Policy": _header(
        "The limit of the credential: `q` requests in `w` seconds.", {"type": "string", "example": _LIMIT_EXAMPLES["RateLimit-Policy"]}
    ),
    "ETag": _header(
        "The revision as an entity tag, for If-Match.",
        {"type": "string", "pattern": '^"rev-[0-9]+"$', "example": '"rev-17"'},
    ),
    "Location": _header("The address of what was created.", {"type": "string", "format": "uri"}),
    "Retry-After": _header("Seconds to wait.", {"type": "string", "pattern": "^[0-9]+$", "example": "18"}),
    "WWW-Authenticate": _header("How to sign in (RFC 6750).", {"type": "string", "example": 'Bearer realm="api"'}),
    REPLAYED: _header("The answer to an earlier request with the same key comes again.", {"type": "string", "enum": ["true"]}),
    "Dry-Run": _header("Nothing was stored: the request said `dry_run=true`.", {"type": "string", "enum": ["true"]}),
}


def header(name: str) -> dict[str, Any]:
    """A reference to one of the HEADERS."""
    return {"$ref": f"#/components/headers/{name}"}


def key_parameter() -> OpenApiParameter:
    return OpenApiParameter(
        IDEMPOTENCY_KEY,
        type={"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
        location=OpenApiParameter.HEADER,
        description="A new UUID for each thing that is done; the same one when it is repeated. Kept for 7 days.",
    )


def match_parameter(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        IF_MATCH,
        type={"type": "string", "pattern": _TAGS, "example": '"rev-17"'},
        location=OpenApiParameter.HEADER,
        required=required,
        description="The ETag of what you have read; `*` for whatever stands.",
    )


def dry_run_parameter() -> OpenApiParameter:
    return OpenApiParameter(
        DRY_RUN,
        type={"type": "string", "enum": ["true", "false"], "default": "false"},
        description="`true`: every rule is checked and the answer is as it would be, but nothing is stored.",
    )


def example_of(code: str, path: str) -> dict[str, Any]:
    """A problem of the kind as it would be answered at the path."""
    kind = KINDS[code]
    return {
        "type": TYPE_PREFIX + code,
        "title": str(kind.title),
        "status": kind.status,
        "detail": str(kind.detail),
        "instance": path,
        "code": code,
    }


_ERROR = {
    "type": "object",
    "required": ["in", "pointer", "code", "detail"],
    "properties": {
        "in": {"type": "string", "enum": ["body", "query", "header"]},
        "pointer": {
            "type": "string",
            "description": "JSON pointer (RFC 6901) to the place in the body, or `/name` of the parameter or header; empty: all of it.",
        },
        "code": {"type": "string", "description": "For programs; never changes."},
        "detail": {"type": "string", "description": "For people, in the language of `Accept-Language` (vi, en)."},
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {"type": "string", "enum": list(KINDS)},
        "errors": {"type": "array", "items": _ERROR},
        "current": {
            "type": ["object", "null"],
            "description": "With `changed-meanwhile`: the representation that stands; null: there is none.",
        },
        "differs": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "With `changed-meanwhile`: names of what differs from the revision that If-Match names; null: it never was.",
        },
        "candidates": {
            "type": "array",
            "items": {"type": "object"},
            "description": "With `ambiguous-match`: the records that may be meant.",
        },
    },
}
