"""Bring database and files to the state this version of the site needs. Safe to repeat."""

import argparse
import os
import sys
from io import StringIO

from config.bootstrap.places import ensure_secret_key
from config.bootstrap.translations import compile_translations

STEPS = (
    ("migrate", "database"),
    ("createcachetable", "cache"),
    ("sync_reference_data", "reference data"),
    ("load_policy", "policy of the figures"),
    ("load_demo", "sample data"),
    ("collectstatic", "static files"),
)


def prepare(*, with_demo: bool) -> None:
    """Take every step in order, naming it; print at the end what the sample data says of its accounts."""
    ensure_secret_key()
    compile_translations()

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    accounts = ""
    for command, what in STEPS:
        if command == "load_demo" and not with_demo:
            continue
        print(f"  {what} ...", flush=True)
        said = StringIO()
        options = {"interactive": False} if command in {"migrate", "collectstatic"} else {}
        try:
            call_command(command, verbosity=1 if command == "load_demo" else 0, stdout=said, **options)
        except CommandError as refusal:
            if command != "load_demo":
                raise
            accounts = f"{refusal}\n"  # A database with real partners is served without sample data.
        else:
            accounts = said.getvalue() if command == "load_demo" else accounts
    print(accounts, end="", flush=True)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="prepare", description=__doc__)
    arguments.add_argument("--without-demo", action="store_true", help="leave out the sample data, as for real use")
    prepare(with_demo=not arguments.parse_args().without_demo)
    return 0


if __name__ == "__main__":
    sys.exit(main())
