"""``python -m nhip_cau_client.conformance --url … --unit … --client-id … --client-secret …``: passes N of N."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import httpx

from nhip_cau_client.conformance import access, bad_input, bulk, conflicts, faults, feed, order, tampering, text, writing
from nhip_cau_client.conformance.line import BadLine
from nhip_cau_client.conformance.trial import SCENARIOS, FailedError, NotTriedError, Target, Trial
from nhip_cau_client.problems import NotReachedError, ProblemError

# In this order: the many rows last, since whoever copies a list would read them all.
MODULES = [module.__name__ for module in (access, writing, order, faults, conflicts, tampering, text, bad_input, feed, bulk)]
QUICK_ROWS = 300


def run(target: Target, only: str = "") -> int:
    """Run the scenarios whose group or words contain ``only``; return the exit code."""
    passed = failed = skipped = 0
    with BadLine(target.url) as line, tempfile.TemporaryDirectory() as folder:
        trial = Trial(target, line, Path(folder))
        try:
            for group, says, function in sorted(SCENARIOS, key=lambda one: MODULES.index(one[2].__module__)):
                if only not in f"{group} {says}":
                    continue
                line.faults.clear()
                began = time.monotonic()
                try:
                    function(trial)
                except NotTriedError as error:
                    skipped += 1
                    print(f"  --    {group}: {says}\n        not tried: {error}")
                except (FailedError, ProblemError, NotReachedError, httpx.HTTPError, LookupError, TypeError, ValueError) as error:
                    failed += 1
                    print(f"FAILED  {group}: {says}\n        {type(error).__name__}: {error}")
                else:
                    passed += 1
                    print(f"passed  {group}: {says} ({time.monotonic() - began:.1f} s)")
                sys.stdout.flush()
        finally:
            trial.clean()
    print(f"passes {passed} of {passed + failed}" + (f"; {skipped} not tried" if skipped else ""))
    return 1 if failed or not passed else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nhip_cau_client.conformance", description="Try how a test server keeps its promises.")
    parser.add_argument("--url", required=True, help="address of a TEST server: rows are made there, and archived at the end")
    parser.add_argument("--unit", required=True, help="code of the unit whose credential it is")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", default=os.environ.get("NHIP_CAU_CLIENT_SECRET"), help="or in NHIP_CAU_CLIENT_SECRET")
    parser.add_argument("--expired-client", help="ID:SECRET of a credential that has expired, to try how it is refused")
    parser.add_argument("--merged-id", help="identifier of a partner that was merged into another, to try how it answers")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS} rows instead of 10,000 in the scenario of many rows")
    parser.add_argument("--only", default="", help="only scenarios with these words")
    given = parser.parse_args(arguments)
    if not given.client_secret:
        parser.error("give --client-secret or set NHIP_CAU_CLIENT_SECRET")
    client_id, _colon, secret = (given.expired_client or "").partition(":")
    target = Target(
        url=given.url.rstrip("/"),
        client_id=given.client_id,
        client_secret=given.client_secret,
        unit=given.unit,
        rows=QUICK_ROWS if given.quick else 10_000,
        expired=(client_id, secret) if given.expired_client else None,
        merged_id=given.merged_id,
    )
    return run(target, given.only)


if __name__ == "__main__":
    sys.exit(main())
