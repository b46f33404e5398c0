"""How many requests a credential may make: a count per credential and minute, kept in the cache."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from crm.addresses import client_address

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView

WINDOW_SECONDS = 60
logger = logging.getLogger(__name__)


class WindowThrottle(BaseThrottle):
    """At most so many requests in each minute of the clock. One cache increment per request.

    A cache that does not answer lets everybody pass: it is there to keep the site up, not to take it down.
    """

    setting: ClassVar[str]
    # Requests counted in this window, this one among them.
    used = 0

    def caller(self, request: Request | HttpRequest) -> str:
        raise NotImplementedError

    @property
    def limit(self) -> int:
        """Requests allowed in a window."""
        limit: int = getattr(settings, self.setting)
        return limit

    def allow_request(self, request: Request | HttpRequest, view: APIView | None = None) -> bool:
        try:
            self.used = self._count(f"{self.setting}:{self.caller(request)}:{int(time.time() // WINDOW_SECONDS)}")
        except RedisError as error:
            logger.warning("a request was not counted: %s", error)
        return self.used <= self.limit

    def wait(self) -> float:
        """Seconds until the next window, at least one."""
        return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS

    def headers(self) -> dict[str, str]:
        """What every answer tells of the limit (draft-ietf-httpapi-ratelimit-headers): requests a window, what is left, seconds."""
        left = max(0, self.limit - self.used)
        return {
            "RateLimit-Policy": f'"minute";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"minute";r={left};t={int(self.wait())}',
        }

    def _count(self, key: str) -> int:
        cache = caches["throttles" if "throttles" in settings.CACHES else "default"]
        if cache.add(key, 1, timeout=2 * WINDOW_SECONDS):
            return 1
        try:
            return int(cache.incr(key))
        except ValueError:
            # The cache dropped the count between the two calls: it was full, not the window.
            return 1


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
