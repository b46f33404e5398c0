"""A Chromium for the tests of the pages, and whether Playwright's driver can run beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT_FOLDERS = (".cache/ms-playwright", "Library/Caches/ms-playwright")
PLAYWRIGHT_PROGRAMS = ("chromium*/*/headless_shell", "chromium*/*/chrome-headless-shell", "chromium*/*/chrome")


def find() -> Path | None:
    """Return the browser named by TEST_CHROMIUM, on PATH, or downloaded by Playwright earlier."""
    named = os.environ.get("TEST_CHROMIUM")
    on_path = (shutil.which(name) for name in ([named] if named else NAMES))
    downloaded = (
        found for folder in PLAYWRIGHT_FOLDERS for program in PLAYWRIGHT_PROGRAMS for found in sorted((Path.home() / folder).glob(program))
    )
    candidates = [Path(path) for path in on_path if path] + ([] if named else list(downloaded))
    return next((path for path in candidates if _runs([str(path), "--version"])), None)


def driver_runs() -> bool:
    """Whether Playwright's driver starts. It carries its own node, which wants libatomic1."""
    return _runs([sys.executable, "-m", "playwright", "--version"])


def download() -> None:
    """Let Playwright fetch its own Chromium; quietly without success where its server cannot be reached."""
    _runs([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"])


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
