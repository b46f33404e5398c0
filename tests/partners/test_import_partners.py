import io
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.choices import NameUsage
from crm.lookup import CountryIndex
from crm.models import Field, Unit, User
from crm.tabular import open_table
from partners.actions.import_plans import ImportRun, plan_partners
from partners.actions.import_reports import ImportReport
from partners.actions.imports import close_change_set, import_partners, open_change_set
from partners.actions.partners import OtherName, archive_partner, save_partner
from partners.lookup import PartnerKindIndex
from partners.models import ExternalId, Partner, PartnerKind, PartnerName, Stewardship
from partners.resources import PartnerResource, guess_mapping
from tests.factories import make_partner

COLUMNS = "id,name,other names,acronym,type,country,city,website,established"
MAPPING = {
    "id": "external_id",
    "name": "name",
    "other names": "other_names",
    "acronym": "acronym",
    "type": "kind",
    "country": "country",
    "city": "city",
    "website": "website",
    "established": "founded",
}
WITHOUT_ID = {column: name for column, name in MAPPING.items() if name != "external_id"}
LOTUS = "7,Lotus College,Trường Sen (vi); 莲花学院 (zh); Kolehiyo (xx),LC,education; funder,Laos,Vientiane,lotus.example.org,1986"


def report_on(
    lines: Iterable[str], *, by: User, unit: Unit, mapping: dict[str, str] | None = None, apply: bool = True, **assumed: Any
) -> ImportReport:
    """Run the lines below the usual header through one import."""
    content = "\n".join([COLUMNS, *lines]).encode()
    mapping = MAPPING if mapping is None else mapping
    resource = PartnerResource(mapping, countries=CountryIndex(), kinds=PartnerKindIndex())
    report = ImportReport(resource.column_of)
    rows = list(resource.rows(open_table(io.BytesIO(content)), decisions=assumed.pop("decisions", None)))
    run = ImportRun(unit=unit, source="list.csv", **assumed)
    if apply:
        run.change_set = open_change_set(by=by, unit=unit, message="list.csv")
    report.add((import_partners if apply else plan_partners)(rows, by=by, run=run))
    if run.change_set:
        close_change_set(run.change_set, counts=report.totals())
    return report


def only_error(report: ImportReport) -> dict[str, Any]:
    [error] = report.errors
    return error


def test_row_becomes_a_partner_with_names_steward_and_history(khoa: User, centre: Unit) -> None:
    report = report_on([LOTUS], by=khoa, unit=centre)
    assert report.as_json() == {
        "rows": 1,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "duplicates": 0,
        "errors": [],
        "likely_duplicates": [],
    }
    partner = Partner.objects.get(name="Lotus College")
    assert (str(partner.country and partner.country.alpha2), partner.city, partner.website, partner.founded_year) == (
        "LA",
        "Vientiane",
        "https://lotus.example.org",
        1986,
    )
    assert partner.kind.code == "UNIVERSITY"
    assert partner.unit == centre
    assert set(partner.names.values_list("name", "language", "usage")) == {
        ("Trường Sen", "vi", NameUsage.OTHER),
        ("莲花学院", "zh", NameUsage.OTHER),
        ("Kolehiyo", "und", NameUsage.OTHER),
        ("LC", "und", NameUsage.ACRONYM),
    }
    assert Partner.objects.search("truong sen").get() == partner
    assert ExternalId.objects.get(unit=centre, value="7").partner == partner
    assert Stewardship.objects.get(partner=partner).unit == centre
    [version] = partner.history.all()
    assert (version.history_type, version.history_user, version.history_change_reason, version.name) == (
        "+",
        khoa,
        "list.csv",
        partner.name,
    )
    assert PartnerName.history.filter(partner=partner).count() == 4
    assert Stewardship.history.filter(partner=partner).count() == 1


