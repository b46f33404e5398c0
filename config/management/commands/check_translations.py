import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.bootstrap.providers import packages

SOURCES = ("config", "reports", "activities", "partners", "crm", "manage.py")
LANGUAGE = "vi"


class Command(BaseCommand):
    help = "List every text of the product that has no Vietnamese translation, or only a guessed one. Writes nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", default=LANGUAGE, help="Language code; %(default)s if left out.")

    def handle(self, *args: Any, language: str, **options: Any) -> None:
        used = _texts_of_the_product(language)
        lacking = [message for message in used if message.id and (message.fuzzy or not _is_translated(message))]
        for message in lacking:
            places = ", ".join(f"{path}:{line}" for path, line in message.locations[:2])
            self.stderr.write(f"{'guessed' if message.fuzzy else 'missing'}: {message.id!r} ({places})")
        if lacking:
            raise CommandError(f"{len(lacking)} texts have no translation into '{language}'.")
        self.stdout.write(f"{len(used)} texts, all translated into '{language}'.")


def _texts_of_the_product(language: str) -> Catalog:
    """Extract the texts from a copy of the sources, merge them with the translations there are, return both together."""
    _ensure_gettext()
    with tempfile.TemporaryDirectory(prefix="nhip-cau-texts-") as folder:
        copy = Path(folder)
        for name in SOURCES:
            source = settings.BASE_DIR / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo", "static", "reference"))
            else:
                shutil.copy(source, copy / name)
        _extract(copy, language)
        with (copy / "config" / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
            return read_po(file, locale=language)


def _extract(copy: Path, language: str) -> None:
    import contextlib

    from django.test import override_settings

    locale = copy / "config" / "locale"
    locale.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(copy), override_settings(LOCALE_PATHS=[str(locale)]):
        call_command("makemessages", locale=[language], verbosity=0, no_obsolete=True)


def _is_translated(message: Message) -> bool:
    """Whether there is a translation, for every plural form."""
    forms = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return all(forms)


def _ensure_gettext() -> None:
    if not shutil.which("xgettext") and packages.can_install():
        packages.install(["gettext"])
    if not shutil.which("xgettext"):
        raise CommandError("xgettext is missing, which finds the texts in the sources: apt install gettext")
