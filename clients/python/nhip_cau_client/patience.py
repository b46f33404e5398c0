"""How long to wait before a request is tried again."""

from dataclasses import dataclass
from random import SystemRandom

_DICE = SystemRandom()


@dataclass(frozen=True)
class Patience:
    """Back-off with full jitter: up to ``first`` seconds, then up to twice as long each time, ``longest`` at most.

    Where the server said how long (``Retry-After``), that long and a little more, so that not all come back at once.
    """

    tries: int = 8
    first: float = 0.5
    longest: float = 60.0

    def seconds(self, attempt: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after the given attempt, the first being 0."""
        if retry_after is not None:
            return retry_after + _DICE.uniform(0, min(1.0, self.first))
        return _DICE.uniform(0, min(self.longest, self.first * 2**attempt))
