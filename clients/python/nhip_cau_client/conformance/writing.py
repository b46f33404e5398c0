"""Writing by the office's own key: again and again, and never twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

from nhip_cau_client.conformance.trial import DAY, Trial, expect, expect_true, refused, scenario
from nhip_cau_client.office import Outcome, Row
from nhip_cau_client.problems import ProblemError

GROUP = "repeat"


@scenario(GROUP, "a row that is put twice is made once: created, then unchanged")
def put_twice(trial: Trial) -> None:
    row, first = trial.stored_partner()
    expect("status of what is made", 201, first.status)
    second = trial.office.put("partners", row)
    expect("the second time", ("unchanged", first.id, first.revision), (second.result, second.id, second.revision))


@scenario(GROUP, "a row that differs is changed, and its revision rises by one")
def put_changed(trial: Trial) -> None:
    row, first = trial.stored_partner()
    second = trial.office.put("partners", Row(row.external_id, {**(row.data or {}), "city": "Vientiane"}, version=2))
    expect("the change", ("changed", first.id, (first.revision or 0) + 1), (second.result, second.id, second.revision))
    expect("what is stored", "Vientiane", trial.read("partners", first.id)["city"])


@scenario(GROUP, "an exchange is put twice, naming its partner by the office's key")
def put_exchange_twice(trial: Trial) -> None:
    row, partner = trial.stored_partner()
    exchange = trial.exchange(row.external_id)
    first, second = (trial.office.put("exchanges", exchange) for _time in range(2))
    expect("results", ("created", "unchanged", True), (first.result, second.result, first.id == second.id))
    expect("its partner", [partner.id], trial.read("exchanges", first.id)["partners"])


@scenario(GROUP, "a POST that is sent twice under one Idempotency-Key is done once, and answered alike")
def post_twice(trial: Trial) -> None:
    _row, partner = trial.stored_partner()
    body = {"kind": "WORKING_MEETING", "starts_on": DAY, "partners": [partner.id]}
    key = token_hex(8)
    first, second = (trial.post_exchange(body, **{"Idempotency-Key": key}) for _time in range(2))
    expect("the same answer", first.json(), second.json())
    expect("marked as the first one", (None, "true"), tuple(one.headers.get("Idempotent-Replayed") for one in (first, second)))


@scenario(GROUP, "another body under a used Idempotency-Key: 422 key-reused")
def key_reused(trial: Trial) -> None:
    _row, partner = trial.stored_partner()
    body = {"kind": "WORKING_MEETING", "starts_on": DAY, "partners": [partner.id]}
    key = token_hex(8)
    trial.post_exchange(body, **{"Idempotency-Key": key})
    with refused("the altered body", "key-reused", status=422):
        trial.post_exchange({**body, "place": "Vinh"}, **{"Idempotency-Key": key})


@scenario(GROUP, "a batch that is sent twice makes each row once")
def batch_twice(trial: Trial) -> None:
    rows = [trial.new() for _number in range(20)]
    first, second = (trial.office.put_many("partners", rows) for _time in range(2))
    expect("results", [{"created"}, {"unchanged"}], [{one.result for one in outcomes} for outcomes in (first, second)])
    expect("identifiers", [one.id for one in first], [one.id for one in second])


@scenario(GROUP, "one row from eight sides at once is made once")
def at_once(trial: Trial) -> None:
    row = trial.new()
    outcomes = _from_all_sides(trial, lambda number: row)
    expect("identifiers", 1, len({one.id for one in outcomes}))
    expect("made", 1, [one.result for one in outcomes].count("created"))


@scenario(GROUP, "eight versions at once: the highest stands")
def versions_at_once(trial: Trial) -> None:
    row, made = trial.stored_partner()
    _from_all_sides(trial, lambda number: Row(row.external_id, {**(row.data or {}), "city": f"City {number}"}, version=number + 2))
    expect("what stands", "City 7", trial.read("partners", made.id)["city"])


def _from_all_sides(trial: Trial, make: Callable[[int], Row]) -> list[Outcome]:
    def put(number: int) -> Outcome:
        office = trial.connect()
        for _try in range(5):
            try:
                return office.put("partners", make(number))
            except ProblemError as problem:
                # Both came at the very same moment; the conventions say: read again, then repeat.
                expect_true("only a conflict may be answered", problem.code == "conflict", str(problem))
        raise AssertionError

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(put, range(8)))
