"""``?dry_run=true``: a write is done as a whole, with every rule, and then taken back; the answer says what would have been."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.api.problems import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request
    from rest_framework.response import Response

PARAMETER = "dry_run"
Done = TypeVar("Done")
# What would lead to something that is not there.
_OF_STORED = ("Location", "ETag")


def wants_dry_run(request: Request) -> bool:
    """Whether the request only asks what would happen. Raises InvalidParameter for any word but ``true`` and ``false``."""
    said = request.query_params.get(PARAMETER, "false")
    if said not in ("true", "false"):
        raise InvalidParameter({PARAMETER: ("invalid", _("Write “true” or “false”."))})
    return said == "true"


def try_out(handle: Callable[[], Response]) -> Response:
    """Return what the handler answers, of which nothing is stored."""
    answer = taken_back(handle)
    for name in _OF_STORED:
        answer.headers.pop(name, None)
    return answer


def taken_back(write: Callable[[], Done]) -> Done:
    """Return what this returns, and take back whatever it has written, also what it would have told after the commit."""
    with transaction.atomic():
        done = write()
        transaction.set_rollback(True)
    return done
