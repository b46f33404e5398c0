"""Waiting for what another process does."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], *, seconds: float = 15) -> None:
    """Return as soon as the condition holds; look again every 50 ms.

    Raises:
        AssertionError: it did not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"Nothing came of it within {seconds:g} seconds.")
        time.sleep(0.05)
