"""Marks by which a workbook and each key in it is known again: made from the site's own secret, so that nobody else can make them."""

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "crm.workbooks"
_LENGTH = 16


def mark(*parts: object) -> str:
    """A short text that belongs to the parts, on this site."""
    return _mark(settings.SECRET_KEY, parts)


def is_marked(given: str, *parts: object) -> bool:
    """Whether the text belongs to the parts; also with a secret that the site has had before."""
    return any(constant_time_compare(given, _mark(secret, parts)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _mark(secret: str | bytes, parts: tuple[object, ...]) -> str:
    message = "\x1f".join(map(str, parts))
    return salted_hmac(_SALT, message, secret=secret, algorithm="sha256").hexdigest()[:_LENGTH]
