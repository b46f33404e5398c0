"""A site with a PostgreSQL, a Redis, a web server and a worker of its own, which tests may stop, kill, restart and empty."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings
from redis import Redis

from config.bootstrap.probe import is_well
from config.bootstrap.processes import end_with_parent
from config.bootstrap.providers import postgresql, redis
from config.bootstrap.providers.ports import free_port
from config.bootstrap.run import web_command
from config.bootstrap.services import working_folder
from tests.bed.waiting import wait_until

BASE = "base"
OFFICES = ("PU-40", "PU-14", "VUFO")
STARTING_SECONDS = 60


@dataclass(frozen=True)
class Office:
    """The credential of one unit's program."""

    unit: str
    client_id: str
    client_secret: str


@dataclass
class OwnSite:
    """The running site. ``fresh`` gives it a new database, so that no test sees what another did."""

    cluster: postgresql.Cluster
    redis_url: str
    folder: Path
    port: int
    offices: dict[str, Office] = field(default_factory=dict)
    database: str = BASE
    _web: subprocess.Popen[bytes] | None = None
    _worker: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        left_out = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "VAR_DIR"}
        return {name: value for name, value in os.environ.items() if name not in left_out} | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"{self.cluster.address}/{self.database}",
            "REDIS_URL": self.redis_url,
            "VAR_DIR": str(self.folder / "var"),
            "SECRET_KEY": "only-for-these-tests",
            "HOST": "localhost",
            "PORT": str(self.port),
            "WEB_WORKERS": "2",
            "API_REQUESTS_PER_MINUTE": "1000000",
            "API_TOKENS_PER_MINUTE": "1000000",
        }

    # --- Databases -------------------------------------------------------------------------------------

    def fresh(self, name: str) -> None:
        """Serve a new copy of the base database under this name, with an empty Redis."""
        self.kill_web()
        self.kill_worker()
        self._run_in("postgres", f'DROP DATABASE IF EXISTS "{name}"')
        self._run_in("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{BASE}"')
        self.database = name
        self.empty_redis()
        self.start_web()

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the database that is served says."""
        with psycopg.connect(f"{self.cluster.address}/{self.database}") as session:
            return session.execute(statement, parameters).fetchall()

    def run_python(self, script: str) -> str:
        """Run a script as ``manage.py shell`` does, on the database that is served; return what it printed."""
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run_in(self, database: str, statement: str) -> None:
        with psycopg.connect(f"{self.cluster.address}/{database}", autocommit=True) as session:
            session.execute(statement)

    # --- Breaking and mending --------------------------------------------------------------------------

    def start_web(self) -> None:
        self._web = self._start(web_command())
        wait_until(lambda: is_well(self.address) or (self._web and self._web.poll() is not None), seconds=STARTING_SECONDS)
        assert self._web.poll() is None, "gunicorn did not start; its messages are above."

    def kill_web(self) -> None:
        """End the web server and all its processes at once, in the middle of whatever they do."""
        self._kill(self._web)
        self._web = None

    def start_worker(self) -> None:
        worker = [sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker", "--pool", "solo", "--loglevel", "WARNING"]
        self._worker = self._start(worker)

    def kill_worker(self) -> None:
        self._kill(self._worker)
        self._worker = None

    def restart_postgresql(self) -> None:
        """Break every connection, stop the server and start it again."""
        self.cluster.stop()
        self.cluster.start()

    def empty_redis(self) -> None:
        """Forget every queue, count and cached value."""
        with Redis.from_url(self.redis_url) as server:
            server.flushall()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=self.environment,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509  # The threads of this process hold no lock it wants.
        )

    def _kill(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    # --- Asking ----------------------------------------------------------------------------------------

    def client(self, unit: str) -> httpx.Client:
        """A client with a token of the office."""
        office = self.offices[unit]
        asked = {"grant_type": "client_credentials", "scope": "read write"}
        answer = httpx.post(f"{self.address}/oauth/token/", data=asked, auth=(office.client_id, office.client_secret), timeout=30)
        answer.raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "Accept-Language": "en"}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=60)


_MAKE_OFFICES = """
import datetime, json
from crm.choices import Role
from crm.actions.offices import issue_credential
from crm.models import Membership, OfficeClient, Unit, User
by = User.objects.create(username="quan-tri-thu", full_name="Quản trị thử")
Membership.objects.create(user=by, unit=Unit.objects.get(code="VUFO"), role=Role.ADMINISTRATOR)
made = []
for code in {codes}:
    client = OfficeClient(name=code, unit=Unit.objects.get(code=code), expires_on=datetime.date.today() + datetime.timedelta(days=30))
    secret = issue_credential(client, role=Role.OFFICER, by=by)
    made.append([code, client.client_id, secret])
print(json.dumps(made))
"""


@pytest.fixture(scope="session")
def own_site() -> Iterator[OwnSite]:
    """A prepared site with a credential for each of ``OFFICES``; call ``fresh`` first. On PostgreSQL runs alone."""
    programs = postgresql.find()
    redis_program = redis.find() or redis.from_wheel()
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql") or programs is None or redis_program is None:
        pytest.skip("Servers that may be broken are there only in runs on PostgreSQL.")
    with ExitStack() as stack:
        folder = stack.enter_context(working_folder())
        (folder / "var").mkdir()
        cluster = postgresql.new_cluster(programs, folder)
        cluster.start()
        stack.callback(cluster.stop)
        redis_url = stack.enter_context(redis.private_redis(redis_program, folder))
        site = OwnSite(cluster, redis_url, folder, free_port())
        site._run_in("postgres", f'CREATE DATABASE "{BASE}"')
        prepare = [sys.executable, "-m", "config.bootstrap.prepare", "--without-demo"]
        subprocess.run(prepare, cwd=settings.BASE_DIR, env=site.environment, check=True, stdout=subprocess.DEVNULL)
        made = json.loads(site.run_python(_MAKE_OFFICES.format(codes=list(OFFICES))).splitlines()[-1])
        site.offices = {unit: Office(unit, client_id, secret) for unit, client_id, secret in made}
        stack.callback(site.kill_worker)
        stack.callback(site.kill_web)
        yield site
