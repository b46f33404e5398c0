"""Every write of a credential, done or refused, leaves one row for the health of its connection; it never fails the request."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from crm.actions.pushes import PushOutcomes, store_push
from crm.addresses import client_address
from crm.api.idempotency import REPLAYED

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from crm.choices import PushKind

logger = logging.getLogger(__name__)

_DONE = {201: "created", 202: "proposed"}
_RESULTS = ("created", "changed", "unchanged", "older", "linked", "proposed", "withdrawn")


def record_push(request: Request, kind: PushKind, noun: str, outcomes: PushOutcomes, *, status: int) -> None:
    """Leave the row, outside of the transaction in which the request wrote. Signed-in colleagues leave none."""
    client = getattr(request.auth, "application", None)
    if client is None:
        return
    try:
        store_push(client, kind=kind, noun=noun, status=status, outcomes=outcomes, address=client_address(request))
    except DatabaseError:
        logger.exception("the row of a push of %s was not stored", client.pk)


def outcomes_of(answer: HttpResponse) -> PushOutcomes:
    """What an answer about one record says of its fate: by its ``result``, else by the status, and by its codes where it refuses."""
    outcomes = PushOutcomes()
    body = _body_of(answer)
    if answer.status_code >= 400:
        outcomes.add("refused", codes_of(body))
    elif REPLAYED in answer.headers:
        outcomes.add("unchanged")
    else:
        said = body.get("result")
        outcomes.add(said if said in _RESULTS else _DONE.get(answer.status_code, "changed"))
    return outcomes


def codes_of(problem: dict[str, Any]) -> set[str]:
    """The codes of the rules that were broken, or the code of the problem where it names none."""
    return {error["code"] for error in problem.get("errors", ())} or {problem.get("code", "server-error")}


def _body_of(answer: HttpResponse) -> dict[str, Any]:
    body = getattr(answer, "data", None)
    if body is None and answer.status_code >= 400:
        body = json.loads(answer.content or "{}")
    return body if isinstance(body, dict) else {}
