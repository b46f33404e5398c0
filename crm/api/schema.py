"""The description of the API (OpenAPI 3.1): names of operations, every error answer, how to sign in."""

from copy import deepcopy
from typing import Any, ClassVar

from django.urls import reverse_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from crm.api.problems import KINDS, MEDIA_TYPE, TYPE_PREFIX

# What the framework's actions are called for those who connect.
_ACTIONS = {
    "list": "list",
    "retrieve": "read",
    "create": "create",
    "partial_update": "change",
    "archive": "archive",
    "restore": "restore",
}
_ALWAYS = ("not-authenticated", "permission-denied", "not-acceptable", "too-many-requests", "server-error")
_WITH_PARAMETERS = ("invalid-parameter",)
_WRITING = ("conflict", "validation-failed")
_WITH_BODY = ("malformed-body", "too-large", "unsupported-media-type")


class ProblemAwareSchema(AutoSchema):
    """Adds to each operation what all of them share, so that no view needs to say it."""

    view: Any

    def get_operation_id(self) -> str:
        """``partner_list``, ``partner_change``, ``partner_archive``: the noun and what is done, for ever the same."""
        action = getattr(self.view, "action", None)
        return f"{self.view.basename}_{_ACTIONS[action]}".replace("-", "_") if action else str(self.view.name)

    def get_summary(self) -> str | None:
        action = getattr(self.view, "action", None)
        if action is None:
            return None
        # The first word of the address is the noun in the plural: /api/v1/follow-ups/.
        noun, nouns = self.view.basename, self.path.split("/")[3]
        what = nouns if action == "list" else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
        return f"{_ACTIONS[action].capitalize()} {what}"

    def get_request_serializer(self) -> Any:
        return self.view.input_class if self._takes_body() else None

    def _takes_body(self) -> bool:
        return getattr(self.view, "action", None) in ("create", "partial_update")

    def get_response_serializers(self) -> Any:
        return self.view.serializer_class

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for code in self._problem_codes():
            kind = KINDS[code]
            body = bodies.setdefault(str(kind.status), self._problem_body(str(kind.title)))
            if "content" in body and MEDIA_TYPE in body["content"]:
                body["content"][MEDIA_TYPE].setdefault("examples", {})[code] = {"value": _example(code, self.path)}
        return bodies

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        headers = super()._get_response_headers_for_code(status_code, direction)
        if hasattr(self.view, "input_class") and not self._is_list_view() and status_code in ("200", "201"):
            headers["ETag"] = {"schema": {"type": "string"}, "description": 'The revision as a strong entity tag: `"rev-17"`.'}
        if status_code == "201":
            headers["Location"] = {"schema": {"type": "string", "format": "uri"}, "description": "The address of what was created."}
        return headers

    def _problem_codes(self) -> tuple[str, ...]:
        codes: tuple[str, ...] = _ALWAYS + _WITH_PARAMETERS
        if "{" in self.path:
            codes += ("not-found",)
        if self.method in ("POST", "PATCH"):
            codes += _WRITING + _WITH_BODY
        return codes

    def _problem_body(self, description: str) -> dict[str, Any]:
        # A copy, since the generator takes enumerations out of what it is given.
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=deepcopy(_PROBLEM), object="Problem")  # type: ignore[no-untyped-call]  # the library has no types
        self.registry.register_on_missing(component)
        return {"description": description, "content": {MEDIA_TYPE: {"schema": component.ref}}}


def _example(code: str, path: str) -> dict[str, Any]:
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
        "in": {"type": "string", "enum": ["body", "query"]},
        "pointer": {
            "type": "string",
            "description": "JSON pointer (RFC 6901) to the place in the body, or `/name` of the parameter; empty: all of it.",
        },
        "code": {"type": "string", "description": "For programs; never changes."},
        "detail": {"type": "string", "description": "For people, in the language of `Accept-Language` (vi, en)."},
    },
}
_PROBLEM = {
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
    },
}


class OfficeScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types
    """Client credentials of an office (RFC 6749 section 4.4)."""

    target_class = "crm.api.authentication.OfficeAuthentication"
    name = "office"
    scopes: ClassVar[dict[str, str]] = {"read": "Read what the office may see", "write": "Write the office's own records"}

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        return {self.name: ["read" if auto_schema.method == "GET" else "write"]}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        flow = {"tokenUrl": str(reverse_lazy("oauth2:token")), "scopes": self.scopes}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}


class BrowserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types
    """The session of a colleague who is signed in, with the CSRF token in ``X-CSRFToken`` for writing."""

    target_class = "crm.api.authentication.BrowserAuthentication"
    name = "browser"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
