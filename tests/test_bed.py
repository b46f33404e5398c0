"""The test bed does what the other tests rely on."""

import os
import socket
import urllib.request
import warnings

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect

from config.celery import app
from tests.bed.sockets import OutsideSocketError
from tests.bed.tasks import leave_a_group
from tests.bed.waiting import wait_until
from tests.bed.worker import WorkerProcess


def test_connecting_to_another_machine_is_refused() -> None:
    with socket.socket() as outside, pytest.raises(OutsideSocketError, match=r"not 203\.0\.113\.1"):
        outside.connect(("203.0.113.1", 80))


def test_looking_up_another_machine_is_refused() -> None:
    with pytest.raises(OutsideSocketError, match=r"look up example\.org"):
        urllib.request.urlopen("http://example.org/")


def test_connecting_to_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_a_warning_is_an_error() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_given() -> None:
    given = os.environ.get("DATABASE_URL", "sqlite://")
    assert connection.vendor == ("postgresql" if given.startswith("postgres") else "sqlite")
    assert "test" in str(connection.settings_dict["NAME"])


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="The embedded default has no Redis.")
def test_cache_and_queue_are_on_redis() -> None:
    cache.set("greeting", "xin chào")
    assert cache.get("greeting") == "xin chào"
    assert app.conf.broker_url == os.environ["REDIS_URL"]
    assert settings.CACHES["default"]["BACKEND"].endswith("RedisCache")


def test_a_worker_process_runs_a_task_on_the_test_database(celery_worker_process: WorkerProcess) -> None:
    leave_a_group.delay("left by the worker")
    wait_until(Group.objects.filter(name="left by the worker").exists)


def test_the_database_is_clean_after_a_worker_was_here(celery_worker_process: WorkerProcess) -> None:
    assert not Group.objects.exists()
    leave_a_group.delay("left by the worker")
    wait_until(Group.objects.filter(name="left by the worker").exists)


def test_a_browser_reads_a_page_as_wide_as_a_phone(phone_page: Page) -> None:
    phone_page.goto(reverse("health"))
    expect(phone_page.locator("body")).to_contain_text("ok")
    assert phone_page.evaluate("window.innerWidth") == 360


def test_a_browser_reads_a_page_as_wide_as_a_desk(desk_page: Page) -> None:
    desk_page.goto(reverse("health"))
    expect(desk_page.locator("body")).to_contain_text("ok")
    assert desk_page.evaluate("window.innerWidth") == 1280
