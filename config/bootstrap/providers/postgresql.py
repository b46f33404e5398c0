"""A private PostgreSQL: own data folder, own port and password, gone afterwards."""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.bootstrap.places import ROOT
from config.bootstrap.processes import end_with_parent
from config.bootstrap.providers.ports import free_port

OLDEST_VERSION = 14
PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin")
DATABASE = "nhip_cau"
# Nothing here outlives the tests, so nothing needs to reach the disk.
SERVER_OPTIONS = (
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=100"),
    *("-c", "shared_buffers=256MB", "-c", "work_mem=16MB", "-c", "maintenance_work_mem=256MB", "-c", "max_wal_size=4GB"),
)


def find() -> Path | None:
    """Return the folder with the programs of the newest PostgreSQL on this machine that is new enough."""
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += [folder for place in PLACES for folder in sorted(Path("/").glob(place), reverse=True)]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists() and _version(folder) >= OLDEST_VERSION:
            return folder
    return None


def _version(folder: Path) -> int:
    """Return the major version; 0 when the program does not run here."""
    done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)  # "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    return int(number[1]) if number else 0


@contextmanager
def private_postgresql(programs: Path, folder: Path) -> Iterator[str]:
    """Run a server with its data below the folder; yield the address of an empty database.

    PostgreSQL refuses to run as root, so root runs it as ``postgres`` or ``nobody``.
    """
    account = _unprivileged_account()
    home = folder / "postgresql"
    home.mkdir(mode=0o700)
    password = secrets.token_urlsafe(16)
    (home / "password").write_text(password)
    if account:
        for path in (home, home / "password"):
            os.chown(path, account.pw_uid, account.pw_gid)
        if programs.is_relative_to(ROOT):  # The other account may not be able to read the checkout.
            programs = shutil.copytree(programs.parent, home / "programs") / programs.name
    _run_initdb(programs, home, account)

    port = free_port()
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", "-p", str(port), "-k", home, "-c", "listen_addresses=127.0.0.1", *SERVER_OPTIONS],
            stdout=log,
            stderr=log,
            cwd=home,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509  # No thread runs in this process.
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
    try:
        yield _address_of_new_database(server, port, password, home / "log")
    finally:
        server.send_signal(signal.SIGINT)  # "Fast shutdown": an immediate one would leave shared memory behind.
        server.wait(timeout=30)


def _unprivileged_account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {account.pw_name: account for account in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _run_initdb(programs: Path, home: Path, account: pwd.struct_passwd | None) -> None:
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    access = ["--username=postgres", "--auth=password", f"--pwfile={home / 'password'}"]
    done = subprocess.run(
        [programs / "initdb", "-D", home / "data", *access, "--encoding=UTF8", f"--locale={locale}", "--no-sync"],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise RuntimeError(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")


def _address_of_new_database(server: subprocess.Popen[bytes], port: int, password: str, log: Path) -> str:
    import psycopg

    address = f"postgres://postgres:{password}@127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            return f"{address}/{DATABASE}"
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The private PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
