"""No test talks to another machine: Python refuses to connect or to resolve a name beyond loopback."""

import ipaddress
import socket
import sys
from typing import Any


class OutsideSocketError(AssertionError):
    """A test tried to reach another machine."""


def close_sockets() -> None:
    """Refuse, for the rest of this process, every address that is not loopback or a Unix socket.

    An audit hook sees every Python socket whatever library made it, and cannot be undone by a test.
    """
    sys.addaudithook(_refuse_outside)


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        connection, address = arguments
        if connection.family != socket.AF_UNIX and not _is_loopback(address[0]):
            raise OutsideSocketError(f"Tests may only reach this machine, not {address[0]}.")
    elif event == "socket.getaddrinfo" and not _is_loopback(arguments[0]):
        raise OutsideSocketError(f"Tests may not look up {arguments[0]}.")


def _is_loopback(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", socket.gethostname()}:
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback or str(name) == "0.0.0.0"  # noqa: S104  # asked for when binding
    except ValueError:
        return False
