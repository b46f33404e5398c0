"""./dev test: every test, on PostgreSQL, Redis and in Chromium; or, with --sqlite, on the embedded default."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

from config.bootstrap.processes import Stopped, raise_when_told_to_stop
from config.bootstrap.services import MissingError, private_services, working_folder
from config.bootstrap.translations import compile_translations

# The whole suite runs in two processes; a file stays in one, so that what it prepares once is prepared once.
WHOLE_SUITE = ["-n", "2", "--dist", "loadfile"]
SERVICE_VARIABLES = ("DATABASE_URL", "REDIS_URL", "TEST_VAR_DIR")


def run_pytest(arguments: list[str], services: dict[str, str]) -> int:
    """Run pytest with these services and no others; return its exit code."""
    environment = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES}
    environment |= services | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    pytest = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], env=environment)
    try:
        return pytest.wait()
    except Stopped:
        _let_end(pytest)
        raise


def _let_end(pytest: subprocess.Popen[bytes]) -> None:
    """Give pytest time to stop what its tests started. Ctrl-C reached it already; a TERM to this process did not."""
    for ask in (None, signal.SIGINT, signal.SIGKILL):
        if ask:
            pytest.send_signal(ask)
        with suppress(subprocess.TimeoutExpired):
            pytest.wait(timeout=8)
            return


def main(arguments: list[str]) -> int:
    on_sqlite = "--sqlite" in arguments
    with_browser = not on_sqlite and "--no-browser" not in arguments
    for_pytest = [argument for argument in arguments if argument not in {"--sqlite", "--no-browser"}]
    if not for_pytest:
        for_pytest = WHOLE_SUITE
    if not with_browser:
        for_pytest = [*for_pytest, "-m", "not browser"]

    raise_when_told_to_stop()
    compile_translations()
    try:
        if on_sqlite:
            with working_folder() as folder:
                return run_pytest(for_pytest, {"TEST_VAR_DIR": str(folder)})
        with private_services(with_browser=with_browser) as services:
            return run_pytest(for_pytest, services)
    except MissingError as missing:
        print(missing, file=sys.stderr)
        return 1
    except Stopped:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
