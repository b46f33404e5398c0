"""Settings of the test bed: the site's own, with everything that leaves a trace sent to a folder of this process.

Under pytest-xdist every process has its own folder and its own Redis database. The Celery worker that a test
starts inherits the environment, derives the same names and so meets the process that started it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

PROCESS_NAME = os.environ.get("PYTEST_XDIST_WORKER", "main")
PROCESS_NUMBER = 0 if PROCESS_NAME == "main" else int(PROCESS_NAME.removeprefix("gw")) + 1


def _folder_of_this_process() -> Path:
    """Return the folder for files of this process, below TEST_VAR_DIR, which is made and removed when nobody gave it."""
    if "TEST_VAR_DIR" not in os.environ:
        os.environ["TEST_VAR_DIR"] = tempfile.mkdtemp(prefix="nhip-cau-test-")
        atexit.register(shutil.rmtree, os.environ["TEST_VAR_DIR"], ignore_errors=True)
    folder = Path(os.environ["TEST_VAR_DIR"]) / PROCESS_NAME
    # whitenoise warns of a static folder that does not exist, and warnings are errors here.
    (folder / "static").mkdir(parents=True, exist_ok=True)
    return folder


FOLDER = _folder_of_this_process()
os.environ["VAR_DIR"] = str(FOLDER)
os.environ["EPHEMERAL_SECRET_KEY"] = "1"
os.environ.pop("DATABASE_POOL", None)  # A pool would keep connections open when the test database is dropped.
if redis_url := os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = urlunsplit(urlsplit(redis_url)._replace(path=f"/{PROCESS_NUMBER}"))

from config.settings import *  # noqa: E402, F403  (after the environment is set; every setting of the site)
from config.settings import DATABASES, STORAGES  # noqa: E402  (the same)

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, since the worker process and the live server could not see a database in memory.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
if redis_url:
    # Emptying the cache empties its whole Redis database; the queue of the worker must not go with it.
    cache_url = urlunsplit(urlsplit(redis_url)._replace(path=f"/{PROCESS_NUMBER + 8}"))
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": cache_url}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# The live server serves files by their plain names; hashed names would be 404 there.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The receivers of webhooks that tests run stand on this machine.
WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
