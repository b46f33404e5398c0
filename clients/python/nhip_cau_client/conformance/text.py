"""Letters: composed and decomposed, other scripts, and keys with any character."""

import unicodedata

from nhip_cau_client.conformance.trial import Trial, expect, expect_true, refused, scenario
from nhip_cau_client.office import Row

GROUP = "text"
HARD_KEYS = (
    "a/b",
    "a b",
    "a%2Fb",
    "a?b#c",
    "a+b&c=d",
    "Nghệ An/2026/số 1",
    "..",
    ".",
    "a/",
    "/a",
    "ສະບາຍດີ",
    "a'b\"c",
    "a\\b",
    "batch",
    "jobs",
)


@scenario(GROUP, "NFC and NFD are the same text: stored composed, and unchanged when it comes decomposed")
def name_decomposed(trial: Trial) -> None:
    row, made = trial.stored_partner(city="Điện Biên Phủ")
    name = (row.data or {})["name"] + " Hữu nghị"
    decomposed = {"name": unicodedata.normalize("NFD", name), "city": unicodedata.normalize("NFD", "Điện Biên Phủ")}
    first = trial.office.put("partners", Row(row.external_id, {**(row.data or {}), **decomposed}, version=2))
    expect("the name is new", "changed", first.result)
    record = trial.read("partners", made.id)
    expect("stored composed", (name, "Điện Biên Phủ"), (record["name"], record["city"]))
    composed = Row(row.external_id, {**(row.data or {}), "name": name}, version=3)
    expect("composed, it is the same", "unchanged", trial.office.put("partners", composed).result)


@scenario(GROUP, "NFC and NFD are the same key")
def key_decomposed(trial: Trial) -> None:
    key = trial.key("partners", "Hội-hữu-nghị")
    row = trial.new(external_id=unicodedata.normalize("NFC", key))
    first = trial.office.put("partners", row)
    second = trial.office.put("partners", Row(unicodedata.normalize("NFD", key), row.data, version=1))
    expect("the same row", ("unchanged", first.id), (second.result, second.id))


@scenario(GROUP, "a key may hold slashes, spaces and any letter, in the address and in a batch")
def hard_keys(trial: Trial) -> None:
    for text in HARD_KEYS:
        # The run's own word in front or behind, as the key needs to begin or end with what is hard.
        key = f"{trial.word}{text}" if text.endswith(("/", ".")) else f"{text}{trial.word}"
        trial.made["partners"].add(key)
        row = trial.new(external_id=key)
        first = trial.office.put("partners", row)
        expect(f"the key {key!r}", "created", first.result)
        expect(f"the key {key!r} in a batch", ("unchanged", first.id), _result(trial, row))
        expect(f"the key {key!r}, read", first.id, trial.office.get("partners", key)["id"])


def _result(trial: Trial, row: Row) -> tuple[str, str | None]:
    (outcome,) = trial.office.put_many("partners", [row])
    return outcome.result, outcome.id


@scenario(GROUP, "names come back as they were typed, in every script")
def scripts(trial: Trial) -> None:
    names = [
        {"name": "ສະມາຄົມມິດຕະພາບລາວ-ຫວຽດນາມ", "language": "lo", "usage": "official"},
        {"name": "Общество дружбы «Россия — Вьетнам»", "language": "ru", "usage": "other"},
    ]
    _row, made = trial.stored_partner(names=names)
    stored = trial.read("partners", made.id)["names"]
    expect("the names", sorted(one["name"] for one in names), sorted(one["name"] for one in stored))


@scenario(GROUP, "characters that nobody sees are refused in keys and names")
def unseen(trial: Trial) -> None:
    for value in ("a\u0000b", "a\u0007b"):
        with refused(f"the name {value!r}", "validation-failed", status=422, pointer="/data/name"):
            trial.office.put("partners", trial.new(name=value))
    with refused("a key of which nothing shows", "validation-failed", "not-found"):
        trial.office.put("partners", trial.new(external_id="\u200b"))
    expect_true("the key of 200 letters", trial.office.put("partners", trial.new(external_id=trial.key("partners", "x" * 170)[:200])).id)
