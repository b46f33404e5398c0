"""The containers are described soundly, and what they run works without Docker too."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from config.bootstrap.providers.ports import free_port
from tests.bed.waiting import wait_until

DOCKER = Path(settings.BASE_DIR) / "docker"
LONG_RUNNING = ["web", "worker", "beat", "db", "redis"]
OURS = ["prepare", "web", "worker", "beat"]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    return services


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_service_has_a_health_check(services: dict[str, Any], name: str) -> None:
    assert services[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True


def test_nothing_starts_before_the_database_is_prepared(services: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["prepare"]["condition"] == "service_completed_successfully"


def test_the_image_runs_without_rights_from_a_pinned_base() -> None:
    lines = (DOCKER / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert lines.index("USER 10001:10001") < lines.index('CMD ["web"]')
    base = next(line.partition("=")[2] for line in lines if line.startswith("ARG PYTHON_IMAGE"))
    assert base.count(".") == 2, "The base image is pinned to the last digit."


def test_every_image_is_pinned(services: dict[str, Any]) -> None:
    for name in ("db", "redis"):
        assert "." in services[name]["image"].partition(":")[2]


def test_the_example_holds_no_secret_and_names_what_compose_wants() -> None:
    example = dict(
        line.split("=", 1) for line in (DOCKER / "env.example").read_text().splitlines() if "=" in line and not line.startswith("#")
    )
    wanted = {part.partition(":?")[0] for part in (DOCKER / "compose.yaml").read_text().split("${")[1:] if ":?" in part.partition("}")[0]}
    assert wanted == {"SECRET_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"}
    assert {name: example[name] for name in wanted} == dict.fromkeys(wanted, "")


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a container that has been prepared, on SQLite instead of PostgreSQL."""
    ours = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}}
    environment = ours | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "VAR_DIR": str(tmp_path_factory.mktemp("var")),
        "SECRET_KEY": "of-a-test",
        "ALLOWED_HOSTS": "crm.example.org",
        "HTTPS": "on",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "WEB_WORKERS": "1",
    }
    run_in(environment, "sh", "docker/entrypoint.sh", "prepare")
    return environment


def test_preparing_leaves_tables_reference_data_and_static_files(container: dict[str, str]) -> None:
    count = "from crm.models import Country; print(Country.objects.count())"
    said = run_in(container, "sh", "docker/entrypoint.sh", "python", "manage.py", "shell", "--no-imports", "-c", count)
    assert int(said) > 100
    assert (Path(container["VAR_DIR"]) / "static" / "staticfiles.json").exists()


def test_the_health_check_follows_the_web_process(container: dict[str, str]) -> None:
    probe = [sys.executable, "-m", "config.bootstrap.probe"]
    assert subprocess.run(probe, cwd=settings.BASE_DIR, env=container, check=False).returncode == 1
    with running(container, "web") as web:
        wait_until(lambda: subprocess.run(probe, cwd=settings.BASE_DIR, env=container, check=False).returncode == 0, seconds=40)
        web.terminate()
        assert web.wait(timeout=20) == 0


def test_the_worker_starts_and_stops(container: dict[str, str]) -> None:
    log = Path(container["VAR_DIR"]) / "worker.log"
    with running(container, "worker") as worker:
        wait_until(lambda: "ready" in log.read_text() or worker.poll() is not None, seconds=40)
        worker.terminate()
        assert worker.wait(timeout=20) == 0, log.read_text()


def test_the_timetable_starts_writes_itself_down_and_stops(container: dict[str, str]) -> None:
    folder = Path(container["VAR_DIR"])
    with running(container, "beat") as beat:
        wait_until(lambda: list(folder.glob("celerybeat-schedule*")) or beat.poll() is not None, seconds=40)
        time.sleep(1)  # The file appears before it is complete.
        beat.terminate()
        assert beat.wait(timeout=20) == 0, (folder / "beat.log").read_text()


def run_in(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(environment: dict[str, str], name: str) -> Iterator[subprocess.Popen[bytes]]:
    with (Path(environment["VAR_DIR"]) / f"{name}.log").open("wb") as log:
        command = ["sh", "docker/entrypoint.sh", name]
        process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
