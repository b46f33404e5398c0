"""Reading: lists to their end, changes since last time, deletions too, and beginning again."""

import time

from nhip_cau_client.conformance.trial import Trial, expect, expect_true, refused, scenario
from nhip_cau_client.mirror import CURSOR
from nhip_cau_client.office import Row
from nhip_cau_client.state import State
from nhip_cau_client.sync import Report, Sync

GROUP = "changes"
PATIENCE_SECONDS = 60


def _changes(trial: Trial, cursor: str) -> tuple[dict[str, dict[str, object]], str]:
    """Return the last word about each record since the cursor, and the cursor behind them."""
    last: dict[str, dict[str, object]] = {}
    while True:
        page = trial.office.changes(cursor, limit=7)
        last |= {one["id"]: one for one in page.items}
        cursor = page.cursor
        if not page.has_more:
            return last, cursor


def _until_told(trial: Trial, cursor: str, wanted: set[str]) -> tuple[dict[str, dict[str, object]], str]:
    """Read on until all are told: what others have not finished storing holds up what comes after it."""
    told: dict[str, dict[str, object]] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not wanted <= set(told):
        expect_true("told in time", time.monotonic() < deadline, sorted(wanted - set(told))[:5])
        last, cursor = _changes(trial, cursor)
        told |= last
    return told, cursor


@scenario(GROUP, "what was written since the cursor is told, in pages, and not again behind it")
def told(trial: Trial) -> None:
    cursor = trial.office.changes("now").cursor
    outcomes = trial.office.put_many("partners", [trial.new() for _number in range(20)])
    wanted = {str(one.id) for one in outcomes}
    last, behind = _until_told(trial, cursor, wanted)
    expect("the revision", outcomes[0].revision, last[str(outcomes[0].id)]["revision"])
    again, _cursor = _changes(trial, behind)
    expect("not again", set(), wanted & set(again))


@scenario(GROUP, "a row that changes nothing is not told")
def unchanged_is_not_told(trial: Trial) -> None:
    cursor = trial.office.changes("now").cursor
    row, made = trial.stored_partner()
    _last, cursor = _until_told(trial, cursor, {str(made.id)})
    expect("the result", "unchanged", trial.office.put("partners", row).result)
    _other, after = trial.stored_partner()
    last, _cursor = _until_told(trial, cursor, {str(after.id)})
    expect_true("not told", str(made.id) not in last, last.get(str(made.id)))


@scenario("tombstone", "an exchange that was deleted is told as archived")
def tombstone(trial: Trial) -> None:
    partner, _made = trial.stored_partner()
    row = trial.exchange(partner.external_id)
    cursor = trial.office.changes("now").cursor
    made = trial.office.put("exchanges", row)
    _last, cursor = _until_told(trial, cursor, {str(made.id)})
    trial.office.withdraw("exchanges", row.external_id, version=2)
    last, _cursor = _until_told(trial, cursor, {str(made.id)})
    expect("the reason", "archived", last[str(made.id)]["deleted"])


@scenario("resync", "a cursor that is no longer good: 410 resync-required, and the client reads everything once more")
def resync(trial: Trial) -> None:
    narrow = trial.office.changes("now", nouns=["partner"]).cursor
    with refused("a cursor given for other records", "resync-required", status=410):
        trial.office.changes(narrow, nouns=["exchange"])
    state = State(trial.folder / "resync.sqlite3")
    state.set_mark(CURSOR, narrow)
    sync, report = Sync(trial.office, state, nouns=["exchange"]), Report()
    sync.pull(report)
    expect("read everything", True, report.resynced)
    _expect_equal(trial, sync)
    state.close()


@scenario("resync", "first everything, then changes: the copy is equal to the server, also when begun again")
def copy(trial: Trial) -> None:
    path = trial.folder / "copy.sqlite3"
    state = State(path)
    sync = Sync(trial.office, state, nouns=["exchange"])
    sync.pull(Report())
    partner, _made = trial.stored_partner()
    kept, changed, gone = (trial.exchange(partner.external_id) for _number in range(3))
    outcomes = trial.office.put_many("exchanges", [kept, changed, gone])
    sync.pull(Report())
    state.close()
    state = State(path)
    sync = Sync(trial.office, state, nouns=["exchange"])
    trial.office.put("exchanges", Row(changed.external_id, {**(changed.data or {}), "place": "Vinh"}, version=2))
    trial.office.withdraw("exchanges", gone.external_id, version=2)
    _expect_equal(trial, sync)
    expect("what is gone", None, sync.mirror.get("exchange", str(outcomes[2].id)))
    sync.mirror.begin(trial.office.changes("now").cursor)
    trial.office.put("exchanges", Row(kept.external_id, {**(kept.data or {}), "place": "Hà Nội"}, version=2))
    _expect_equal(trial, sync)
    state.close()


def _expect_equal(trial: Trial, sync: Sync) -> None:
    """The copy and the list of what is in use say the same, once all that was stored has been told."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        sync.pull(Report())
        stored = {one["id"]: one["revision"] for one in trial.office.rows("exchanges")}
        mirrored = {one["id"]: one["revision"] for one in sync.mirror.records("exchange")}
        if stored == mirrored or time.monotonic() > deadline:
            expect_true("the copy equals the list", stored == mirrored, sorted(set(stored.items()) ^ set(mirrored.items()))[:5])
            return


@scenario("pages", "a list is read to its end by following “next”: each record once")
def pages(trial: Trial) -> None:
    answer = trial.office.connection.send("GET", "countries/", params={"limit": 50, "count": "exact"}).json()
    rows = [one["alpha2"] for one in trial.office.rows("countries", limit=50)]
    expect("each once", len(rows), len(set(rows)))
    expect("all", answer["count"], len(rows))