def test_imported_partner_equals_one_registered_by_hand(khoa: User, centre: Unit) -> None:
    report_on([LOTUS], by=khoa, unit=centre)
    imported = Partner.objects.get()
    by_hand = Partner(name="Lotus College", kind=imported.kind, country=imported.country, unit=centre)
    save_partner(by_hand, by=khoa, names=[OtherName(name.name, name.language, name.usage) for name in imported.names.all()])
    by_hand.refresh_from_db()
    assert set(by_hand.search_key.split("\n")) == set(imported.search_key.split("\n"))
    assert by_hand.sort_key == imported.sort_key
    assert (by_hand.revision, by_hand.created_by, by_hand.updated_by) == (imported.revision, imported.created_by, imported.updated_by)


def test_check_writes_nothing_and_foretells_what_apply_does(khoa: User, centre: Unit) -> None:
    lines = [LOTUS, LOTUS, "8,Bamboo Society,,,society of nothing,Laos,,,", "9,Palm Fund,,,funder,Lào,,,"]
    foretold = report_on(lines, by=khoa, unit=centre, apply=False)
    assert not Partner.objects.exists()
    assert report_on(lines, by=khoa, unit=centre).as_json() == foretold.as_json()
    assert foretold.totals()["repeated"] == 1


@pytest.mark.parametrize(("first", "second"), [(MAPPING, MAPPING), (WITHOUT_ID, WITHOUT_ID), (MAPPING, WITHOUT_ID)])
def test_second_run_adds_none(khoa: User, centre: Unit, first: dict[str, str], second: dict[str, str]) -> None:
    lines = [LOTUS, "8,Hội Hòa bình,,,COMPANY,Laos,,,"]
    report_on(lines, by=khoa, unit=centre, mapping=first)
    again = report_on(lines, by=khoa, unit=centre, mapping=second)
    assert again.totals() == {
        "rows": 2,
        "created": 0,
        "updated": 0,
        "restored": 0,
        "repeated": 0,
        "skipped": 0,
        "refused": 0,
        "duplicates": 0,
        "unchanged": 2,
    }
    assert Partner.objects.count() == 2
    assert Partner.history.count() == 2


def test_identifiers_are_added_to_partners_known_by_name(khoa: User, centre: Unit) -> None:
    report_on([LOTUS], by=khoa, unit=centre, mapping=WITHOUT_ID)
    assert report_on([LOTUS], by=khoa, unit=centre).totals()["updated"] == 1
    assert report_on([LOTUS], by=khoa, unit=centre).totals()["unchanged"] == 1
    assert ExternalId.objects.get(value="7").partner == Partner.objects.get()


def test_name_is_known_without_its_marks_and_keeps_the_stored_spelling(khoa: User, centre: Unit) -> None:
    report_on(["1,Hội Hòa bình,,,COMPANY,Laos,,,"], by=khoa, unit=centre, mapping=WITHOUT_ID)
    again = report_on(["1,HOI HOA BINH,,,COMPANY,Lào,,,"], by=khoa, unit=centre, mapping=WITHOUT_ID)
    assert again.totals()["unchanged"] == 1
    assert Partner.objects.get().name == "Hội Hòa bình"


def test_differing_row_changes_what_it_says_and_erases_nothing(khoa: User, centre: Unit) -> None:
    report_on([LOTUS], by=khoa, unit=centre)
    report = report_on(["7,Lotus University,Sen (vi),,company,Laos,,,"], by=khoa, unit=centre)
    assert report.totals()["updated"] == 1
    partner = Partner.objects.get()
    assert (partner.name, partner.kind.code, partner.city, partner.founded_year) == ("Lotus University", "COMPANY", "Vientiane", 1986)
    assert partner.revision == 2
    assert set(partner.names.values_list("name", flat=True)) == {"Trường Sen", "莲花学院", "Kolehiyo", "LC", "Sen"}
    assert Partner.objects.search("lotus university").exists()
    assert partner.history.first().history_type == "~"
    [preview] = report.preview_json()
    assert {"field": "name", "before": "Lotus College", "after": "Lotus University"} in preview["changes"]
    assert preview["new_names"] == ["Sen"]


