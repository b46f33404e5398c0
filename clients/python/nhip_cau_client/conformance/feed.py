"""Reading: lists to their end, changes since last time, deletions too, and beginning again."""

from nhip_cau_client.conformance.trial import Trial, expect, expect_true, scenario
from nhip_cau_client.mirror import Mirror
from nhip_cau_client.office import Row
from nhip_cau_client.state import State
from nhip_cau_client.sync import Report, Sync

GROUP = "changes"


def _changes(trial: Trial, cursor: str) -> tuple[dict[str, dict[str, object]], str]:
    """Return the last word about each record since the cursor, and the cursor behind them."""
    last: dict[str, dict[str, object]] = {}
    while True:
        page = trial.office.changes(cursor, limit=7)
        last |= {one["id"]: one for one in page.items}
        cursor = page.cursor
        if not page.has_more:
            return last, cursor


@scenario(GROUP, "what was written since the cursor is told, in pages, and not again behind it")
def told(trial: Trial) -> None:
    cursor = trial.office.changes("now").cursor
    outcomes = trial.office.put_many("partners", [trial.new() for _number in range(20)])
    last, behind = _changes(trial, cursor)
    told_ids = {one.id for one in outcomes} & set(last)
    expect("told", 20, len(told_ids))
    expect("the revision", outcomes[0].revision, last[str(outcomes[0].id)]["revision"])
    again, _cursor = _changes(trial, behind)
    expect("not again", set(), {one.id for one in outcomes} & set(again))


@scenario(GROUP, "a row that changes nothing is not told")
def unchanged_is_not_told(trial: Trial) -> None:
    row, made = trial.stored_partner()
    cursor = trial.office.changes("now").cursor
    trial.office.put("partners", row)
    last, _cursor = _changes(trial, cursor)
    expect_true("not told", str(made.id) not in last, last.get(str(made.id)))


@scenario("tombstone", "an exchange that was deleted is told as archived")
def tombstone(trial: Trial) -> None:
    partner, _made = trial.stored_partner()
    row = trial.exchange(partner.external_id)
    made = trial.office.put("exchanges", row)
    cursor = trial.office.changes("now").cursor
    trial.office.withdraw("exchanges", row.external_id, version=2)
    last, _cursor = _changes(trial, cursor)
    expect("the reason", "archived", last.get(str(made.id), {}).get("deleted"))


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
    sync.pull(Report())
    _expect_equal(trial, sync.mirror)
    expect("what is gone", None, sync.mirror.get("exchange", str(outcomes[2].id)))
    sync.mirror.begin(trial.office.changes("now").cursor)
    trial.office.put("exchanges", Row(kept.external_id, {**(kept.data or {}), "place": "Hà Nội"}, version=2))
    sync.pull(Report())
    _expect_equal(trial, sync.mirror)
    state.close()


def _expect_equal(trial: Trial, mirror: Mirror) -> None:
    """The copy and the list of what is in use say the same."""
    stored = {one["id"]: one["revision"] for one in trial.office.rows("exchanges")}
    mirrored = {one["id"]: one["revision"] for one in mirror.records("exchange")}
    expect_true("the copy equals the list", stored == mirrored, sorted(set(stored.items()) ^ set(mirrored.items()))[:5])


@scenario("pages", "a list is read to its end by following “next”: each record once")
def pages(trial: Trial) -> None:
    answer = trial.office.connection.send("GET", "countries/", params={"limit": 50, "count": "exact"}).json()
    rows = [one["alpha2"] for one in trial.office.rows("countries", limit=50)]
    expect("each once", len(rows), len(set(rows)))
    expect("all", answer["count"], len(rows))
