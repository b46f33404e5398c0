"""The sandbox says what it is in every answer: by a header to programs, by a banner to people (``crm/templatetags/sandbox.py``)."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

HEADER = "Nhip-Cau-Sandbox"


class SandboxMiddleware:
    """Puts ``Nhip-Cau-Sandbox: true`` on every answer of a sandbox; the real site does without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.SANDBOX:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers[HEADER] = "true"
        return response
