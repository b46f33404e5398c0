"""What is wrong is refused with the right status, a stable code and the place; never a 500, and nothing is stored."""

import json
from typing import Any

from nhip_cau_client.conformance.trial import DAY, Trial, expect, expect_true, refused, scenario
from nhip_cau_client.office import Row, key_path

GROUP = "bad input"
REFUSED = "validation-failed"


def _raw(trial: Trial, content: bytes, content_type: str = "application/json") -> None:
    path = key_path(trial.target.unit, "partners", trial.key("partners"))
    trial.office.connection.send("PUT", path, content=content, headers={"Content-Type": content_type})


@scenario(GROUP, "an unknown field is refused by name")
def unknown_field(trial: Trial) -> None:
    with refused("a typing error in a name", REFUSED, status=422, rule="unknown-field", pointer="/data/citty"):
        trial.office.put("partners", trial.new(citty="Vinh"))


@scenario(GROUP, "an unknown parameter is refused by name")
def unknown_parameter(trial: Trial) -> None:
    for path in ("partners/", "exchanges/", "changes/"):
        with refused(f"{path}?colour=red", "invalid-parameter", status=400, rule="unknown-parameter", pointer="/colour"):
            trial.office.connection.send("GET", path, params={"colour": "red"})


@scenario(GROUP, "values of the wrong type are refused where they stand")
def wrong_types(trial: Trial) -> None:
    wrong: dict[str, Any] = {"name": 7, "names": "x", "founded_year": "1979", "country": ["LA"], "fields": {"a": 1}, "status": None}
    for name, value in wrong.items():
        with refused(f"{name} = {value!r}", REFUSED, status=422) as caught:
            trial.office.put("partners", trial.new(**{name: value}))
        expect_true("its place", caught[0].places[0].pointer.startswith(f"/data/{name}"), str(caught[0]))


@scenario(GROUP, "codes and identifiers that there are not: unknown")
def unknown_codes(trial: Trial) -> None:
    wrong: dict[str, Any] = {"kind": "NO_SUCH_KIND", "country": "ZZ"}
    for name, value in wrong.items():
        with refused(f"{name} = {value}", REFUSED, rule="unknown", pointer=f"/data/{name}"):
            trial.office.put("partners", trial.new(**{name: value}))
    for partner in ("019a9b6e-5a40-7c11-9d7e-3f2b8a6c1d55", {"external_id": f"never said {trial.word}"}):
        data = {"kind": "WORKING_MEETING", "starts_on": DAY, "partners": [partner]}
        with refused(f"the partner {partner}", REFUSED, rule="unknown") as caught:
            trial.office.put("exchanges", Row(trial.key("exchanges"), data, version=1))
        expect_true("its place", caught[0].places[0].pointer.startswith("/data/partners/0"), str(caught[0]))


@scenario(GROUP, "what is no JSON, is nested too deep, or names something twice: 400 malformed-body")
def no_json(trial: Trial) -> None:
    for content in (b"", b"{", b'{"data": NaN}', b'{"data": {}, "data": {}}', b'{"data":' * 40 + b"1" + b"}" * 40, b"\xff\xfe"):
        with refused(f"{content[:20]!r}", "malformed-body", status=400):
            _raw(trial, content)


@scenario(GROUP, "another content type: 415; a body beyond the limit: 413")
def type_and_size(trial: Trial) -> None:
    with refused("a form", "unsupported-media-type", status=415):
        _raw(trial, b"name=x", "application/x-www-form-urlencoded")
    with refused("6 MiB", "too-large", status=413):
        _raw(trial, json.dumps({"data": {"name": "x" * 6 * 1024 * 1024}}).encode())


@scenario(GROUP, "rules between fields are kept: the last day is not before the first")
def rules(trial: Trial) -> None:
    partner, _made = trial.stored_partner()
    with refused("ends before it starts", REFUSED, rule="ends-before-start", pointer="/data/ends_on"):
        trial.office.put("exchanges", trial.exchange(partner.external_id, ends_on="2026-01-01"))
    with refused("held, but still to come", REFUSED, rule="future-held"):
        trial.office.put("exchanges", trial.exchange(partner.external_id, starts_on="2099-01-01", status="held"))


@scenario("dry run", "a dry run answers as the real one would, and stores nothing")
def dry_run(trial: Trial) -> None:
    row = trial.new()
    path = key_path(trial.target.unit, "partners", row.external_id)
    answer = trial.office.connection.send("PUT", path, row.body(), params={"dry_run": "true"})
    expect("marked", "true", answer.headers.get("Dry-Run"))
    expect("the result", "created", answer.json()["result"])
    with refused("the row that was not stored", "not-found", status=404):
        trial.office.get("partners", row.external_id)
    expect("then really", "created", trial.office.put("partners", row).result)


@scenario("dry run", "a dry run of a batch finds what is wrong, row by row")
def dry_batch(trial: Trial) -> None:
    good, bad = trial.new(), trial.new(country="ZZ")
    outcomes = trial.office.put_many("partners", [good, bad], dry_run=True)
    expect("per row", [False, True], [one.is_refused for one in outcomes])
    expect("then really", "created", trial.office.put("partners", good).result)


@scenario("dry run", "a dry run of a file tells what would become of each row, and stores nothing")
def dry_file(trial: Trial) -> None:
    good, bad = trial.new(), trial.new(country="ZZ")
    job = trial.office.wait_for(trial.office.put_file("partners", [good, bad], dry_run=True), seconds=120)
    expect("counts", (1, 1), (job["counts"].get("created"), job["counts"].get("refused")))
    with refused("the row that was not stored", "not-found", status=404):
        trial.office.get("partners", good.external_id)
    expect("then really", "created", trial.office.put("partners", good).result)
