"""Where a private PostgreSQL, a private Redis and a browser come from when tests or benchmarks want them."""
