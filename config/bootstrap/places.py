"""Where things are, before Django is set up. The names are those of config.settings."""

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "config" / "locale"


def var_dir() -> Path:
    """Return the folder for what the running site makes, and make it, readable by its owner alone, when it is missing."""
    folder = Path(os.environ.get("VAR_DIR") or ROOT / "var")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def ensure_secret_key() -> None:
    """Make the site's secret key once, readable by its owner alone, unless the environment gives one."""
    path = var_dir() / "secret_key"
    if os.environ.get("SECRET_KEY") or path.exists():
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
