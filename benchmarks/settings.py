"""The site's settings, with the pages to compare against beside its own."""

import os
import tempfile

if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = f"sqlite:///{tempfile.mkdtemp(prefix='nhip-cau-bench-')}/bench.sqlite3"

from config.settings import *  # noqa: F403  (every setting of the site, on purpose)

ROOT_URLCONF = "benchmarks.plain"
ALLOWED_HOSTS = ["localhost"]
LOGGING = {"version": 1, "disable_existing_loggers": True}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

API_REQUESTS_PER_MINUTE = 1_000_000
