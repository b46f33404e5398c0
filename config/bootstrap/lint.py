"""./dev lint: every check, each named, all failures shown, and one exit code."""

import os
import subprocess
import sys
import time

from config.bootstrap.places import ROOT
from config.bootstrap.services import working_folder
from config.bootstrap.translations import compile_translations

PYTHON = sys.executable
TEMPLATE_FOLDERS = [str(folder.relative_to(ROOT)) for folder in sorted(ROOT.glob("*/templates"))]
CHECKS: dict[str, list[str]] = {
    "style (ruff check)": [PYTHON, "-m", "ruff", "check", "--quiet", "."],
    "layout (ruff format)": [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
    "types (mypy)": [PYTHON, "-m", "mypy", "--no-error-summary"],
    "direction of imports (import-linter)": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
    "templates (djlint)": [PYTHON, "-m", "djlint", "--lint", "--quiet", *TEMPLATE_FOLDERS],
    "Django's own checks": [PYTHON, "manage.py", "check", "--fail-level", "WARNING"],
    "migrations (makemigrations)": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "reference data (sync_reference_data)": [PYTHON, "manage.py", "sync_reference_data", "--check"],
    "translations (check_translations)": [PYTHON, "manage.py", "check_translations"],
}


def run_checks(environment: dict[str, str]) -> list[str]:
    """Run every check, print what each that fails says, and return the names of those."""
    failed = []
    for name, command in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'}  {name}  {time.monotonic() - started:.1f} s", flush=True)
        if done.returncode:
            failed.append(name)
            print((done.stdout + done.stderr).rstrip(), end="\n\n", flush=True)
    return failed


def main() -> int:
    compile_translations()
    with working_folder() as folder:
        # A folder of its own: the checks neither need nor touch the data of a site that runs from this checkout.
        environment = {**os.environ, "VAR_DIR": str(folder), "EPHEMERAL_SECRET_KEY": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        environment["TEST_VAR_DIR"] = str(folder)  # mypy reads the settings of the tests.
        failed = run_checks({name: value for name, value in environment.items() if name not in {"DATABASE_URL", "REDIS_URL"}})
    print(f"\n{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}" if failed else "\nEvery check passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
