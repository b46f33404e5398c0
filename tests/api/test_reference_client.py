"""The offices' client keeps its word without any server: what waits survives, what is forged is refused, waiting has bounds."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from nhip_cau_client import Connection, ForgedError, Mirror, NotReachedError, Office, Outbox, Outcome, Patience, Row, State, Tokens, verify
from nhip_cau_client.mirror import Gone
from nhip_cau_client.office import key_path, parts_of
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CLIENT = Path(__file__).parents[2] / "clients" / "python"
QUICKLY = Patience(tries=4, first=0)


def outcome(row: Row, result: str = "created", status: int = 201) -> Outcome:
    return Outcome(row.external_id, status, result, "019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55", 1, {"code": "validation-failed", "errors": []})


def test_a_message_signed_by_the_public_library_is_accepted_and_an_altered_one_is_not() -> None:
    body = '{"type": "partner.changed", "data": {"id": "1"}}'
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("msg_1", now, body)
    headers = {"Webhook-Id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "WEBHOOK-SIGNATURE": f"v1,AAAA {signature}"}
    assert verify(SECRET, headers, body.encode())["type"] == "partner.changed"
    for wrong in (body.replace("1", "2"), body + " "):
        with pytest.raises(ForgedError):
            verify(SECRET, headers, wrong.encode())
    with pytest.raises(ForgedError):
        verify(SECRET, headers, body.encode(), now=time.time() + 600)


def test_a_batch_whose_answer_was_lost_goes_again_under_its_key(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    Outbox(state).put("partners", [Row("1", {"name": "A"}), Row("2", {"name": "B"})])
    key, sent = Outbox(state).take("partners", 500)
    state.close()
    outbox = Outbox(State(tmp_path / "state"))
    outbox.put("partners", [Row("1", {"name": "A2"}), Row("3", {"name": "C"})])
    assert outbox.take("partners", 500) == (key, sent)
    outbox.settle("partners", sent, [outcome(one.row) for one in sent])
    following, rest = outbox.take("partners", 500)
    assert following != key
    assert [(one.row.external_id, one.row.data) for one in rest] == [("1", {"name": "A2"}), ("3", {"name": "C"})]


def test_a_newer_word_takes_the_place_of_one_that_waits_or_was_refused(tmp_path: Path) -> None:
    outbox = Outbox(State(tmp_path / "state"))
    outbox.put("partners", [Row("1", {"name": ""})])
    _key, sent = outbox.take("partners", 500)
    outbox.settle("partners", sent, [outcome(sent[0].row, "refused", 422)])
    assert (outbox.count("waiting"), outbox.count("refused")) == (0, 1)
    outbox.put("partners", [Row("1", {"name": "A"})])
    assert (outbox.count("waiting"), outbox.count("refused")) == (1, 0)


def test_versions_rise_even_where_the_clock_is_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox(State(tmp_path / "state"))
    outbox.put("partners", [Row("1", {})])
    monkeypatch.setattr(time, "time_ns", lambda: 1_000)
    outbox.put("partners", [Row("2", {})])
    first, second = (one.row.version or 0 for one in outbox.take("partners", 500)[1])
    assert second == first + 1


def test_a_program_that_is_killed_while_it_queues_has_queued_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state"
    script = f"""
from nhip_cau_client import Outbox, Row, State
outbox = Outbox(State({str(path)!r}))
print("ready", flush=True)
number = 0
while True:
    outbox.put("partners", [Row(f"{{number}}-{{row}}", {{"name": "A"}}) for row in range(50)])
    number += 1
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=CLIENT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.4)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    queued = Outbox(State(path)).count()
    assert queued > 0
    assert queued % 50 == 0


def test_the_copy_follows_merges_and_forgets_what_is_gone(tmp_path: Path) -> None:
    mirror = Mirror(State(tmp_path / "state"))
    mirror.begin("c1")
    mirror.take_page("partner", [{"id": "a", "revision": 1}, {"id": "b", "revision": 1}], following=None)
    mirror.end()
    mirror.take_changes([], [Gone("partner", "a", "merged", "b")], cursor="c2")
    assert (mirror.get("partner", "a"), mirror.cursor) == ({"id": "b", "revision": 1}, "c2")
    mirror.begin("c3")
    mirror.take_page("partner", [{"id": "c", "revision": 1}], following=None)
    mirror.end()
    assert [one["id"] for one in mirror.records("partner")] == ["c"]


def connection(answers: list[Any], seen: list[httpx.Request], slept: list[float]) -> Connection:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token/":
            return httpx.Response(200, json={"access_token": f"token-{len(seen)}", "expires_in": 3600})
        seen.append(request)
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        status, headers, body = given
        return httpx.Response(status, headers=headers, json=body)

    return Connection(
        "https://site.test", Tokens("id", "secret"), patience=QUICKLY, transport=httpx.MockTransport(answer), sleep=slept.append
    )


def test_a_post_is_repeated_under_one_key_until_the_line_is_there_again() -> None:
    seen: list[httpx.Request] = []
    slept: list[float] = []
    answers = [httpx.ConnectError("down"), (503, {"Retry-After": "7"}, {}), (409, {}, {"code": "key-in-use"}), (201, {}, {"id": "1"})]
    assert connection(answers, seen, slept).send("POST", "exchanges/", {"a": 1}).json() == {"id": "1"}
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert slept[1] >= 7


def test_it_gives_up_in_the_end_and_asks_once_for_a_new_token() -> None:
    with pytest.raises(NotReachedError):
        connection([httpx.ConnectError("down")] * 4, [], []).send("GET", "partners/")
    seen: list[httpx.Request] = []
    assert connection([(401, {}, {}), (200, {}, {})], seen, []).send("GET", "partners/").status_code == 200
    assert seen[0].headers["Authorization"] != seen[1].headers["Authorization"]


def test_rows_are_parted_by_number_and_by_size() -> None:
    rows = [Row(str(number), {"name": "x" * 100}) for number in range(7)]
    assert [len(part) for part in parts_of(rows, most=3)] == [3, 3, 1]
    longest = len(json.dumps(rows[0].item(), ensure_ascii=False).encode())
    assert [len(part) for part in parts_of(rows, most_bytes=2 * longest)] == [2, 2, 2, 1]


def test_keys_of_any_characters_stand_in_the_address() -> None:
    assert [key_path("PU-40", "partners", key) for key in ("a/b c", "..")] == [
        "sources/PU-40/partners/a%2Fb%20c/",
        "sources/PU-40/partners/%2E%2E/",
    ]
    seen: list[httpx.Request] = []
    Office(connection([(200, {}, {})], seen, []), "PU-40").get("partners", "../số 1")
    assert seen[0].url.raw_path == b"/api/v1/sources/PU-40/partners/..%2Fs%E1%BB%91%201/"
