"""How many requests a credential may make: a count per credential and minute, kept in the cache."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.cache import caches
from rest_framework.throttling import BaseThrottle

from crm.addresses import client_address

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


class WindowThrottle(BaseThrottle):
    """At most so many requests in each minute of the clock. One cache increment per request."""

    setting: ClassVar[str]

    def caller(self, request: Request | HttpRequest) -> str:
        raise NotImplementedError

    def allow_request(self, request: Request | HttpRequest, view: APIView | None = None) -> bool:
        cache = caches["throttles" if "throttles" in settings.CACHES else "default"]
        key = f"{self.setting}:{self.caller(request)}:{int(time.time() // WINDOW_SECONDS)}"
        if cache.add(key, 1, timeout=2 * WINDOW_SECONDS):
            return True
        try:
            return bool(cache.incr(key) <= getattr(settings, self.setting))
        except ValueError:
            # The cache dropped the count between the two calls: it was full, not the window.
            return True

    def wait(self) -> float:
        """Seconds until the next window, at least one."""
        return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS


class CredentialThrottle(WindowThrottle):
    """Per office credential; per account for those signed in by session; per address for nobody."""

    setting = "API_REQUESTS_PER_MINUTE"

    def caller(self, request: Request | HttpRequest) -> str:
        token = getattr(request, "auth", None)
        if token is not None:
            return f"client-{token.application_id}"
        return f"user-{request.user.pk}" if request.user.is_authenticated else f"address-{client_address(request)}"


class AddressThrottle(WindowThrottle):
    """Per network address, for asking tokens: guessing a secret is slow."""

    setting = "API_TOKENS_PER_MINUTE"

    def caller(self, request: Request | HttpRequest) -> str:
        # It asks only for META, which the framework's request has as well.
        return str(client_address(request))
