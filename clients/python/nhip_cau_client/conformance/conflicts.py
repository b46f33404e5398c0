"""Both sides change the same: nothing is overwritten unseen. And rows that mean what is there already."""

from typing import Any

import httpx

from nhip_cau_client.conformance.trial import NotTriedError, Trial, expect, expect_true, refused, scenario
from nhip_cau_client.office import Row

GROUP = "conflict"


def _change(trial: Trial, identifier: str | None, body: dict[str, Any], if_match: str | None = None) -> httpx.Response:
    headers = {} if if_match is None else {"If-Match": if_match}
    return trial.office.connection.send("PATCH", f"partners/{identifier}/", body, headers=headers)


@scenario(GROUP, "changing a record without If-Match: 428 if-match-required")
def without_if_match(trial: Trial) -> None:
    _row, made = trial.stored_partner()
    with refused("no If-Match", "if-match-required", status=428):
        _change(trial, made.id, {"city": "Vinh"})


@scenario(GROUP, "a stale If-Match: 412 with what stands and the fields that differ")
def stale(trial: Trial) -> None:
    _row, made = trial.stored_partner()
    old = f'"rev-{made.revision}"'
    answer = _change(trial, made.id, {"city": "Luang Prabang"}, old)
    expect("the new ETag", f'"rev-{answer.json()["revision"]}"', answer.headers["ETag"])
    with refused("the old revision", "changed-meanwhile", status=412) as caught:
        _change(trial, made.id, {"city": "Pakse"}, old)
    expect("what stands", "Luang Prabang", caught[0].body["current"]["city"])
    expect("what differs", ["city"], caught[0].body["differs"])
    expect("with the new ETag", 200, _change(trial, made.id, {"city": "Pakse"}, answer.headers["ETag"]).status_code)


@scenario(GROUP, "a row of a batch that names a stale revision: 412 for this row, the others are stored")
def stale_in_batch(trial: Trial) -> None:
    row, made = trial.stored_partner(city="Vientiane")
    _change(trial, made.id, {"city": "Thakhek"}, "*")
    seen = Row(row.external_id, {**(row.data or {}), "city": "Pakse"}, version=2, if_match=made.revision)
    stale_row, other = trial.office.put_many("partners", [seen, trial.new()])
    expect("the stale row", (412, "changed-meanwhile"), (stale_row.status, stale_row.answer["code"]))
    expect("the other", "created", other.result)
    expect("what stands", "Thakhek", trial.read("partners", made.id)["city"])


@scenario(GROUP, "each side changed another field: both stand")
def other_fields(trial: Trial) -> None:
    row, made = trial.stored_partner(city="Vientiane")
    _change(trial, made.id, {"website": "https://example.org/"}, "*")
    outcome = trial.office.put("partners", Row(row.external_id, {**(row.data or {}), "city": "Savannakhet"}, version=2))
    expect("the result", "changed", outcome.result)
    record = trial.read("partners", made.id)
    expect("both", ("Savannakhet", "https://example.org/"), (record["city"], record["website"]))


@scenario(GROUP, "both sides changed the same field: what was changed here stands, and the office is told")
def same_field(trial: Trial) -> None:
    row, made = trial.stored_partner(city="Vientiane")
    _change(trial, made.id, {"city": "Thakhek"}, "*")
    outcome = trial.office.put("partners", Row(row.external_id, {**(row.data or {}), "city": "Savannakhet"}, version=2))
    expect("the result", "proposed", outcome.result)
    expect("what stands", "Thakhek", trial.read("partners", made.id)["city"])


@scenario(GROUP, "the same, with a stale If-Match: 412, and nothing is stored")
def same_field_if_match(trial: Trial) -> None:
    row, made = trial.stored_partner(city="Vientiane")
    _change(trial, made.id, {"city": "Thakhek"}, "*")
    word = Row(row.external_id, {**(row.data or {}), "city": "Savannakhet"}, version=2)
    with refused("the stale revision", "changed-meanwhile", status=412) as caught:
        trial.office.put("partners", word, if_match=f'"rev-{made.revision}"')
    expect("what differs", ["city"], caught[0].body["differs"])
    now = trial.read("partners", made.id)["revision"]
    expect("decided by the office", "changed", trial.office.put("partners", word, if_match=f'"rev-{now}"').result)


@scenario("match", "a new key that exactly fits a record that nobody has a key for is linked to it")
def linked(trial: Trial) -> None:
    made = trial.partner_without_key()
    data = {name: made[name] for name in ("name", "kind", "country")}
    outcome = trial.office.put("partners", Row(trial.key("partners"), data, version=1))
    expect("the result", ("linked", made["id"]), (outcome.result, outcome.id))


@scenario("match", "a new key that may mean several records: 409 ambiguous-match with the candidates, decided by same_as")
def ambiguous(trial: Trial) -> None:
    first = trial.partner_without_key()
    second = trial.partner_without_key(name=first["name"])
    data = {name: first[name] for name in ("name", "kind", "country")}
    key = trial.key("partners")
    with refused("a name that two records have", "ambiguous-match", status=409) as caught:
        trial.office.put("partners", Row(key, data, version=1))
    expect_true("candidates", {first["id"], second["id"]} <= {one["id"] for one in caught[0].body["candidates"]}, caught[0].body)
    expect("decided", second["id"], trial.office.put("partners", Row(key, data, version=1, same_as=second["id"])).id)
    new = trial.office.put("partners", Row(trial.key("partners"), data, version=1, same_as=None))
    expect_true("certainly new", new.result == "created" and new.id not in (first["id"], second["id"]), new)


@scenario("merge", "two keys of one record: each leads to it")
def two_keys(trial: Trial) -> None:
    row, made = trial.stored_partner()
    second = Row(trial.key("partners"), row.data, version=1, same_as=made.id)
    expect("the second key", made.id, trial.office.put("partners", second).id)
    expect("both", made.id, trial.office.get("partners", second.external_id)["id"])
    trial.office.withdraw("partners", second.external_id, version=2)
    expect("one withdrawn, the record stays for the other", False, trial.read("partners", made.id)["archived"])


@scenario("merge", "the identifier of a merged record leads on to the one that stands")
def merged(trial: Trial) -> None:
    if trial.target.merged_id is None:
        raise NotTriedError("give --merged-id, a partner that was merged into another")
    answer = trial.office.connection.send("GET", f"partners/{trial.target.merged_id}/")
    expect("status", 307, answer.status_code)
    survivor = answer.json()["merged_into"]
    expect("the address leads to it", survivor, trial.office.connection.follow(answer.headers["Location"]).json()["id"])
    # Of a record of another unit one is told no more than that it is not one's own.
    with refused("writing to it", "validation-failed", "permission-denied") as caught:
        _change(trial, trial.target.merged_id, {"city": "Vinh"}, "*")
    if caught[0].code == "validation-failed":
        expect("the rule", ["merged"], [place.code for place in caught[0].places])
