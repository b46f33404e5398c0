"""Install what is missing from the machine's own packages, without starting daemons or making clusters."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_CONFIGURATION = Path("/etc/postgresql-common/createcluster.conf")
STOCK_CLUSTER_CONFIGURATION = Path("/usr/share/postgresql-common/createcluster.conf")


@cache
def _root_prefix() -> tuple[str, ...] | None:
    """Return what to put before a command that needs root: nothing, sudo without a question, or None if neither goes."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0:
        return ("sudo", "-n")
    return None


def can_install() -> bool:
    return bool(shutil.which("apt-get")) and _root_prefix() is not None


def install(packages: Sequence[str]) -> None:
    """Install the packages in one transaction. When it fails, its messages are shown and whoever misses them says so."""
    print(f"Installing {', '.join(packages)} ...", flush=True)
    if not os.environ.get("APT_IS_FRESH"):
        _as_root("apt-get", "update", "-qq")
    with ExitStack() as stack:
        stack.enter_context(_no_daemons())
        if "postgresql" in packages:
            stack.enter_context(_no_cluster())
        _as_root(
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "UCF_FORCE_CONFFOLD=1",
            *("apt-get", "install", "-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", *packages),
        )


@contextmanager
def _no_daemons() -> Iterator[None]:
    """Keep packages from starting what they bring: Debian asks policy-rc.d. One that is there already stays as it is."""
    if POLICY.exists():
        yield
        return
    _write(POLICY, "#!/bin/sh\nexit 101\n", mode="755")
    try:
        yield
    finally:
        _as_root("rm", "-f", str(POLICY))


@contextmanager
def _no_cluster() -> Iterator[None]:
    """Keep the package from making a database cluster; leave Debian's own configuration behind for the next one."""
    if CLUSTER_CONFIGURATION.exists():
        yield
        return
    _write(CLUSTER_CONFIGURATION, "create_main_cluster = false\n", mode="644")
    try:
        yield
    finally:
        if STOCK_CLUSTER_CONFIGURATION.exists():
            _as_root("cp", str(STOCK_CLUSTER_CONFIGURATION), str(CLUSTER_CONFIGURATION))
        else:
            _as_root("rm", "-f", str(CLUSTER_CONFIGURATION))


def _write(path: Path, text: str, *, mode: str) -> None:
    _as_root("mkdir", "-p", str(path.parent))
    _as_root("tee", str(path), text=text)
    _as_root("chmod", mode, str(path))


def _as_root(*command: str, text: str = "") -> None:
    done = subprocess.run([*(_root_prefix() or ()), *command], input=text.encode(), capture_output=True, check=False)
    if done.returncode:
        print(done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace"), file=sys.stderr)
