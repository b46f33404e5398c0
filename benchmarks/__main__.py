"""`./dev bench [--small]`: figures and ratios, each measured in one run. Prints, asserts nothing.

On PostgreSQL the full data set (or a twentieth of it with --small); with --sqlite a tenth on the embedded default.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import sys
import time
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from crm.models import User


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a twentieth of the rows")
    parser.add_argument("--sqlite", action="store_true", help="a tenth of the rows, on SQLite")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    if options.sqlite:
        os.environ["DATABASE_URL"] = ""
    django.setup()
    from benchmarks import duplicates, exporting, feed, figures, importing, lists, matrix, pushing, reporting, searching

    scale = 0.05 if options.small else 0.1 if options.sqlite else 1.0
    reader = _prepare(scale)
    figures.run(rounds=options.rounds)
    lists.run(reader, rounds=options.rounds * 2)
    searching.run(reader, rounds=options.rounds * 2)
    figures.coverage(reader, rounds=options.rounds)
    matrix.run(rounds=options.rounds)
    feed.run(reader, rounds=options.rounds)
    reporting.run(rounds=options.rounds)
    importing.run()
    duplicates.run()
    exporting.run(reader)
    pushing.run()
    print(f"\nMost memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return 0


def _prepare(scale: float) -> User:
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.loading import load
    from benchmarks.population import Population, Size
    from crm.choices import Role
    from crm.models import Membership, Unit, User

    for command in (["migrate"], ["createcachetable"], ["sync_reference_data"], ["load_policy"]):
        call_command(*command, verbosity=0, stdout=io.StringIO())
    start = time.perf_counter()
    size = Size(scale)
    load(Population(size))
    print(
        f"{connection.vendor}: {size.partners:,} partners, {size.people:,} people, {size.exchanges:,} exchanges "
        f"loaded in {time.perf_counter() - start:.0f} s",
        flush=True,
    )
    reader = User.objects.create(username="bench")
    Membership.objects.create(user=reader, unit=Unit.objects.get(code="PU-40"), role=Role.OFFICER)
    return reader


if __name__ == "__main__":
    sys.exit(main())
