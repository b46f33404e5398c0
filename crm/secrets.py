"""Secrets that must be read again, such as those that sign webhooks: kept encrypted, so that a copied database gives none away."""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypted(secret: str) -> str:
    """Return the secret as it may be stored."""
    return _box().encrypt(secret.encode()).decode()


def decrypted(stored: str) -> str:
    """Return the secret that was stored.

    Raises:
        cryptography.fernet.InvalidToken: it was stored under a key that is neither SECRET_KEY nor one of its fallbacks.
    """
    return _box().decrypt(stored.encode()).decode()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"stored secrets:" + str(key).encode()).digest())) for key in keys])
