"""Every error of the API as problem details (RFC 9457), in the language of the reader, with codes that never change.

A body that is no JSON, or a parameter of the address that is wrong, is a 400. A well-formed body that breaks a rule,
whether of a field or of the action behind it, is a 422.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, SuspiciousOperation, ValidationError
from django.core.signals import got_request_exception
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.encoding import escape_uri_path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:nhip-cau:problem:"
MOST_DETAIL = 300
MOST_ERRORS = 100
RETRY_SECONDS = 2

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One kind of problem: the status it comes with, and what it says where the occurrence says no more."""

    status: int
    title: str | Promise
    detail: str | Promise


KINDS: dict[str, Kind] = {
    "malformed-body": Kind(400, _("The body cannot be read"), _("Send one JSON document in UTF-8.")),
    "invalid-parameter": Kind(400, _("A parameter of the address is wrong"), _("Correct the parameters named in “errors”.")),
    "invalid-header": Kind(400, _("A header is wrong"), _("Correct the headers named in “errors”.")),
    "bad-request": Kind(400, _("The request cannot be read"), _("Check the address and the headers.")),
    "not-authenticated": Kind(401, _("Not signed in"), _("Send an access token: “Authorization: Bearer …”.")),
    "invalid-token": Kind(401, _("The access token is not accepted"), _("Ask for a new token.")),
    "permission-denied": Kind(403, _("Not allowed"), _("The account's role or unit does not allow this.")),
    "insufficient-scope": Kind(403, _("The token's scope is too narrow"), _("Ask for a token with the scope that is needed.")),
    "not-found": Kind(404, _("Not found"), _("There is nothing at this address that the account may see.")),
    "method-not-allowed": Kind(405, _("Method not allowed"), _("This address does not know the method; see the header “Allow”.")),
    "not-acceptable": Kind(406, _("Format not offered"), _("Answers are “application/json”; accept that.")),
    "conflict": Kind(409, _("Conflict with what is stored"), _("Somebody else stored the same at the same time. Read it again.")),
    "ambiguous-match": Kind(
        409, _("More than one record may be meant"), _("Look at “candidates”, and say which one with “same_as”, or that it is a new one.")
    ),
    "changed-on-both-sides": Kind(
        409,
        _("Both sides changed the same fields"),
        _("Look at “conflicts”, decide, and send the word again with the ETag in If-Match."),
    ),
    "key-in-use": Kind(409, _("The first request with this key is still running"), _("Wait a little, then repeat it as it was.")),
    "resync-required": Kind(410, _("The cursor is no longer good"), _("Read everything once more, then go on with the new cursor.")),
    "length-required": Kind(411, _("The length of the body is not stated"), _("Send “Content-Length”; bodies in chunks are not read.")),
    "changed-meanwhile": Kind(
        412, _("The record was changed meanwhile"), _("Compare with “current”, decide, and send again with the new ETag in If-Match.")
    ),
    "too-large": Kind(413, _("The request is too large"), _("Send it in smaller parts.")),
    "unsupported-media-type": Kind(415, _("Format not understood"), _("Send “Content-Type: application/json”.")),
    "validation-failed": Kind(422, _("What was sent breaks a rule"), _("Correct the places named in “errors”.")),
    "key-reused": Kind(422, _("The key was used for another request"), _("Use a new Idempotency-Key for each thing that you do.")),
    "if-match-required": Kind(428, _("Say which revision you change"), _("Read the record, and send its ETag in the header If-Match.")),
    "too-many-requests": Kind(429, _("Too many requests"), _("Wait as long as the header “Retry-After” says.")),
    "server-error": Kind(500, _("The server failed"), _("Nothing was stored. The failure was recorded; try again later.")),
    "unavailable": Kind(503, _("Not to be reached for a moment"), _("Nothing was stored. Send it again as it was, after “Retry-After”.")),
}
CODES = [(code, code) for code in KINDS]


class InvalidParameter(exceptions.APIException):
    """Parameters of the address that are unknown or wrong: ``{name: (code, detail)}``, the detail a text or one to be translated."""

    status_code = 400
    default_code = "invalid-parameter"

    def __init__(self, wrong: Mapping[str, tuple[str, object]]) -> None:
        super().__init__(str(KINDS["invalid-parameter"].detail))
        self.errors = [_place("query", name, code, detail) for name, (code, detail) in wrong.items()]


class InvalidHeader(exceptions.APIException):
    """A header that cannot be read."""

    status_code = 400
    default_code = "invalid-header"

    def __init__(self, name: str, detail: object, *, code: str = "invalid") -> None:
        super().__init__(str(KINDS["invalid-header"].detail))
        self.errors = [_place("header", name, code, detail)]


