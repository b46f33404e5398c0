"""Exports through the view, with every standard column: time and memory as the rows grow. Flat memory is the point."""

import gc
import threading
import time
from pathlib import Path
from unittest.mock import patch

from django.test import Client

from benchmarks.measure import heading, line
from crm.models import User
from partners.models import Partner
from partners.views.lists import PartnerList

SIZES = (10_000, 50_000, 100_000)
SAMPLE_SECONDS = 0.02


def run(reader: User) -> None:
    client = Client()
    client.force_login(reader)
    there = Partner.objects.live().count()
    sizes = [size for size in SIZES if size < there] or [there]
    heading("Export of the partner list (rows, seconds, to the first byte, megabytes sent, memory above what was there before)")
    for format_name in ("csv", "xlsx"):
        _export(client, format_name, 1_000)  # Modules and templates are loaded before anything is measured.
        for size in [*sizes, there] if there > sizes[-1] else sizes:
            _export(client, format_name, size, prints=True)


def _export(client: Client, format_name: str, size: int, *, prints: bool = False) -> None:
    """Export the first ``size`` partners. The whole list is read the way a browser does, a piece at a time."""
    last = Partner.objects.live().order_by("pk").values_list("pk", flat=True)[size - 1 : size].first()
    whole = PartnerList.get_queryset
    with patch.object(PartnerList, "get_queryset", lambda view: whole(view).filter(pk__lte=last)), Memory() as memory:
        start = time.perf_counter()
        answer = client.get(f"/partners/?export={format_name}", headers={"host": "localhost"})
        first, sent = 0.0, 0
        for piece in answer.streaming_content:  # type: ignore[attr-defined]  # of a streaming answer
            first = first or time.perf_counter() - start
            sent += len(piece)
        seconds = time.perf_counter() - start
    if prints:
        figures = (f"{seconds:.1f} s", f"{first:.2f} s", f"{sent / 1e6:.1f} MB", f"{memory.grown / 1024:.0f} MiB")
        line(f"  {format_name}, {size:,} rows ({size / seconds:,.0f} a second)", *figures)


class Memory:
    """The most memory of this process while it is entered, in KiB above what it had at the beginning."""

    def __enter__(self) -> "Memory":
        gc.collect()
        self._before = self._most = _resident()
        self._ends = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._watch.join()

    @property
    def grown(self) -> int:
        return self._most - self._before

    def _look(self) -> None:
        while not self._ends.wait(SAMPLE_SECONDS):
            self._most = max(self._most, _resident())


def _resident() -> int:
    """Resident memory of this process in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4
