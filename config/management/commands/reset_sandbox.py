"""Bring the sandbox back to its beginning: empty it, and load reference data, policy and sample data anew."""

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import BaseCommand, CommandError, call_command

STEPS = ("sync_reference_data", "load_policy", "load_demo")
FOLDERS = ("uploads", "mail", "broker/queue", "broker/processed")


class Command(BaseCommand):
    help = "Empty the sandbox and load its sample data anew. Refused everywhere but in a sandbox (SANDBOX=on)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("This is not a sandbox: nothing was changed. Start the command with SANDBOX=on.")
        call_command("flush", interactive=False, verbosity=0)
        cache.clear()
        for folder in FOLDERS:
            _empty(settings.VAR_DIR / folder)
        for step in STEPS:
            call_command(step, verbosity=options["verbosity"] if step == "load_demo" else 0, stdout=self.stdout)


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
