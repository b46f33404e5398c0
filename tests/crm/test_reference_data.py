"""The reference files fill the tables, again and again, and never against the secretariat."""

import csv
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.management.commands import sync_reference_data
from crm.models import Country, CountryKind, Field, Tier, TierMembership, Unit, User
from crm.reference.synchronise import InvalidFilesError, read_files, synchronise
from crm.reference.tables import Table

pytestmark = pytest.mark.django_db

TABLES = sync_reference_data.TABLES

Cells = dict[str, str]
Edit = Callable[[str, Callable[[list[Cells]], Any]], None]


def table_of(file: str) -> Table:
    return next(table for table in TABLES if table.path.name == file)


def sync(*options: str) -> str:
    output = StringIO()
    call_command("sync_reference_data", *options, stdout=output, stderr=output)
    return output.getvalue()


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Let a test change the rows of one file: ``edited("tiers.csv", lambda rows: …)`` works on a copy."""

    def edit(file: str, change: Callable[[list[Cells]], Any]) -> None:
        table = table_of(file)
        with table.path.open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
        change(rows)
        copy = tmp_path / file
        with copy.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, table.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        changed = tuple(replace(each, path=copy) if each is table else each for each in sync_reference_data.TABLES)
        monkeypatch.setattr(sync_reference_data, "TABLES", changed)

    return edit


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path.name)
def test_the_files_are_utf8_nfc_with_plain_line_ends(table: Table) -> None:
    text = table.path.read_bytes().decode("utf-8")
    assert not text.startswith("\ufeff")
    assert "\r" not in text
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path.name)
def test_every_row_of_the_files_is_in_the_database(table: Table) -> None:
    with table.path.open(encoding="utf-8", newline="") as file:
        assert table.model._default_manager.count() == len(list(csv.DictReader(file)))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 8, 22), {"COMPREHENSIVE_STRATEGIC": 13, "STRATEGIC": 10, "COMPREHENSIVE": 15}),
        (date(2025, 10, 31), {"COMPREHENSIVE_STRATEGIC": 14, "STRATEGIC": 11, "COMPREHENSIVE": 15}),
        (date(2025, 11, 30), {"COMPREHENSIVE_STRATEGIC": 14, "STRATEGIC": 14, "COMPREHENSIVE": 14}),
        (date(2026, 11, 21), {"COMPREHENSIVE_STRATEGIC": 14, "STRATEGIC": 15, "COMPREHENSIVE": 14}),
    ],
)
def test_the_tiers_have_the_published_number_of_countries(day: date, expected: dict[str, int]) -> None:
    held = TierMembership.objects.on(day).filter(country__kind=CountryKind.COUNTRY)
    assert {code: held.filter(tier__code=code).values("country").distinct().count() for code in expected} == expected


def test_the_eu_is_a_bloc_in_the_highest_tier_since_january_2026() -> None:
    memberships = TierMembership.objects.filter(country__kind=CountryKind.BLOC)
    assert [(row.country.alpha2, row.tier.code) for row in memberships.on(date(2026, 11, 21))] == [("EU", "COMPREHENSIVE_STRATEGIC")]
    assert not memberships.on(date(2026, 1, 28)).exists()


def test_no_country_stands_on_two_steps_of_the_ladder_on_any_day() -> None:
    ladder = TierMembership.objects.filter(tier__exclusive_in_group=True)
    for day in set(ladder.exclude(valid_from=None).values_list("valid_from", flat=True)):
        countries = list(ladder.on(day).values_list("country", flat=True))
        assert len(countries) == len(set(countries))


def test_units_hang_below_the_centre() -> None:
    assert Unit.objects.get(code="PU-40").path == "VUFO/PU-40/"
    assert Unit.objects.filter(kind="provincial_union", province__isnull=False).count() == 34
    assert Unit.objects.filter(code__startswith="VN-", country__isnull=False).count() == 60
    assert not Unit.objects.exclude(path__startswith="VUFO/").exists()


def test_low_confidence_loads_as_to_be_confirmed() -> None:
    assert Tier.objects.get(code="MAJOR_POWER").to_be_confirmed
    assert not Tier.objects.get(code="STRATEGIC").to_be_confirmed


def test_every_creation_has_a_version_that_says_why() -> None:
    assert Country.history.count() == Country.objects.count()
    assert set(Country.history.values_list("history_change_reason", flat=True)) == {"reference data"}


def test_a_second_run_writes_nothing_and_is_fast(django_assert_max_num_queries: Any) -> None:
    started = time.process_time()
    with django_assert_max_num_queries(len(TABLES) + 4):
        outcomes = synchronise(read_files(TABLES), write=True)
    assert time.process_time() - started < 2
    assert [(outcome.created, outcome.changed, outcome.missing) for outcome in outcomes] == [(0, 0, [])] * len(TABLES)


def test_a_changed_cell_changes_its_row_and_leaves_a_version(edited: Edit) -> None:
    edited("fields.csv", lambda rows: rows[0].update(label_en="Peace first"))
    assert "1" in sync("--check")
    assert Field.objects.get(bit=0).label_en != "Peace first"
    sync()
    field = Field.objects.get(bit=0)
    assert (field.label_en, field.history.count()) == ("Peace first", 2)


def test_a_row_missing_from_the_file_is_left_and_reported(edited: Edit) -> None:
    edited("forums.csv", lambda rows: rows.pop())
    assert "BRICS" in sync()
    assert table_of("forums.csv").model._default_manager.filter(code="BRICS").exists()


def test_a_row_that_a_person_changed_is_not_overwritten_but_reported(edited: Edit) -> None:
    tier = Tier.objects.get(code="MAJOR_POWER")
    tier.label_en = "Great country"
    tier.save()
    assert "MAJOR_POWER (label_en)" in sync()
    assert Tier.objects.get(code="MAJOR_POWER").label_en == "Great country"


def test_a_confirmed_row_is_not_overwritten(edited: Edit) -> None:
    tier = Tier.objects.get(code="MAJOR_POWER")
    tier.confirmed_at, tier.confirmed_by = timezone.now(), User.objects.create(username="secretary")
    tier.save()
    edited("tiers.csv", lambda rows: rows[-2].update(label_en="Other"))
    sync()
    assert Tier.objects.get(code="MAJOR_POWER").label_en == tier.label_en


def test_a_corrected_day_corrects_the_row_instead_of_adding_one(edited: Edit) -> None:
    def correct(rows: list[Cells]) -> None:
        next(row for row in rows if (row["tier"], row["country"]) == ("STRATEGIC", "SK"))["valid_from"] = "2026-04-14"

    edited("tier_membership.csv", correct)
    sync()
    memberships = TierMembership.objects.filter(tier__code="STRATEGIC", country__alpha2="SK")
    assert [row.valid_from for row in memberships] == [date(2026, 4, 14)]


def test_an_upgrade_closes_the_old_step_and_opens_the_new(edited: Edit) -> None:
    def upgrade(rows: list[Cells]) -> None:
        old = next(row for row in rows if (row["tier"], row["country"]) == ("STRATEGIC", "BR"))
        rows.append({**old, "tier": "COMPREHENSIVE_STRATEGIC", "valid_from": "2026-12-01"})
        old["valid_to"] = "2026-12-01"

    edited("tier_membership.csv", upgrade)
    sync()
    ladder = TierMembership.objects.filter(country__alpha2="BR", tier__group="bilateral_ladder")
    assert [row.tier.code for row in ladder.on(date(2026, 11, 30))] == ["STRATEGIC"]
    assert [row.tier.code for row in ladder.on(date(2026, 12, 1))] == ["COMPREHENSIVE_STRATEGIC"]


def test_a_row_that_meets_one_of_the_secretariat_is_not_written_and_named(edited: Edit) -> None:
    tier = Tier.objects.get(code="COMPREHENSIVE")
    TierMembership.objects.create(tier=tier, country=Country.objects.get(alpha2="LK"), valid_from=date(2026, 10, 1))

    def add(rows: list[Cells]) -> None:
        rows.append({**rows[-1], "tier": "STRATEGIC", "country": "LK", "valid_from": "2026-11-01"})

    edited("tier_membership.csv", add)
    assert "STRATEGIC / LK / 2026-11-01" in sync()
    assert not TierMembership.objects.filter(tier__code="STRATEGIC", country__alpha2="LK").exists()


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("tier_membership.csv", "country", "XX"),
        ("tier_membership.csv", "tier", "BEST"),
        ("tier_membership.csv", "valid_from", "2025-13-01"),
        ("tier_membership.csv", "valid_to", "1950-01-01"),
        ("countries.csv", "confidence", "sure"),
        ("fields.csv", "label_vi", "x" * 500),
        ("fields.csv", "label_vi", ""),
        ("fields.csv", "bit", "one"),
        ("fields.csv", "label_en", "Hoa\u0300 bi\u0300nh"),
        ("exchange_kinds.csv", "points_class", "visit"),
        ("partner_kinds.csv", "family", "friends"),
        ("units.csv", "parent", "NOBODY"),
    ],
)
def test_a_bad_cell_stops_everything_and_is_named_by_place(edited: Edit, file: str, column: str, value: str) -> None:
    def spoil(rows: list[Cells]) -> None:
        rows[3].update({"valid_from": "2000-01-01"} if column == "valid_to" else {})
        rows[3][column] = value

    edited(file, spoil)
    with pytest.raises(InvalidFilesError) as raised:
        read_files(sync_reference_data.TABLES)
    places = [(Path(problem.file).name, problem.line, problem.column, problem.value) for problem in raised.value.problems]
    assert (file, 5, column, value) in places


def test_a_double_key_is_named(edited: Edit) -> None:
    edited("tiers.csv", lambda rows: rows.append(rows[0]))
    with pytest.raises(InvalidFilesError, match=r"tiers\.csv.* 11"):
        read_files(sync_reference_data.TABLES)


def test_two_steps_of_the_ladder_at_once_are_named(edited: Edit) -> None:
    def overlap(rows: list[Cells]) -> None:
        next(row for row in rows if (row["tier"], row["country"]) == ("STRATEGIC", "GB"))["valid_to"] = ""

    edited("tier_membership.csv", overlap)
    with pytest.raises(InvalidFilesError, match=r"tier_membership\.csv"):
        read_files(sync_reference_data.TABLES)


def test_a_code_of_two_provinces_at_once_is_named(edited: Edit) -> None:
    def overlap(rows: list[Cells]) -> None:
        next(row for row in rows if row["province"] == "binh-dinh")["valid_to"] = ""

    edited("province_codes.csv", overlap)
    with pytest.raises(InvalidFilesError, match=r"province_codes\.csv"):
        read_files(sync_reference_data.TABLES)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"code,label\n", b"", b'"open'])
def test_a_file_that_is_no_such_table_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tiers.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidFilesError):
        read_files([replace(table_of("tiers.csv"), path=path)])


def test_the_check_fails_on_invalid_files(edited: Edit) -> None:
    edited("tiers.csv", lambda rows: rows[0].update(confidence=""))
    with pytest.raises(CommandError):
        sync("--check")


def test_the_check_writes_nothing_into_an_empty_database() -> None:
    TierMembership.objects.all().delete()
    assert "114" in sync("--check")
    assert not TierMembership.objects.exists()
