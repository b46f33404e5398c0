"""Whether a message really came from the site: Standard Webhooks, checked with the standard library alone.

The public ``standardwebhooks`` packages for many languages check the same signature.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

TOLERANCE_SECONDS = 5 * 60
SECRET_PREFIX = "whsec_"  # noqa: S105  (the beginning of every secret)


class ForgedError(Exception):
    """The message is not from the site, was altered on its way, or is an old one sent again."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> dict[str, Any]:
    """Return what the message says. ``body`` as it arrived, byte by byte; the names of headers in any case.

    Raises:
        ForgedError: a header is missing, the clock differs by more than five minutes, or no signature fits.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message, moment, signatures = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise ForgedError(f"The header {error} is missing.") from error
    if not moment.isdecimal() or abs((time.time() if now is None else now) - int(moment)) > TOLERANCE_SECONDS:
        raise ForgedError("The time of the message is too far from this clock.")
    wanted = sign(secret, message, int(moment), body)
    # While a secret is being changed there are two signatures, and one that fits is enough.
    if not any(hmac.compare_digest(wanted.encode(), one.encode()) for one in signatures.split()):
        raise ForgedError("No signature fits.")
    said: dict[str, Any] = json.loads(body)
    return said


def sign(secret: str, message: str, moment: int, body: bytes) -> str:
    """Return the signature ``v1,…`` of a message."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
