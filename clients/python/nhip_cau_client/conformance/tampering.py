"""What somebody altered on its way is not taken for true."""

import json
import time
from base64 import b64encode
from collections.abc import Mapping
from secrets import token_bytes

from nhip_cau_client.conformance.trial import FailedError, Trial, expect, expect_true, refused, scenario
from nhip_cau_client.webhooks import TOLERANCE_SECONDS, ForgedError, sign, verify

GROUP = "tamper"


def _altered(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


@scenario(GROUP, "an altered cursor of the change feed is refused, never followed")
def altered_feed_cursor(trial: Trial) -> None:
    cursor = trial.office.changes("now").cursor
    for wrong in (_altered(cursor), cursor[:-3], "x", "…"):
        with refused(f"the cursor {wrong!r}", "invalid-parameter", "resync-required"):
            trial.office.changes(wrong)


@scenario(GROUP, "an altered cursor of a list is refused: 400 invalid-cursor")
def altered_list_cursor(trial: Trial) -> None:
    with refused("a made-up cursor", "invalid-parameter", status=400, rule="invalid-cursor", pointer="/cursor"):
        trial.office.connection.send("GET", "partners/", params={"cursor": "bm90IGEgY3Vyc29y"})


@scenario(GROUP, "a webhook whose body, time, identifier or signature was altered is not accepted")
def altered_webhook(trial: Trial) -> None:
    secret = "whsec_" + b64encode(token_bytes(24)).decode()
    body = json.dumps({"type": "partner.changed", "data": {"id": trial.word, "revision": 2}}).encode()
    moment = int(time.time())
    headers = {"Webhook-Id": "msg-1", "Webhook-Timestamp": str(moment), "Webhook-Signature": sign(secret, "msg-1", moment, body)}
    expect("as it was sent", "partner.changed", verify(secret, headers, body)["type"])
    both = headers | {"Webhook-Signature": f"v1,{b64encode(token_bytes(32)).decode()} {headers['Webhook-Signature']}"}
    expect("with two signatures", "partner.changed", verify(secret, both, body)["type"])
    _expect_forged("the body", secret, headers, body.replace(b": 2", b": 3"))
    _expect_forged("the identifier", secret, headers | {"Webhook-Id": "msg-2"}, body)
    _expect_forged("the signature", secret, headers | {"Webhook-Signature": _altered(headers["Webhook-Signature"])}, body)
    _expect_forged("the time", secret, headers | {"Webhook-Timestamp": str(moment + 1)}, body)
    old = moment - TOLERANCE_SECONDS - 1
    replayed = headers | {"Webhook-Timestamp": str(old), "Webhook-Signature": sign(secret, "msg-1", old, body)}
    _expect_forged("an old message", secret, replayed, body)


def _expect_forged(what: str, secret: str, headers: Mapping[str, str], body: bytes) -> None:
    try:
        verify(secret, headers, body)
    except ForgedError:
        return
    raise FailedError(f"{what} was altered, and the message was accepted")


@scenario(GROUP, "fields that the server sets cannot be set from outside")
def read_only(trial: Trial) -> None:
    for name, value in {"id": "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55", "revision": 99, "archived": True}.items():
        with refused(f"the field {name}", "validation-failed", status=422, rule="read-only") as caught:
            trial.office.connection.send("POST", "partners/", trial.partner(**{name: value}))
        expect_true("its place", caught[0].places[0].pointer == f"/{name}", str(caught[0]))
