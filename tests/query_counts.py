"""The number of queries of every list and page, pinned in query_counts.json, so that an N+1 is a one-line diff."""

import json
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

PINNED_IN = Path(__file__).with_name("query_counts.json")


def get_counted(client: Client, address: str, *, name: str, **arguments: Any) -> Any:
    """Get a page that is 200, and hold the number of its queries to the number pinned under ``name``."""
    client.get(address, **arguments)  # The first request also fills caches that live as long as the process.
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address, **arguments)
    assert response.status_code == 200, f"{address}: {response.status_code}"
    check_count(name, [query["sql"] for query in captured.captured_queries])
    return response


def check_count(name: str, statements: list[str]) -> None:
    """Fail unless exactly the pinned number of statements ran; savepoints are not counted."""
    asked = [statement for statement in statements if not statement.startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))]
    pinned = json.loads(PINNED_IN.read_text()).get(name)
    listing = "\n".join(f"  {number}. {statement[:300]}" for number, statement in enumerate(asked, start=1))
    assert len(asked) == pinned, f"{name}: {len(asked)} queries, {pinned} pinned in {PINNED_IN.name}.\n{listing}"
