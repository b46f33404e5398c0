"""When a message that was not taken is sent again."""

import random
from datetime import timedelta

# After each try that failed; after the last one the message is given up. Three days in all.
BACKOFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    *(timedelta(hours=12),) * 5,
)
FAILING_AT_MOST = timedelta(days=3)
MOST_ASKED = timedelta(hours=1)
SHORTEST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=10)


def wait_after(attempts: int, *, asked: float | None) -> timedelta | None:
    """How long to wait after so many tries; None when it is enough. Longer if the receiver ``asked`` for it, in seconds, within an hour.

    A part of chance keeps messages that failed together from coming back together.
    """
    if attempts > len(BACKOFF):
        return None
    chance = random.uniform(1, 1.2)  # noqa: S311  (nobody gains by guessing it)
    return max(BACKOFF[attempts - 1] * chance, _within_reason(asked))


def rest_of_others(failing_for: timedelta, *, asked: float | None) -> timedelta:
    """How long the other messages of a receiver that took nothing for so long are spared: one that is down is only probed."""
    return max(min(max(failing_for / 2, SHORTEST_REST), LONGEST_REST), _within_reason(asked))


def _within_reason(asked: float | None) -> timedelta:
    return timedelta(seconds=min(asked or 0, MOST_ASKED.total_seconds()))
