"""The cache and the queue share a Redis server, never a database."""

import pytest

from config.settings import _next_redis_database


@pytest.mark.parametrize(
    ("queue", "cache"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/1"),
        ("redis://:secret@redis:6379", "redis://:secret@redis:6379/1"),
        ("rediss://redis:6380/4?ssl_cert_reqs=required", "rediss://redis:6380/5?ssl_cert_reqs=required"),
    ],
)
def test_the_cache_keeps_away_from_the_queue(queue: str, cache: str) -> None:
    assert _next_redis_database(queue) == cache
