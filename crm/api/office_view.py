"""What stands around every answer of the API: who calls, how often, what is asked in vain, done once, tried out, told of."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.actions.pushes import PushOutcomes
from crm.api.dry_run import PARAMETER as DRY_RUN
from crm.api.dry_run import try_out, wants_dry_run
from crm.api.filters import refuse_unknown_parameters
from crm.api.idempotency import answer_once, read_key
from crm.api.parsers import StrictJSONParser, refuse_unstated_or_large
from crm.api.pushes import outcomes_of, record_push
from crm.api.throttles import CredentialThrottle
from crm.choices import PushKind
from crm.permissions import Permission

_TOO_MANY = 429


class OfficeView(APIView):
    """What every view of the API has. ``docs/decisions/0024`` says in which order a request is checked.

    - a named permission for reading and one for writing, strict JSON, a limit per credential that every answer tells of;
    - every write refuses parameters that it does not know, takes ``?dry_run=true`` and, as a POST, an ``Idempotency-Key``,
      and leaves one row for the health of the connection.
    """

    permission: ClassVar[Permission]
    write_permission: ClassVar[Permission | None] = None
    parser_classes = [StrictJSONParser]
    # Counted by this class itself, before anything is refused.
    throttle_classes = []
    metadata_class = None
    # Parameters beside those of the filters and pages, and beside ``dry_run``.
    extra_parameters: ClassVar[tuple[str, ...]] = ()
    # What takes If-Match, and whether it must be sent: by action, or by method where there is none.
    matching: ClassVar[Mapping[str, bool]] = {}
    # How the health of the connection calls what is written here; a view may name the noun when it knows its address.
    push_kind: PushKind = PushKind.SINGLE
    push_noun: str | None = None
    # Set by a view that writes many rows; else the answer says it.
    push_outcomes: PushOutcomes | None = None
    is_dry_run = False
    # For a view that hands the trying out on to a job, which must stay.
    tries_out_later: ClassVar[bool] = False
    throttle: CredentialThrottle | None = None

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        """Put the permission on the URL's callable, where the walk over all URLs looks for it."""
        if not hasattr(cls, "permission"):
            raise ImproperlyConfigured(f"{cls.__name__} names no permission.")
        view = super().as_view(*args, **kwargs)
        view.permission = cls.permission  # type: ignore[attr-defined]  # functions take attributes
        return view

    @property
    def most_bytes(self) -> int:
        """How long a body may be."""
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return limit

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Serve the request as the framework does, with the layers of a write around the handler."""
        self.args, self.kwargs = args, kwargs
        # The content type speaks of the body; the address is UTF-8 whatever charset it names.
        request.encoding = "utf-8"
        self.request = asked = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(asked, *args, **kwargs)
            answer = self._handle(asked) if asked.method in SAFE_METHODS or asked.method not in self.allowed_methods else self._write(asked)
        except Exception as error:
            answer = self.handle_exception(error)
        self.response = self.finalize_response(asked, answer, *args, **kwargs)
        self._leave_push(asked, self.response)
        return self.response

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls, and count the request, also one that is refused for who calls."""
        if self.throttle is not None:
            return
        self.throttle = CredentialThrottle()
        try:
            super().perform_authentication(request)
        finally:
            if not self.throttle.allow_request(request, self):
                self.throttled(request, self.throttle.wait())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.perform_authentication(request)
        super().initial(request, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say by the header ``Allow`` what may be done here; there is nothing else to say."""
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.throttle is not None:
            self.headers |= self.throttle.headers()
        if self.is_dry_run:
            self.headers["Dry-Run"] = "true"
        return super().finalize_response(request, response, *args, **kwargs)

    def body_for_fingerprint(self, request: Request) -> bytes:
        """What tells two bodies apart. A view that takes files beyond memory returns a digest instead."""
        body: bytes = request._request.body
        return body

    def _write(self, request: Request) -> Any:
        refuse_unknown_parameters(request, (*self.extra_parameters, DRY_RUN))
        self.is_dry_run = wants_dry_run(request)
        key = read_key(request)
        refuse_unstated_or_large(request, self.most_bytes)
        if self.is_dry_run and not self.tries_out_later:
            return try_out(lambda: self._handle(request))
        if key is not None:
            return answer_once(request, key, self.body_for_fingerprint(request), lambda: self._handle_rendered(request))
        return self._handle(request)

    def _handle(self, request: Request) -> Any:
        name = (request.method or "").lower()
        handler = getattr(self, name, self.http_method_not_allowed) if name in self.http_method_names else self.http_method_not_allowed
        return handler(request, *self.args, **self.kwargs)

    def _handle_rendered(self, request: Request) -> Any:
        answer = self.finalize_response(request, self._handle(request), *self.args, **self.kwargs)
        return answer.render()

    def _leave_push(self, request: Request, answer: Any) -> None:
        noun = self.push_noun or getattr(self, "basename", None)
        if noun is None or request.method in SAFE_METHODS or self.is_dry_run or answer.status_code == _TOO_MANY:
            return
        record_push(request, self.push_kind, noun, self.push_outcomes or outcomes_of(answer), status=answer.status_code)
