from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from reports.actions.policies import load_policy

POLICIES = Path(__file__).resolve().parents[2] / "reference" / "policies"


class Command(BaseCommand):
    help = "Load policy versions (points, weights, caps, cadences) from TOML files. Loaded versions never change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help=_("policy files (default: those that come with the product)")
        )

    def handle(self, *, files: list[Path], verbosity: int, **options: Any) -> None:
        for path in files or sorted(POLICIES.glob("*.toml")):
            try:
                policy, is_new = load_policy(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(_("%(file)s cannot be read: %(error)s") % {"file": path, "error": error}) from error
            except ValidationError as error:
                raise CommandError("\n".join(f"{path.name}: {message}" for message in error.messages)) from error
            if verbosity:
                outcome = _("Policy version %(code)s loaded.") if is_new else _("Policy version %(code)s was loaded already.")
                self.stdout.write(outcome % {"code": policy.code})
