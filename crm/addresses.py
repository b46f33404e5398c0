"""The network address that a request came from, for limits and for the trace."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Return the address of the caller, or None where there is none, as on a Unix socket.

    ``X-Forwarded-For`` is whatever the caller wrote, except for what our own proxies added at its end: so only that
    is read, and nothing of it where no proxy stands before the site (``TRUSTED_PROXIES``).
    """
    proxies: int = settings.TRUSTED_PROXIES
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
    named = hops[-proxies].strip() if len(hops) >= proxies > 0 else ""
    return _valid(named) or _valid(request.META.get("REMOTE_ADDR", ""))


def _valid(address: str) -> str | None:
    try:
        return str(ip_address(address))
    except ValueError:
        return None
