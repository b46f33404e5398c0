"""Where things are, before Django is set up. The names are those of config.settings."""

import os
import secrets
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "config" / "locale"


_YES = {"1", "true", "on", "ok", "y", "yes"}
_PORTS = {"postgres": 5432, "postgresql": 5432, "pgsql": 5432, "redis": 6379, "rediss": 6379}


def is_sandbox() -> bool:
    """Whether this is the site's sandbox, which shares nothing with the real site beside it."""
    return os.environ.get("SANDBOX", "").lower() in _YES


def is_same_place(one: str, other: str) -> bool:
    """Whether two addresses of databases or queues mean the same, whatever account they name; for anything else, whether they are equal."""
    return one == other or bool("://" in one and "://" in other and _place(urlsplit(one)) == _place(urlsplit(other)))


def _place(address: SplitResult) -> tuple[str | None, int | None, str]:
    # No host means the socket of this machine.
    host = "127.0.0.1" if (address.hostname or "") in {"", "localhost", "::1"} else address.hostname
    path = address.path.strip("/")
    return host, address.port or _PORTS.get(address.scheme), path or ("0" if address.scheme in {"redis", "rediss"} else "")


def var_dir() -> Path:
    """Return the folder for what the running site makes, and make it, readable by its owner alone, when it is missing."""
    folder = Path(os.environ.get("VAR_DIR") or ROOT / "var") / ("sandbox" if is_sandbox() else "")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def ensure_secret_key() -> None:
    """Make the site's secret key once, readable by its owner alone, unless the environment gives one."""
    path = var_dir() / "secret_key"
    if os.environ.get("SANDBOX_SECRET_KEY" if is_sandbox() else "SECRET_KEY") or path.exists():
        return
    # Linked into place whole, so that a second start at the same moment never reads half a key.
    draft = path.with_name(f"secret_key.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # The other start was first; its key holds.
    finally:
        draft.unlink()
