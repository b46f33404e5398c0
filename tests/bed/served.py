"""The site as a server runs it: gunicorn, and static files with hashed names, compressed, to be kept for ever."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from config.bootstrap.probe import is_well
from config.bootstrap.processes import end_with_parent
from config.bootstrap.providers.ports import free_port
from config.bootstrap.run import web_command
from tests.bed.data import database_url
from tests.bed.waiting import wait_until

STOP_SECONDS = 10


@pytest.fixture(scope="module")
def served_site(demo_data: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demonstration for a whole test file; yield the address. Cookies of the tests are good there too."""
    port = free_port()
    address = f"http://localhost:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_POOL"}},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(connection.settings_dict),
        "VAR_DIR": str(tmp_path_factory.mktemp("served")),
        "HOST": "localhost",
        "PORT": str(port),
        "WEB_WORKERS": "1",
        "DATABASE_POOL": "0",
    }
    for command in (["createcachetable"], ["collectstatic", "--no-input", "--verbosity", "0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=settings.BASE_DIR, env=environment, check=True)
    # A server must not outlive its tests, however they end: only preexec_fn can ask the kernel for that. It is safe
    # here, since no thread of this process holds a lock while the child starts.
    web = subprocess.Popen(web_command(), cwd=settings.BASE_DIR, env=environment, preexec_fn=end_with_parent(9))  # noqa: PLW1509
    try:
        wait_until(lambda: is_well(address) or web.poll() is not None, seconds=40)
        assert web.poll() is None, "gunicorn did not start; its messages are above."
        yield address
    finally:
        web.terminate()
        web.wait(timeout=STOP_SECONDS)