def test_change_by_import_keeps_the_fields_of_cooperation_in_the_version(khoa: User, centre: Unit) -> None:
    report_on([LOTUS], by=khoa, unit=centre)
    field = Field.objects.all()[0]
    Partner.objects.get().fields.add(field)
    report_on(["7,Lotus University,,,,Laos,,,"], by=khoa, unit=centre)
    assert [link.field for link in Partner.objects.get().history.first().fields.all()] == [field]


def test_assumed_kind_and_country_hold_only_for_silent_new_rows(khoa: User, centre: Unit) -> None:
    cuba = CountryIndex().find("Cuba")
    assumed: dict[str, Any] = {"kind": PartnerKind.objects.get(code="COMPANY"), "country": cuba}
    report_on(["1,Palm Trade,,,,,,,", "2,Lotus College,,,education,Laos,,,"], by=khoa, unit=centre, **assumed)
    assert Partner.objects.get(name="Palm Trade").kind.code == "COMPANY"
    assert Partner.objects.get(name="Palm Trade").country == cuba
    assert Partner.objects.get(name="Lotus College").kind.code == "UNIVERSITY"
    again = report_on(["2,Lotus College,,,,Laos,,,"], by=khoa, unit=centre, **assumed)
    assert again.totals()["unchanged"] == 1


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ("1,,,,education,Laos,,,", "name", ""),
        ("1,Lotus,,,education,Atlantis Major,,,", "country", "Atlantis Major"),
        ("1,Lotus,,,education,Korea,,,", "country", "Korea"),
        ("1,Lotus,,,astrology of sorts,Laos,,,", "type", "astrology of sorts"),
        ("1,Lotus,,,education,Laos,,,3025", "established", "3025"),
        ("1,Lotus,,,education,Laos,,,31/02/1986", "established", "31/02/1986"),
        ("1,Lotus,,,education,Laos,,,long ago", "established", "long ago"),
        ("1,Lotus,,,education,Laos,,,12", "established", "12"),
        ("1,Lotus,,,education,Laos,,not a site,", "website", "not a site"),
        ("1,Lotus,,,education,Laos,,javascript:alert(1),", "website", "javascript:alert(1)"),
        ("1," + "x" * 100_000 + ",,,education,Laos,,,", "name", "x" * 80 + "…"),
        ("1,Lotus," + "y" * 100_000 + ",,education,Laos,,,", "other names", "y" * 80 + "…"),
        ("1,Lo\0tus,,,education,Laos,,,", "name", "Lo␀tus"),
        ("1,Lotus,,,,Laos,,,", "type", ""),
    ],
)
def test_row_that_cannot_be_right_is_refused_with_its_place(khoa: User, centre: Unit, line: str, column: str, value: str) -> None:
    report = report_on([LOTUS, line], by=khoa, unit=centre)
    error = only_error(report)
    assert (error["row"], error["column"], error["value"]) == (3, column, value)
    assert error["message"]
    assert report.totals()["created"] == 1


def test_ambiguous_country_is_asked_and_names_the_choices(khoa: User, centre: Unit) -> None:
    with_choices = only_error(report_on(["1,Lotus,,,education,Korea,,,"], by=khoa, unit=centre))
    assert len(with_choices["message"].split(",")) >= 2


def test_all_errors_of_a_row_are_reported_together(khoa: User, centre: Unit) -> None:
    report = report_on(["1,,,,education,Atlantis Major,,not a site,3025"], by=khoa, unit=centre)
    assert {error["column"] for error in report.errors} == {"name", "country", "website", "established"}
    assert report.totals()["refused"] == 1


