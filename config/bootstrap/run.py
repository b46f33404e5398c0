"""./dev run: prepare everything, then serve the site beside a worker until somebody stops it.

With --sandbox it is the site's sandbox, on a database, files and a port of its own, where offices try their programs.
"""

import argparse
import os
import socket
import subprocess
import sys
import time

from config.bootstrap.places import ensure_secret_key, is_sandbox, var_dir
from config.bootstrap.probe import is_well
from config.bootstrap.processes import Children, Stopped, raise_when_told_to_stop

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104  # Recognised, not bound: the person at the terminal chose it.
STARTING_SECONDS = 60
PORT, SANDBOX_PORT = "8000", "8010"


def web_command() -> list[str]:
    """Return the command of the web server, as the container runs it too."""
    return [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi"]


def worker_command() -> list[str]:
    """Return the command of a worker that keeps the timetable as well."""
    schedule = str(var_dir() / "celerybeat-schedule")
    worker = [sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker", "--pool", "threads", "--concurrency", "4"]
    return [*worker, "--beat", "--schedule", schedule, "--loglevel", "WARNING"]


def why_not_free(host: str, port: int) -> str | None:
    """Return why the address cannot be served, or None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror
    return None


def wait_for_answer(children: Children, address: str) -> bool:
    """Return whether the site answered before a child ended or a minute was over."""
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and not children.ended():
        if is_well(address):
            return True
        time.sleep(0.1)
    return False


def serve(host: str, port: int) -> int:
    """Run web server and worker until one ends or somebody stops them; return the exit code."""
    shown_host = "127.0.0.1" if host in EVERYWHERE else host
    address = f"http://{shown_host}:{port}"
    children = Children()
    try:
        # Database connections are pooled by the web server alone; see config/gunicorn.py.
        environment = {**os.environ, "HOST": host, "PORT": str(port)}
        children.start("web", web_command(), environment)
        children.start("worker", worker_command(), environment)
        if wait_for_answer(children, address):
            what = "Nhịp Cầu, sandbox" if is_sandbox() else "Nhịp Cầu"
            print(f"\n{what}: {address}/   (Ctrl-C stops it)", flush=True)
        elif not children.ended():
            print(f"The site did not answer at {address}/health/ within {STARTING_SECONDS} s.", file=sys.stderr)
            return 1
        name, code = children.wait()
        print(f"The {name} process ended by itself with code {code}; stopping the rest.", file=sys.stderr)
        return code if code > 0 else 1
    finally:
        children.stop()


def begin_sandbox(host: str) -> None:
    """Say to everything that is started from here that it belongs to the sandbox. On one machine its webhooks may reach that machine."""
    os.environ["SANDBOX"] = "1"
    os.environ.pop("NO_DEMO", None)
    if host not in EVERYWHERE:
        os.environ.setdefault("SANDBOX_WEBHOOK_HOSTS", "localhost,127.0.0.1,[::1]")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev run", description="Set up and serve the site.")
    parser.add_argument("--sandbox", action="store_true", help="serve the sandbox: invented data, apart from the real site")
    host = os.environ.get("HOST", "127.0.0.1")
    if parser.parse_args().sandbox:
        begin_sandbox(host)
    port_text = os.environ.get("PORT", SANDBOX_PORT if is_sandbox() else PORT)
    if not port_text.isdigit() or not 0 < int(port_text) < 65536:
        print(f"PORT is '{port_text}'. Give a number from 1 to 65535, such as PORT=8000.", file=sys.stderr)
        return 2
    port = int(port_text)
    if reason := why_not_free(host, port):
        print(f"{host}:{port} cannot be used: {reason}. Choose another port, such as PORT={port + 1} ./dev run", file=sys.stderr)
        return 1
    if host not in EVERYWHERE:
        os.environ.setdefault("ALLOWED_HOSTS", f"localhost,127.0.0.1,[::1],{host}")
    elif "ALLOWED_HOSTS" not in os.environ:
        print("Reachable from elsewhere only under the names in ALLOWED_HOSTS, which is not set.")

    raise_when_told_to_stop()
    try:
        ensure_secret_key()
        print("Preparing:", flush=True)
        without_demo = ["--without-demo"] if os.environ.get("NO_DEMO") == "1" else []
        prepared = subprocess.run([sys.executable, "-m", "config.bootstrap.prepare", *without_demo], check=False)
        return prepared.returncode or serve(host, port)
    except Stopped:
        print("Stopped.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
