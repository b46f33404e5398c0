"""The line drops, or says everything twice; the program is killed. Nothing is lost, nothing is doubled."""

from nhip_cau_client.conformance.line import LOST_ANSWER, LOST_REQUEST, TWICE
from nhip_cau_client.conformance.trial import DAY, Trial, expect, expect_true, scenario
from nhip_cau_client.office import Office, Outcome, Row
from nhip_cau_client.outbox import Outbox
from nhip_cau_client.state import State
from nhip_cau_client.sync import Report, Sync

GROUP = "drop"


class _KilledError(Exception):
    """Stands for a process that was killed at this point."""


class _KilledOffice(Office):
    """Sends a batch, and is killed before its answer is stored."""

    def put_many(self, *args: object, **options: object) -> list[Outcome]:
        super().put_many(*args, **options)  # type: ignore[arg-type]  # passed on as they came
        raise _KilledError


@scenario(GROUP, "the line drops before the request has arrived: it is sent again, and done once")
def lost_request(trial: Trial) -> None:
    office = trial.connect_badly()
    office.connection.send("GET", "countries/", params={"limit": 1})
    trial.line.faults.extend([LOST_REQUEST, LOST_REQUEST])
    expect("the result", "created", office.put("partners", trial.new()).result)
    expect("sent again", 2, office.connection.resent)


@scenario(GROUP, "the line drops after the server has stored: it is sent again, and nothing is doubled")
def lost_answer(trial: Trial) -> None:
    office = trial.connect_badly()
    office.connection.send("GET", "countries/", params={"limit": 1})
    trial.line.faults.extend([LOST_ANSWER, LOST_ANSWER])
    row = trial.new()
    outcome = office.put("partners", row)
    expect("the third answer", "unchanged", outcome.result)
    expect("its first revision", trial.read("partners", outcome.id)["revision"], outcome.revision)


@scenario(GROUP, "a POST whose answer was lost is answered again under its key, and logged once")
def lost_answer_to_post(trial: Trial) -> None:
    _row, partner = trial.stored_partner()
    office = trial.connect_badly()
    office.connection.send("GET", "countries/", params={"limit": 1})
    trial.line.faults.append(LOST_ANSWER)
    answer = office.connection.send("POST", "exchanges/", {"kind": "WORKING_MEETING", "starts_on": DAY, "partners": [partner.id]})
    trial.ids["exchanges"].add(answer.json()["id"])
    expect("marked as the first one", "true", answer.headers.get("Idempotent-Replayed"))
    expect("exchanges of the partner", 1, len(list(trial.office.rows("exchanges", partner=partner.id))))


@scenario(GROUP, "a line that delivers every request twice doubles nothing")
def delivered_twice(trial: Trial) -> None:
    office = trial.connect_badly()
    office.connection.send("GET", "countries/", params={"limit": 1})
    trial.line.faults.extend([TWICE] * 3)
    partner = trial.new()
    office.put("partners", partner)
    exchange = trial.exchange(partner.external_id)
    outcome = office.put("exchanges", exchange)
    identifier = trial.office.get("partners", partner.external_id)["id"]
    expect("exchanges of the partner", [outcome.id], [one["id"] for one in trial.office.rows("exchanges", partner=identifier)])


@scenario(GROUP, "an outbox is emptied over a line that drops at every second request")
def outbox_over_bad_line(trial: Trial) -> None:
    state = State(trial.folder / "drop.sqlite3")
    sync = Sync(trial.connect_badly(), state)
    rows = [trial.new() for _number in range(60)]
    for first in range(0, 60, 10):
        sync.outbox.put("partners", rows[first : first + 10])
        trial.line.faults.extend([LOST_REQUEST, LOST_ANSWER])
        sync.push(Report())
    expect("waiting", 0, sync.outbox.count())
    expect("refused", [], sync.outbox.refused())
    _expect_stored(trial, rows)
    state.close()


@scenario(GROUP, "the program is killed after sending, before it has stored the answer: started again, nothing is doubled")
def killed_in_between(trial: Trial) -> None:
    path = trial.folder / "killed.sqlite3"
    rows = [trial.new() for _number in range(10)]
    state = State(path)
    Outbox(state).put("partners", rows)
    office = trial.connect()
    try:
        Sync(_KilledOffice(office.connection, office.unit), state).push(Report())
    except _KilledError:
        state.close()
    state = State(path)
    sync, report = Sync(trial.connect(), state), Report()
    expect("waiting when it starts again", 10, sync.outbox.count())
    sync.push(report)
    expect("answered as the first time", {"created": 10}, report.sent)
    _expect_stored(trial, rows)
    state.close()


def _expect_stored(trial: Trial, rows: list[Row]) -> None:
    answers = trial.office.put_many("partners", rows)
    expect("results of sending it all once more", {"unchanged"}, {one.result for one in answers})
    expect_true("each row has a record of its own", len({one.id for one in answers}) == len(rows), len(rows))