class Problem(exceptions.APIException):
    """A problem of one of the KINDS, with words, places, headers and members of its own, such as ``candidates`` or ``current``."""

    def __init__(self, code: str, detail: Any = None, *, errors: Any = None, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(str(detail or KINDS[code].detail), code)
        self.status_code = KINDS[code].status
        self.code, self.errors, self.headers, self.members = code, errors, headers, members


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the answer to any error raised while a request is served."""
    request: Request = context["request"]
    response = _answer(error, request)
    if response.status_code >= 500:
        if settings.DEBUG:
            return None
        logger.error("API request failed: %s %s", request.method, request.path, exc_info=error)
        got_request_exception.send(sender=problem_details, request=request)
    return response


def problem_response(
    code: str, request: Any, *, detail: Any = None, errors: Any = None, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """Build the answer for one kind of problem; ``members`` are those that this kind has besides."""
    kind = KINDS[code]
    body = {
        "type": TYPE_PREFIX + code,
        "title": str(kind.title),
        "status": kind.status,
        "detail": str(detail or kind.detail)[:MOST_DETAIL],
        "instance": escape_uri_path(request.path),
        "code": code,
        **members,
    }
    if errors:
        body["errors"] = errors[:MOST_ERRORS]
    return Response(body, status=kind.status, headers=headers, content_type=MEDIA_TYPE)


def _answer(error: Exception, request: Request) -> Response:
    if isinstance(error, ValidationError) and getattr(error, "code", None) == "changed-meanwhile":
        return problem_response("conflict", request)
    if isinstance(error, ValidationError):
        return problem_response("validation-failed", request, errors=list(rule_errors(error)))
    if isinstance(error, exceptions.ValidationError):
        return problem_response("validation-failed", request, errors=list(_of_fields(error.detail)))
    if isinstance(error, Problem):
        return problem_response(error.code, request, detail=error.detail, errors=error.errors, headers=error.headers, **error.members)
    if isinstance(error, InvalidParameter | InvalidHeader):
        return problem_response(error.default_code, request, errors=error.errors)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error, request)
    if isinstance(error, OperationalError | InterfaceError):
        # The database was restarted, or chose one of two that held each other up: the same request will do.
        return problem_response("unavailable", request, headers={"Retry-After": str(RETRY_SECONDS)})
    for kind, code in _PLAIN.items():
        if isinstance(error, kind):
            return problem_response(code, request, detail=str(error) if kind is PermissionDenied else None)
    return problem_response("server-error", request)


_PLAIN: dict[type[Exception], str] = {
    Http404: "not-found",
    PermissionDenied: "permission-denied",
    IntegrityError: "conflict",
    SuspiciousOperation: "bad-request",
    UnreadablePostError: "bad-request",
}

# Where the framework's own words say less than ours, ours are said.
_FRAMEWORK: dict[type[exceptions.APIException], tuple[str, bool]] = {
    exceptions.ParseError: ("malformed-body", True),
    exceptions.NotAuthenticated: ("not-authenticated", False),
    exceptions.AuthenticationFailed: ("invalid-token", True),
    exceptions.PermissionDenied: ("permission-denied", True),
    exceptions.NotFound: ("not-found", False),
    exceptions.MethodNotAllowed: ("method-not-allowed", False),
    exceptions.NotAcceptable: ("not-acceptable", False),
    exceptions.UnsupportedMediaType: ("unsupported-media-type", False),
    exceptions.Throttled: ("too-many-requests", False),
}


def _of_framework(error: exceptions.APIException, request: Request) -> Response:
    code, keep_detail = _FRAMEWORK.get(type(error), ("server-error", False))
    own_code = error.get_codes()
    if isinstance(own_code, str) and own_code in KINDS:
        code, keep_detail = own_code, True
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    elif code == "insufficient-scope":
        headers["WWW-Authenticate"] = 'Bearer realm="api", error="insufficient_scope"'
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return problem_response(code, request, detail=error.detail if keep_detail else None, headers=headers)


def rule_errors(error: ValidationError) -> Iterator[dict[str, str]]:
    """The rules of models and actions, by the name of the field they are about."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, errors in by_field.items():
        pointer = "" if name == NON_FIELD_ERRORS else f"/{_escaped(name)}"
        for one in errors:
            for message in one.messages:
                yield _entry(pointer, one.code, message)


def _of_fields(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """The errors of a serializer, which are nested as the body is."""
    if isinstance(detail, dict):
        for name, below in detail.items():
            yield from _of_fields(below, pointer if name == "non_field_errors" else f"{pointer}/{_escaped(str(name))}")
    elif isinstance(detail, list):
        for position, below in enumerate(detail):
            yield from _of_fields(below, f"{pointer}/{position}" if isinstance(below, (dict, list)) else pointer)
    else:
        yield _entry(pointer, detail.code, str(detail))


def _entry(pointer: str, code: str | None, detail: str) -> dict[str, str]:
    return {"in": "body", "pointer": pointer[:200], "code": _dashed(code or "invalid"), "detail": detail[:MOST_DETAIL]}


def _place(part: str, name: str, code: str, detail: object) -> dict[str, str]:
    """A parameter or header that is wrong."""
    return {"in": part, "pointer": f"/{_escaped(name[:60])}", "code": _dashed(code), "detail": str(detail)[:MOST_DETAIL]}


def _dashed(code: str) -> str:
    """One spelling of codes, whether Django's, the framework's or our own."""
    return code.replace("_", "-")


def _escaped(name: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
