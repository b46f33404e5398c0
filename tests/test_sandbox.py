"""The sandbox: it shares nothing with the real site of the same folder, says what it is, sends nothing out, and can be reset."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.bootstrap import run
from config.bootstrap.places import is_same_place
from config.management.commands import reset_sandbox
from crm.models import User
from crm.outbound import TargetRefused, Trouble, checked_url
from tests.api.caller import Caller, ask_token, make_credential

# What a site leaves behind in every store that it has, and what it finds there.
TRACE = """
import json, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.core.management import call_command
from django.db import connection
from config.celery import app
name = sys.argv[1]
call_command("createcachetable", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS trace (name TEXT)")
    cursor.execute("INSERT INTO trace VALUES (%s)", [name])
    cursor.execute("SELECT name FROM trace")
    rows = [row[0] for row in cursor.fetchall()]
cached = cache.get("trace", "") + name
cache.set("trace", cached)
default_storage.save("trace.txt", ContentFile(name))
app.send_task("trace", args=[name])
send_mail(name, name, None, ["somebody@example.org"])
print(json.dumps({
    "rows": rows, "cached": cached, "files": default_storage.listdir("")[1], "key": settings.SECRET_KEY,
    "messages": len(list((settings.BROKER_DIR / "queue").iterdir())), "mails": len(list(Path(settings.EMAIL_FILE_PATH).iterdir())),
    "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME], "static": str(settings.STATIC_ROOT),
}))
"""


def started(folder: Path, *arguments: str, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code of the site as ``./dev run`` would start it in the folder, with nothing of this process's own site."""
    own = ("VAR_DIR", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "EPHEMERAL_SECRET_KEY", "SANDBOX", "EMAIL_URL", "TEST_VAR_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in own and not name.startswith("SANDBOX_")}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(folder), **variables}
    command = [sys.executable, "-c", f"from config.bootstrap.places import ensure_secret_key; ensure_secret_key()\n{code}", *arguments]
    return subprocess.run(command, env=environment, cwd=site_settings.BASE_DIR, capture_output=True, text=True, check=False)


def test_a_sandbox_and_the_real_site_of_one_folder_share_nothing(tmp_path: Path) -> None:
    mails = {"EMAIL_URL": f"filemail:///{tmp_path / 'real-mail'}"}

    def leave(name: str, **variables: str) -> dict[str, Any]:
        process = started(tmp_path, name, code=TRACE, **mails, **variables)
        assert process.returncode == 0, process.stderr
        found: dict[str, Any] = json.loads(process.stdout)
        return found

    real, sandbox = leave("real"), leave("sandbox", SANDBOX="on")
    again, sandbox_again = leave("real"), leave("sandbox", SANDBOX="1")
    assert (again["rows"], sandbox_again["rows"]) == (["real"] * 2, ["sandbox"] * 2)
    assert (again["cached"], sandbox_again["cached"]) == ("realreal", "sandboxsandbox")
    for first, second in ((real, again), (sandbox, sandbox_again)):
        for store in ("messages", "mails"):
            assert (first[store], second[store]) == (1, 2)
        assert (len(first["files"]), len(second["files"])) == (1, 2)
        assert first["key"] == second["key"]
    assert real["key"] != sandbox["key"]
    assert real["static"] != sandbox["static"]
    assert set(real["cookies"]).isdisjoint(sandbox["cookies"])


def test_a_sandbox_does_not_read_what_the_real_site_is_told(tmp_path: Path) -> None:
    told = {"DATABASE_URL": "postgres://db/real", "REDIS_URL": "redis://queue/0", "SECRET_KEY": "real", "EMAIL_URL": "smtp://mail:25"}
    code = "from config import settings as s; print(s.DATABASES, s.CELERY_BROKER_URL, s.CACHES, s.SECRET_KEY, s.EMAIL_CONFIG)"
    said = started(tmp_path, code=code, SANDBOX="on", **told).stdout
    assert str(tmp_path / "sandbox" / "nhip_cau.sqlite3") in said
    for word in ("db/real", "real'", "queue", "'real", "smtp", "mail:25"):
        assert word not in said


@pytest.mark.parametrize(
    "told",
    [
        {"DATABASE_URL": "postgres://a@db/real", "SANDBOX_DATABASE_URL": "postgresql://b:c@db:5432/real"},
        {"DATABASE_URL": "postgres:///real", "SANDBOX_DATABASE_URL": "postgres://localhost/real"},
        {"REDIS_URL": "redis://queue/0", "SANDBOX_REDIS_URL": "redis://queue:6379"},
        {"REDIS_URL": "redis://queue/0", "SANDBOX_REDIS_URL": "redis://queue/1"},
        {"REDIS_URL": "redis://queue/1", "SANDBOX_REDIS_URL": "redis://queue/0"},
        {"SECRET_KEY": "same", "SANDBOX_SECRET_KEY": "same"},
    ],
)
def test_a_sandbox_on_the_real_sites_stores_does_not_start(told: dict[str, str], tmp_path: Path) -> None:
    process = started(tmp_path, code="import config.settings", SANDBOX="on", **told)
    assert process.returncode != 0
    assert "ImproperlyConfigured: SANDBOX_" in process.stderr


def test_stores_on_another_server_or_number_are_other_places() -> None:
    assert not is_same_place("redis://queue/0", "redis://queue/2")
    assert not is_same_place("postgres://db/real", "postgres://db/sandbox")
    assert not is_same_place("postgres://db/real", "postgres://other/real")
    assert not is_same_place("key", "other")


def test_run_with_the_switch_makes_everything_it_starts_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SANDBOX", "SANDBOX_WEBHOOK_HOSTS", "NO_DEMO"):
        monkeypatch.setenv(name, "1")
        monkeypatch.delenv(name)
    run.begin_sandbox("127.0.0.1")
    assert os.environ["SANDBOX"] == "1"
    assert "localhost" in os.environ["SANDBOX_WEBHOOK_HOSTS"]
    monkeypatch.delenv("SANDBOX_WEBHOOK_HOSTS")
    run.begin_sandbox("0.0.0.0")  # noqa: S104  (named, not bound)
    assert "SANDBOX_WEBHOOK_HOSTS" not in os.environ


@pytest.mark.django_db
def test_every_answer_and_page_says_so_in_the_sandbox_and_only_there(an: User, settings: Settings) -> None:
    token = ask_token(make_credential(an)).json()["access_token"]
    for is_sandbox in (False, True):
        settings.SANDBOX = is_sandbox
        client = Client(headers={"Accept-Language": "en"})
        sign_in, missing = client.get(reverse("account_login")), client.get("/khong-co/")
        client.force_login(an)
        pages = [sign_in, missing, client.get("/khong-co/"), client.get(reverse("crm:notification-list")), client.get(reverse("api:docs"))]
        answers = [*pages, client.get("/health/"), Caller(token=token).get("/tiers/"), Caller(token="khong").get("/tiers/")]
        assert all((answer.headers.get("Nhip-Cau-Sandbox") == "true") is is_sandbox for answer in answers)
        assert all(("sandbox-banner" in page.text) is is_sandbox for page in pages if page.status_code != 302)
        assert Caller(token=token).get("/health/").json()["sandbox"] is is_sandbox


def test_webhooks_of_a_sandbox_reach_no_host_that_is_not_named(settings: Settings) -> None:
    settings.SANDBOX, settings.WEBHOOK_ALLOWED_HOSTS = True, ["localhost:9000"]
    assert checked_url("http://localhost:9000/nhan").port == 9000
    for address in ("https://example.org/nhan", "http://localhost:9001/nhan"):
        with pytest.raises(TargetRefused) as refused:
            checked_url(address)
        assert refused.value.trouble == Trouble.ADDRESS_REFUSED


def test_the_real_site_is_never_reset(db: None) -> None:
    with pytest.raises(CommandError, match="not a sandbox"):
        call_command("reset_sandbox")


@pytest.mark.django_db(transaction=True)
def test_resetting_empties_rows_files_and_mail_and_loads_the_sample(
    an: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SANDBOX, settings.VAR_DIR = True, tmp_path
    monkeypatch.setattr(reset_sandbox, "STEPS", ("sync_reference_data",))
    for folder in ("uploads/2026", "mail", "broker/queue"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "old").write_text("cũ")
    call_command("reset_sandbox", verbosity=0)
    assert not User.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
