from uuid import UUID

from uuid_utils import compat


def new_public_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique for ever, and sorted by the time it was made."""
    return compat.uuid7()