@pytest.mark.parametrize("founded", ["1986", "1986-05-01", "1/5/1986", "5/1986", "1986-05"])
def test_founded_may_be_a_year_or_a_day(khoa: User, centre: Unit, founded: str) -> None:
    report_on([f"1,Lotus,,,education,Laos,,,{founded}"], by=khoa, unit=centre)
    assert Partner.objects.get().founded_year == 1986


def test_words_in_brackets_that_are_no_language_stay_in_the_name(khoa: User, centre: Unit) -> None:
    report_on(['1,Lotus,"Lotus (Malaysia); Lotus (Persero) Ltd",,education,Laos,,,'], by=khoa, unit=centre)
    assert set(PartnerName.objects.values_list("name", flat=True)) == {"Lotus (Malaysia)", "Lotus (Persero) Ltd"}


def test_row_that_contradicts_an_earlier_one_is_refused(khoa: User, centre: Unit) -> None:
    report = report_on([LOTUS, LOTUS.replace("Vientiane", "Pakse")], by=khoa, unit=centre)
    assert only_error(report)["code"] == "contradicts"
    assert Partner.objects.get().city == "Vientiane"


def test_namesakes_in_two_cities_are_two_partners_and_a_row_without_city_is_asked(khoa: User, centre: Unit) -> None:
    lines = ["1,Lotus School,,,school,Laos,Pakse,,", "2,Lotus School,,,school,Laos,Vientiane,,"]
    assert report_on(lines, by=khoa, unit=centre, mapping=WITHOUT_ID).totals()["created"] == 2
    report = report_on(["3,Lotus School,,,school,Laos,,,"], by=khoa, unit=centre, mapping=WITHOUT_ID)
    assert only_error(report)["code"] == "ambiguous"


def test_namesake_under_another_identifier_is_somebody_else_unless_the_city_agrees(khoa: User, centre: Unit) -> None:
    report_on(["1,Lotus School,,,school,Laos,Pakse,,", "2,Bamboo School,,,school,Laos,,,"], by=khoa, unit=centre)
    report = report_on(["A1,Lotus School,,,school,Laos,Pakse,,", "A2,Bamboo School,,,school,Laos,,,"], by=khoa, unit=centre)
    assert (report.totals()["updated"], report.totals()["created"], report.totals()["duplicates"]) == (1, 1, 1)
    assert set(ExternalId.objects.filter(partner__name="Lotus School").values_list("value", flat=True)) == {"1", "A1"}


def test_archived_partner_is_not_revived(khoa: User, centre: Unit) -> None:
    report_on([LOTUS], by=khoa, unit=centre)
    archive_partner(Partner.objects.get(), by=khoa)
    assert only_error(report_on([LOTUS], by=khoa, unit=centre))["code"] == "archived"
    assert only_error(report_on([LOTUS], by=khoa, unit=centre, mapping=WITHOUT_ID))["code"] == "archived"


# --- Likely duplicates -------------------------------------------------------------------------------


def test_likely_duplicate_is_shown_with_reasons_and_does_not_block(khoa: User, centre: Unit) -> None:
    known = make_partner("Lotus Friendship Association of Laos", country="LA", city="Vientiane", website="https://www.lotus.example.org")
    report = report_on(["1,Lotus Frendship Asociation of Laos,,,COMPANY,Laos,Vientiane,lotus.example.org,"], by=khoa, unit=centre)
    assert report.totals()["created"] == 1
    assert report.totals()["duplicates"] == 1
    [likely] = report.likely
    [candidate] = likely["candidates"]
    assert (likely["row"], candidate["partner"]) == (2, str(known.public_id))
    assert candidate["score"] >= 0.93
    assert any("lotus.example.org" in reason for reason in candidate["reasons"])


@pytest.mark.parametrize("other", ["Lotus Polyclinic 2", "Bamboo Research Institute"])
def test_other_names_and_other_numbers_are_no_duplicates(khoa: User, centre: Unit, other: str) -> None:
    make_partner("Lotus Polyclinic 1", country="LA")
    assert report_on([f"1,{other},,,COMPANY,Laos,,,"], by=khoa, unit=centre).totals()["duplicates"] == 0


