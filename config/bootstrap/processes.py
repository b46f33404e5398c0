"""Child processes that live and end together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

STOPPING_SECONDS = 20
_PR_SET_PDEATHSIG = 1


class Stopped(Exception):  # noqa: N818  # Not an error: somebody asked for the end.
    """Ctrl-C or a request to terminate arrived."""


def end_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """Return what a new child runs first so that it gets the signal when its parent dies, even by kill -9. Linux only."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:  # The parent was gone before the kernel was asked.
            os.kill(os.getpid(), stop_signal)

    return ask_kernel


def raise_when_told_to_stop() -> None:
    """Turn Ctrl-C and TERM into Stopped, so that every ``finally`` between here and there is run."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


@dataclass
class Children:
    """Processes started together. When one ends, or somebody asks, all are stopped."""

    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a child in a process group of its own: Ctrl-C reaches this process only, which then stops all."""
        self.running[name] = subprocess.Popen(
            command,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509  # No thread runs in this process.
        )

    def ended(self) -> tuple[str, int] | None:
        """Return name and exit code of a child that has ended, if any has."""
        for name, process in self.running.items():
            if (code := process.poll()) is not None:
                return name, code
        return None

    def wait(self) -> tuple[str, int]:
        """Return name and exit code of the first child that ends."""
        while not (end := self.ended()):
            time.sleep(0.2)
        return end

    def stop(self) -> None:
        """Ask every child and what it started to end; after a while insist."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOPPING_SECONDS
        for process in self.running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            _kill_group(process.pid)  # It, if it is still there, and whatever it left behind.
            process.wait()


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):  # Nothing is left of it, as it should be.
        os.killpg(leader, signal.SIGKILL)
