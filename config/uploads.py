"""Uploads beyond the limit are refused by the length they state, before anything of them is received."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# What a form sends beside its file.
OTHER_BYTES = 1024 * 1024


class UploadLimitMiddleware:
    """Answers 413 to a form larger than any list may be. The API has its own limits and its own words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        stated = request.META.get("CONTENT_LENGTH") or "0"
        is_too_large = stated.isdecimal() and int(stated) > settings.IMPORT_MAX_BYTES + OTHER_BYTES
        if is_too_large and not request.path.startswith("/api/"):
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)
