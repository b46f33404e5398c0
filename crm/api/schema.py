"""The description of the API (OpenAPI 3.1): names of operations, every error answer, how to sign in."""

from copy import deepcopy
from typing import Any, ClassVar

from django.urls import reverse_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from crm.api.idempotency import REPLAYED
from crm.api.problems import KINDS, MEDIA_TYPE
from crm.api.schema_components import (
    HEADERS,
    PROBLEM,
    TAGS,
    dry_run_parameter,
    example_of,
    header,
    key_parameter,
    match_parameter,
)

# What the framework's actions are called for those who connect.
_ACTIONS = {
    "list": "list",
    "retrieve": "read",
    "create": "create",
    "partial_update": "change",
    "archive": "archive",
    "restore": "restore",
}
_ALWAYS = ("not-authenticated", "permission-denied", "not-acceptable", "too-many-requests", "server-error", "unavailable")
_WITH_PARAMETERS = ("invalid-parameter",)
_WRITING = ("conflict", "validation-failed")
_WITH_KEY = ("invalid-header", "key-in-use", "key-reused")
_WITH_BODY = ("malformed-body", "length-required", "too-large", "unsupported-media-type")


_HEADERS_OF_STATUS = {"201": {"Location"}, "202": {"Location"}, "401": {"WWW-Authenticate"}, "412": {"ETag"}, "429": {"Retry-After"}}
_MEANINGS = {"200": "Done.", "201": "Created.", "202": "Accepted, and done later or decided by others."}


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
            first_sentence: str = self.get_description().partition(".")[0]
            return first_sentence
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

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = [*super().get_override_parameters()]
        if self.method != "GET":
            parameters.append(dry_run_parameter())
        if self.method == "POST":
            parameters.append(key_parameter())
        if self._doing in self.view.matching:
            parameters.append(match_parameter(required=self.view.matching[self._doing]))
        return parameters

    @property
    def _doing(self) -> str:
        """The action, or the method of a view that has none."""
        return getattr(self.view, "action", None) or self.method.lower()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status, body in bodies.items():
            body["description"] = body["description"] or _MEANINGS.get(status, "")
        for code in self._problem_codes():
            kind = KINDS[code]
            body = bodies.setdefault(str(kind.status), self._problem_body(str(kind.title), str(kind.status)))
            if "content" in body and MEDIA_TYPE in body["content"]:
                body["content"][MEDIA_TYPE].setdefault("examples", {})[code] = {"value": example_of(code, self.path)}
        return bodies

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> dict[str, Any]:
        names = {"RateLimit", "RateLimit-Policy"}
        if status_code in ("200", "201") and self.view.matching and self._doing in {*self.view.matching, "create", "retrieve"}:
            names.add("ETag")
        names |= _HEADERS_OF_STATUS.get(status_code, set())
        if status_code.startswith("2") and self.method != "GET":
            names |= {"Dry-Run"} | ({REPLAYED} if self.method == "POST" else set())
        return super()._get_response_headers_for_code(status_code, direction) | {name: header(name) for name in sorted(names)}

    def _problem_codes(self) -> tuple[str, ...]:
        codes: tuple[str, ...] = _ALWAYS + _WITH_PARAMETERS
        if "{" in self.path:
            codes += ("not-found",)
        if self._doing in self.view.matching:
            codes += ("invalid-header", "changed-meanwhile")
        if self.view.matching.get(self._doing):
            codes += ("if-match-required",)
        if self.method != "GET":
            codes += _WRITING
        if self.method == "POST":
            codes += _WITH_KEY
        if self.method in ("POST", "PUT", "PATCH"):
            codes += _WITH_BODY
        return codes

    def _problem_body(self, description: str, status: str) -> dict[str, Any]:
        # A copy, since the generator takes enumerations out of what it is given.
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=deepcopy(PROBLEM), object="Problem")  # type: ignore[no-untyped-call]  # the library has no types
        self.registry.register_on_missing(component)
        headers = self._get_response_headers_for_code(status)
        return {"description": description, "headers": headers, "content": {MEDIA_TYPE: {"schema": component.ref}}}


def complete_description(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add what no operation says by itself: the headers that answers refer to, and what each part is about (called by the generator)."""
    result["components"]["headers"] = deepcopy(HEADERS)
    used = {tag for methods in result["paths"].values() for operation in methods.values() for tag in operation.get("tags", ())}
    result["tags"] = [{"name": name, "description": TAGS.get(name, name)} for name in sorted(used)]
    return result


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
