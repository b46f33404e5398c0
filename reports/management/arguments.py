"""What the commands on figures have in common: a day, and mistakes said as messages."""

import json
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _


def add_as_of(parser: CommandParser) -> None:
    parser.add_argument(
        "--as-of", type=_day, default=timezone.localdate(), metavar="YYYY-MM-DD", help=_("as of which day (default: today)")
    )


@contextmanager
def mistakes_as_messages() -> Iterator[None]:
    """Turn a broken rule into the message of the command, without a traceback."""
    try:
        yield
    except ValidationError as error:
        raise CommandError("\n".join(error.messages)) from error


def as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(_("“%(text)s” is no day; write it as 2025-09-30.") % {"text": text}) from error
