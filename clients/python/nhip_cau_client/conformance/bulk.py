"""Many at once: batches with a status per row, files in the background, ten thousand rows."""

from nhip_cau_client.conformance.trial import Trial, expect, expect_true, refused, scenario
from nhip_cau_client.office import MOST_IN_BATCH, Row

GROUP = "many"


@scenario(GROUP, "a batch in which one row is wrong: the others are stored, and it says which and why")
def partly(trial: Trial) -> None:
    rows = [trial.new(), trial.new(country="ZZ"), trial.new()]
    outcomes = trial.office.put_many("partners", rows)
    expect("per row", [False, True, False], [one.is_refused for one in outcomes])
    expect("its code", "unknown", outcomes[1].answer["errors"][0]["code"])
    expect_true("its place", str(outcomes[1].answer["errors"][0]["pointer"]).endswith("/data/country"), outcomes[1].answer)


@scenario(GROUP, "an atomic batch in which one row is wrong: 422, and nothing is stored")
def atomic(trial: Trial) -> None:
    good, bad = trial.new(), trial.new(country="ZZ")
    with refused("the batch", "validation-failed", status=422):
        trial.office.put_many("partners", [good, bad], atomic=True)
    with refused("the good row", "not-found", status=404):
        trial.office.get("partners", good.external_id)


@scenario(GROUP, "a batch of more than 500 rows is refused as a whole")
def beyond(trial: Trial) -> None:
    path = f"sources/{trial.target.unit}/partners/batch/"
    items = [{"external_id": f"{trial.word} {number}", "data": {}} for number in range(MOST_IN_BATCH + 1)]
    with refused("501 rows", "validation-failed", "too-large"):
        trial.office.connection.send("POST", path, {"atomic": False, "items": items})


@scenario(GROUP, "a file is written in the background, and tells what became of each row")
def file(trial: Trial) -> None:
    rows = [trial.new() for _number in range(30)] + [trial.new(country="ZZ")]
    job = trial.office.wait_for(trial.office.put_file("partners", rows), seconds=120)
    expect("rows", 31, job["rows"])
    expect("counts", (30, 1), (job["counts"].get("created"), job["counts"].get("refused")))
    again = trial.office.put_many("partners", rows[:30])
    expect("all are there", {"unchanged"}, {one.result for one in again})


@scenario(GROUP, "ten thousand rows (fewer with --quick) in batches: all there, and unchanged when sent again")
def ten_thousand(trial: Trial) -> None:
    partner, made = trial.stored_partner()
    rows: list[Row] = [trial.exchange(partner.external_id, place=f"Place {number}") for number in range(trial.target.rows)]
    first = trial.office.put_many("exchanges", rows)
    expect("made", trial.target.rows, sum(one.result == "created" for one in first))
    second = trial.office.put_many("exchanges", rows)
    expect("unchanged", trial.target.rows, sum(one.result == "unchanged" for one in second))
    answer = trial.office.connection.send("GET", "exchanges/", params={"partner": made.id, "count": "exact", "limit": 1}).json()
    expect("on the server", trial.target.rows, answer["count"])
