"""Timing: interleaved rounds, medians and ratios. Machines are noisy; only ratios of one run mean something."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass
class Timing:
    """The seconds of one way of doing something, a figure for each round."""

    name: str
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[max(0, round(0.95 * len(self.seconds)) - 1)]


def interleaved(ways: dict[str, Callable[[], object]], *, rounds: int) -> dict[str, Timing]:
    """Run each way once a round, in turn, so that noise falls on all alike. The first, warming round is not counted."""
    timings = {name: Timing(name) for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            start = time.perf_counter()
            way()
            elapsed = time.perf_counter() - start
            if number:
                timings[name].seconds.append(elapsed)
    return timings


def each(call: Callable[[str], object], arguments: list[str]) -> Timing:
    """Time one call for each argument."""
    timing = Timing("each")
    for argument in arguments:
        start = time.perf_counter()
        call(argument)
        timing.seconds.append(time.perf_counter() - start)
    return timing


def queries_of(call: Callable[[], object]) -> int:
    """How many statements one call sends."""
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:10.2f} ms"


def line(label: str, *columns: str) -> None:
    print(f"  {label:<62}" + "".join(f"{column:>18}" for column in columns), flush=True)


def heading(text: str) -> None:
    print(f"\n{text}", flush=True)
