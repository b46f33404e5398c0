"""JSON as it comes from outside: bounded in size and depth, UTF-8, and without values that no database holds."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from crm.api.problems import Problem

MOST_LEVELS = 16


class TooLarge(APIException):
    status_code = 413
    default_detail = _("The request is larger than this address accepts. Send it in smaller parts.")
    default_code = "too-large"


def refuse_unstated_or_large(request: Request, most_bytes: int) -> None:
    """Refuse a body by what its headers say of its length, before anything of it is received.

    A body in chunks states none, and the gateway interface hands it over as an empty one. Raises Problem (411), TooLarge (413).
    """
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise Problem("length-required")
    stated = request.META.get("CONTENT_LENGTH") or "0"
    if stated.isdecimal() and int(stated) > most_bytes:
        raise TooLarge


class StrictJSONParser(BaseParser):
    """Read one JSON document (RFC 8259) of at most ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes and 16 levels.

    Refused as malformed: NaN and Infinity, a name that occurs twice in one object, lone surrogates.
    """

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            document = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_no_name_twice)
            _check_values(document)
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8: byte %(position)d.") % {"position": error.start}) from error
        except json.JSONDecodeError as error:
            place = {"line": error.lineno, "column": error.colno}
            raise ParseError(_("The body is not JSON: line %(line)d, column %(column)d.") % place) from error
        except RecursionError as error:
            raise _too_deep() from error
        except ValueError as error:
            # Python refuses to read integers of more than 4,300 digits.
            raise ParseError(_("The body holds a number that is too long.")) from error
        return document


def _too_deep() -> ParseError:
    return ParseError(_("The body is nested deeper than %(levels)d levels.") % {"levels": MOST_LEVELS})


def _refuse_constant(name: str) -> None:
    raise ParseError(_("%(name)s is not a JSON value.") % {"name": name})


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        # Counted in one pass: an object may have hundreds of thousands of names.
        repeated = next(name for name, times in Counter(name for name, _value in pairs).items() if times > 1)
        raise ParseError(_("The name “%(name)s” occurs twice in one object.") % {"name": ascii(repeated[:60])[1:-1]})
    return document


def _check_values(document: Any) -> None:
    """Walk the document level by level, without recursion."""
    level: list[Any] = [document]
    for _depth in range(MOST_LEVELS):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str):
                _check_text(value)
        level = below
        if not level:
            return
    raise _too_deep()


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParseError(_("The body holds half of a surrogate pair, which is no character.")) from error