def test_same_name_in_another_country_is_no_duplicate(khoa: User, centre: Unit) -> None:
    make_partner("Lotus Friendship Association", country="CU")
    assert report_on(["1,Lotus Friendship Association,,,COMPANY,Laos,,,"], by=khoa, unit=centre).totals()["duplicates"] == 0


def test_decisions_on_likely_duplicates_are_followed(khoa: User, centre: Unit) -> None:
    known = make_partner("Lotus Friendship Association", country="LA", unit=centre)
    lines = ["1,Lotus Frendship Association,,,,Laos,Pakse,,", "2,Lotus Friendship Asociation,,,,Laos,,,"]
    report = report_on(lines, by=khoa, unit=centre, decisions={"2": str(known.public_id), "3": "skip"})
    assert (report.totals()["updated"], report.totals()["skipped"]) == (1, 1)
    known.refresh_from_db()
    assert (known.name, known.city) == ("Lotus Friendship Association", "Pakse")
    assert known.names.get().name == "Lotus Frendship Association"


# --- Rights ------------------------------------------------------------------------------------------


def test_provincial_officer_imports_for_own_unit_only(an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    assert report_on([LOTUS], by=an, unit=nghe_an).totals()["created"] == 1
    with pytest.raises(PermissionDenied):
        report_on(["8,Bamboo Society,,,COMPANY,Laos,,,"], by=an, unit=quang_ninh)


def test_viewer_may_not_import(dung: User, nghe_an: Unit) -> None:
    with pytest.raises(PermissionDenied):
        report_on([LOTUS], by=dung, unit=nghe_an, apply=False)


def test_partner_of_another_unit_is_not_changed(an: User, khoa: User, nghe_an: Unit, centre: Unit) -> None:
    report_on([LOTUS], by=khoa, unit=centre)
    same = report_on([LOTUS.replace("7,", "NA-1,", 1)], by=an, unit=nghe_an)
    assert same.totals()["refused"] == 0
    assert set(ExternalId.objects.values_list("unit__code", "value")) == {(centre.code, "7"), (nghe_an.code, "NA-1")}
    differs = report_on([LOTUS.replace("7,", "NA-1,", 1).replace("Vientiane", "Pakse")], by=an, unit=nghe_an)
    assert only_error(differs)["code"] == "kept-by-other-unit"
    assert Partner.objects.get().city == "Vientiane"


# --- Speed -------------------------------------------------------------------------------------------


def test_statements_do_not_grow_with_the_rows(khoa: User, centre: Unit) -> None:
    def statements(prefix: str, rows: int) -> int:
        lines = [f"{prefix}{n},{prefix} Lotus {n},Sen {n} (vi),,education,Laos,,," for n in range(rows)]
        with CaptureQueriesContext(connection) as queries:
            report_on(lines, by=khoa, unit=centre)
        return len(queries)

    statements("a", 1)
    assert statements("b", 3) == statements("c", 25)


def test_headers_are_guessed_in_vietnamese_and_english() -> None:
    assert guess_mapping(PartnerResource, ("Mã số", "Tên tổ chức", "Nước", "Năm thành lập", "Ghi chú")) == {
        "Mã số": "external_id",
        "Tên tổ chức": "name",
        "Nước": "country",
        "Năm thành lập": "founded",
    }
    assert guess_mapping(PartnerResource, ("Name", "Organisation")) == {"Name": "name"}


def test_a_name_over_its_language_is_the_name_and_other_languages_are_left_to_choose() -> None:
    columns = ("Tên đối tác / Tiếng Việt", "Tên đối tác / Tiếng Anh", "Người liên hệ / Tiếng Anh", "Tỉnh hoạt động")

    assert guess_mapping(PartnerResource, columns) == {"Tên đối tác / Tiếng Việt": "name", "Tỉnh hoạt động": "province"}
