"""``Idempotency-Key`` on POST (draft-ietf-httpapi-idempotency-key-header): done once, answered as often as it is asked."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, cast

from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions.stored_answers import KEPT_FOR
from crm.api.problems import InvalidHeader, Problem
from crm.models import StoredAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

    from crm.models import User

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Content-Language", "Location", "ETag")


def read_key(request: Request) -> str | None:
    """Return the key of a POST; None where none was sent. Raises InvalidHeader."""
    key: str | None = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not _VISIBLE.fullmatch(key):
        raise InvalidHeader(HEADER, _("Write 1 to 255 visible ASCII characters without spaces, such as a UUID."))
    return key


def answer_once(request: Request, key: str, body: bytes, handle: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the handler's answer, or the stored one where the key was answered before.

    ``body``: what tells two requests apart, the body itself or its digest. The handler returns an answer that is rendered.
    The answer is kept in the transaction in which the handler writes: either both are there or neither; a refusal is not kept.
    Raises Problem: key-in-use (409) while the first request runs, key-reused (422) for another request.
    """
    account, fingerprint = cast("User", request.user), _fingerprint(request, body)
    with transaction.atomic():
        if not _claim(account.pk, key):
            raise Problem("key-in-use", headers={"Retry-After": "1"})
        stored = StoredAnswer.objects.filter(account=account, key=key).first()
        if stored is not None and stored.at > timezone.now() - KEPT_FOR:
            return _replay(stored, fingerprint)
        answer = handle()
        if 200 <= answer.status_code < 300:
            _keep(answer, account, key, fingerprint, instead_of=stored)
        else:
            transaction.set_rollback(True)
    return answer


def _claim(account_id: int, key: str) -> bool:
    """Whether no other request with the key is running. SQLite has one writer at a time, so that the second one comes later."""
    if connection.vendor != "postgresql":
        return True
    digest = hashlib.sha256(f"answer:{account_id}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        return bool(cursor.fetchone()[0])


def _fingerprint(request: Request, body: bytes) -> str:
    """Digest of method, address, credential and body."""
    credential = getattr(request.auth, "application_id", "")
    head = f"{request.method} {request.get_full_path()} {credential}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()


def _keep(answer: HttpResponse, account: User, key: str, fingerprint: str, *, instead_of: StoredAnswer | None) -> None:
    if instead_of is not None:
        instead_of.delete()
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    StoredAnswer.objects.create(
        account=account, key=key, fingerprint=fingerprint, status=answer.status_code, headers=headers, body=answer.content
    )


def _replay(stored: StoredAnswer, fingerprint: str) -> HttpResponse:
    if stored.fingerprint != fingerprint:
        raise Problem("key-reused")
    return HttpResponse(bytes(stored.body), status=stored.status, headers={**stored.headers, REPLAYED: "true"})
