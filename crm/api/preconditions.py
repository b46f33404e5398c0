"""Entity tags and preconditions (RFC 9110 sections 8.8 and 13): nobody writes over what he has not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from crm.api.problems import InvalidHeader, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

IF_MATCH = "If-Match"
ANY = "*"
# One entity tag, weak or strong: any visible character but the quotation mark.
_TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
_LIST = re.compile(rf"{_TAG}(?:[ \t]*,[ \t]*{_TAG})*")
_OWN = re.compile(r'"rev-([1-9][0-9]{0,8})"')


def etag_of(revision: int) -> str:
    """The entity tag of what people wrote of a record: ``"rev-17"``.

    It is for If-Match alone. Parts of a representation that follow from other records move without a revision, so no reader
    is told "not modified" by it.
    """
    return f'"rev-{revision}"'


def read_tags(request: Request) -> list[str] | None:
    """Return the entity tags of If-Match as they are written, ``["*"]`` for any, None where it was not sent. Raises InvalidHeader."""
    said = request.headers.get(IF_MATCH)
    if said is None:
        return None
    said = said.strip()
    if said == ANY:
        return [ANY]
    if not _LIST.fullmatch(said):
        raise InvalidHeader(IF_MATCH, _('Write the ETag as it was read, with its quotation marks: "rev-17".'))
    return re.findall(_TAG, said)


def hold_match(
    request: Request,
    revision: int,
    *,
    current: Callable[[], Any],
    differs: Callable[[int], list[str] | None],
    required: bool = True,
) -> None:
    """Go on only where If-Match names the revision that stands, by strong comparison, or says ``*``.

    Raises Problem: if-match-required (428) where the header is missing and required; changed-meanwhile (412) with the
    representation that stands and the names of what differs from the revision named (null where there is no such revision).
    """
    tags = read_tags(request)
    if tags is None:
        if required:
            raise Problem("if-match-required")
        return
    if tags != [ANY] and etag_of(revision) not in tags:
        raise stale(request, revision, current=current, differs=differs)


def stale(request: Request, revision: int, *, current: Callable[[], Any], differs: Callable[[int], list[str] | None]) -> Problem:
    """The answer to a request whose If-Match names another revision than the one that stands."""
    named = revision_named(read_tags(request) or [])
    names = None if named is None else differs(named)
    return Problem("changed-meanwhile", headers={"ETag": etag_of(revision)}, current=current(), differs=names)


def revision_named(tags: list[str]) -> int | None:
    """The youngest revision among the tags that are ours."""
    return max((int(own[1]) for tag in tags if (own := _OWN.fullmatch(tag))), default=None)
