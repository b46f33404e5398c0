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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass
class Cluster:
    """One server with its own data folder, port and password, which may be stopped and started again."""

    programs: Path
    home: Path
    port: int
    password: str
    account: pwd.struct_passwd | None
    _server: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The address without a database."""
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and return when it answers."""
        options: list[str] = ["-p", str(self.port), "-k", str(self.home), "-c", "listen_addresses=127.0.0.1", *SERVER_OPTIONS]
        with (self.home / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.programs / "postgres", "-D", self.home / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self.home,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509  # No thread that holds a lock runs in this process.
                **_as(self.account),
            )
        self._wait_for_answer(self._server)

    def stop(self) -> None:
        """Break all connections and end ("fast shutdown": an immediate one would leave shared memory behind)."""
        if self._server:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(timeout=30)

    def _wait_for_answer(self, server: subprocess.Popen[bytes]) -> None:
        import psycopg

        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(f"{self.address}/postgres").close()
                return
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"The private PostgreSQL did not start:\n{(self.home / 'log').read_text()}") from None
                time.sleep(0.05)


def new_cluster(programs: Path, folder: Path) -> Cluster:
    """Lay out the data of a new server below the folder.

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
    return Cluster(programs, home, free_port(), password, account)


@contextmanager
def private_postgresql(programs: Path, folder: Path) -> Iterator[str]:
    """Run a server with its data below the folder; yield the address of an empty database."""
    import psycopg

    cluster = new_cluster(programs, folder)
    try:
        cluster.start()
        with psycopg.connect(f"{cluster.address}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        yield f"{cluster.address}/{DATABASE}"
    finally:
        cluster.stop()


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """What makes a child run under another account."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


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
        **_as(account),
    )
    if done.returncode:
        raise RuntimeError(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")
