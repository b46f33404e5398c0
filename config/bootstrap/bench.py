"""./dev bench: the benchmarks, on a private PostgreSQL and Redis."""

import os
import subprocess
import sys

from config.bootstrap.processes import Stopped, raise_when_told_to_stop
from config.bootstrap.services import MissingError, private_services


def main(arguments: list[str]) -> int:
    raise_when_told_to_stop()
    try:
        with private_services(with_browser=False) as services:
            environment = {**os.environ, **services, "VAR_DIR": services["TEST_VAR_DIR"], "EPHEMERAL_SECRET_KEY": "1"}
            return subprocess.run([sys.executable, "-m", "benchmarks", *arguments], env=environment, check=False).returncode
    except MissingError as missing:
        print(missing, file=sys.stderr)
        return 1
    except Stopped:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
