"""Lateness: words that come in any order, after a deletion, or with a clock that is wrong."""

import random
from datetime import datetime, timedelta, timezone

from nhip_cau_client.conformance.trial import Trial, expect, refused, scenario
from nhip_cau_client.office import Row
from nhip_cau_client.problems import ProblemError

GROUP = "shuffle"
VIET_NAM = timezone(timedelta(hours=7))


@scenario(GROUP, "versions that come in any order: the highest stands, the others are called older")
def shuffled_versions(trial: Trial) -> None:
    key = trial.key("partners")
    data = trial.partner()
    rows = [Row(key, {**data, "city": f"City {version}"}, version=version, same_as=None) for version in range(1, 9)]
    random.Random(trial.word).shuffle(rows)  # noqa: S311  (an order, not a secret)
    highest = 0
    for row in rows:
        version = row.version or 0
        outcome = trial.office.put("partners", row)
        wanted = "older" if version < highest else "changed" if highest else "created"
        expect(f"version {version} after {highest}", wanted, outcome.result)
        highest = max(highest, version)
    expect("what stands", "City 8", trial.read("partners", trial.office.get("partners", key)["id"])["city"])


@scenario(GROUP, "moments of change do as well as versions, in whatever zone they are written")
def shuffled_moments(trial: Trial) -> None:
    row = Row(trial.key("partners"), trial.partner(city="noon"), changed_at="2026-03-16T12:00:00+07:00", same_as=None)
    expect("the first", "created", trial.office.put("partners", row).result)
    earlier = Row(row.external_id, {**(row.data or {}), "city": "before"}, changed_at="2026-03-16T04:59:00Z")
    expect("earlier, though written otherwise", "older", trial.office.put("partners", earlier).result)
    later = Row(row.external_id, {**(row.data or {}), "city": "after"}, changed_at="2026-03-16T05:01:00Z")
    expect("later", "changed", trial.office.put("partners", later).result)


@scenario(GROUP, "other values under the same version: 422 version-reused")
def version_reused(trial: Trial) -> None:
    row, _made = trial.stored_partner()
    with refused("another body", "validation-failed", rule="version-reused", pointer="/version"):
        trial.office.put("partners", Row(row.external_id, {**(row.data or {}), "city": "Other"}, version=row.version))


@scenario("clock skew", "a moment of change that is still to come is refused")
def future(trial: Trial) -> None:
    moment = (datetime.now(VIET_NAM) + timedelta(hours=2)).isoformat(timespec="seconds")
    with refused("two hours ahead", "validation-failed", rule="in-the-future", pointer="/changed_at"):
        trial.office.put("partners", Row(trial.key("partners"), trial.partner(), changed_at=moment, same_as=None))


@scenario("clock skew", "a clock that is two minutes fast is put up with")
def nearly_now(trial: Trial) -> None:
    moment = (datetime.now(VIET_NAM) + timedelta(minutes=2)).isoformat(timespec="seconds")
    outcome = trial.office.put("partners", Row(trial.key("partners"), trial.partner(), changed_at=moment, same_as=None))
    expect("the result", "created", outcome.result)


@scenario("clock skew", "a moment without its zone is refused, since nobody can say when it was")
def without_zone(trial: Trial) -> None:
    with refused("no zone", "validation-failed", pointer="/changed_at"):
        trial.office.put("partners", Row(trial.key("partners"), trial.partner(), changed_at="2026-03-16T12:00:00", same_as=None))


@scenario("delete before create", "a deletion that overtakes its row keeps it dead")
def delete_first(trial: Trial) -> None:
    row = trial.new(version=3)
    expect("the deletion", "withdrawn", trial.office.withdraw("partners", row.external_id, version=5).result)
    expect("the late row", "older", trial.office.put("partners", row).result)
    expect("nobody has it", 0, _count(trial, row))


@scenario("delete before create", "a younger word brings the row back")
def delete_then_younger(trial: Trial) -> None:
    row = trial.new(version=6)
    trial.office.withdraw("partners", row.external_id, version=5)
    expect("the younger word", "created", trial.office.put("partners", row).result)
    expect("it is there once", 1, _count(trial, row))


@scenario("delete before create", "a deletion may be sent again; an exchange that was deleted is archived")
def delete_exchange(trial: Trial) -> None:
    partner, _made = trial.stored_partner()
    row = trial.exchange(partner.external_id)
    made = trial.office.put("exchanges", row)
    for _time in range(2):
        expect("the deletion", "withdrawn", trial.office.withdraw("exchanges", row.external_id, version=2).result)
    expect("the exchange is archived", True, trial.read("exchanges", made.id)["archived"])
    expect("a late word", "older", trial.office.put("exchanges", row).result)


def _count(trial: Trial, row: Row) -> int:
    name = (row.data or {})["name"]
    try:
        return sum(one["name"] == name for one in trial.office.rows("partners", q=name))
    except ProblemError as problem:
        raise AssertionError from problem
