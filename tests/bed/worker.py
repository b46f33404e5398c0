"""A real Celery worker in a process of its own, on the test database and this process's own queue."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection

from config.bootstrap.processes import end_with_parent
from config.celery import app
from tests.bed.data import database_url
from tests.bed.waiting import wait_until

QUEUE = "celery"
STARTING_SECONDS = 120  # A busy machine; an idle one takes 3.


@dataclass(frozen=True)
class WorkerProcess:
    """A running worker. Tests that need one ask for the fixture ``celery_worker_process``."""

    name: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls) -> "WorkerProcess":
        """Start a worker and return when it answers.

        Raises:
            RuntimeError: it ended or did not answer in time.
        """
        name = f"test-{os.getpid()}-{time.monotonic_ns()}@localhost"
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "-n", name, "-Q", QUEUE]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(connection.settings_dict),
        }
        process = subprocess.Popen(
            [*command, "-I", "tests.bed.tasks", "--loglevel", "WARNING"],
            env=environment,
            preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509  # The threads of this process hold no lock it wants.
        )
        worker = cls(name, process)
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline and worker.process.poll() is None:
            if app.control.ping(destination=[name], timeout=0.5):
                return worker
        worker.stop()
        raise RuntimeError("The Celery worker of the tests did not start; its messages are above.")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def listen(self) -> None:
        """Take tasks from the queue, beginning with those that are sent from now on."""
        app.control.purge()
        app.control.add_consumer(QUEUE, destination=[self.name], reply=True, timeout=5)

    def rest(self) -> None:
        """Finish what was begun and take no more, so that no task runs into the flush after a test."""
        app.control.cancel_consumer(QUEUE, destination=[self.name], reply=True, timeout=5)
        wait_until(lambda: not (app.control.inspect([self.name]).active() or {}).get(self.name))


@pytest.fixture(scope="session")
def _worker_of_session(django_db_setup: None) -> Iterator[WorkerProcess]:
    worker = WorkerProcess.start()
    yield worker
    worker.stop()


@pytest.fixture
def celery_worker_process(transactional_db: None, _worker_of_session: WorkerProcess) -> Iterator[WorkerProcess]:
    """Let a worker process take the tasks that this test sends; wait for their effect with ``wait_until``."""
    _worker_of_session.listen()
    yield _worker_of_session
    _worker_of_session.rest()
