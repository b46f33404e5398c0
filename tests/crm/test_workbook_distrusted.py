"""Workbooks that come back damaged, rearranged, foreign or spoilt by a spreadsheet program: told by cell, never stored broken."""

import io
import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from openpyxl import load_workbook

from crm.choices import Confidentiality, ImportState
from crm.models import Unit, User, WorkbookUpload
from crm.workbooks import uploads
from partners.actions.partners import save_partner
from partners.actions.people import save_person
from partners.models import Partner, PartnerKind, Person, PersonNote
from tests.bed.workbooks import Edit, OfficeBook, bring, bring_and_apply, edited, taken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.fixture
def partners(an: User) -> list[Partner]:
    kind = PartnerKind.objects.get(code="FRIENDSHIP_ASSOCIATION")
    names = ("Hội Một", "Hội Hai", "Hội Ba")
    return [save_partner(Partner(name=name, kind=kind, city="Viêng Chăn"), by=an) for name in names]


def codes(upload: WorkbookUpload) -> list[tuple[str, str]]:
    return [(entry["code"], entry["column"]) for entry in upload.refused]


def refused_file(content: bytes, by: User) -> str:
    with pytest.raises(ValidationError) as refused:
        uploads.take_upload(SimpleUploadedFile("so.xlsx", content), name="so.xlsx", by=by)
    return str(refused.value.error_dict["file"][0].code)


# --- Keys --------------------------------------------------------------------------------------------


def test_a_damaged_key_is_noticed_and_the_other_rows_go_on(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        row = book.row("partners", "Hội Một")
        book.sheets["partners"].cell(row, 2).value = 7
        book.set("partners", row, city="Huế")
        book.set("partners", book.row("partners", "Hội Hai"), city="Pakse")

    upload = bring_and_apply(edited(taken(nghe_an, by=an), work), by=an)

    assert codes(upload) == [("damaged-key", "")]
    assert sorted(Partner.objects.values_list("name", "city")) == [
        ("Hội Ba", "Viêng Chăn"),
        ("Hội Hai", "Pakse"),
        ("Hội Một", "Viêng Chăn"),
    ]


def test_a_copied_row_is_refused_rather_than_written_over_its_original(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        sheet, row, spare = book.sheets["partners"], book.row("partners", "Hội Một"), book.spare("partners")
        for column in range(1, sheet.max_column + 1):
            sheet.cell(spare, column).value = sheet.cell(row, column).value
        book.set("partners", spare, name="Hội Bốn")

    upload = bring(edited(taken(nghe_an, by=an), work), by=an)

    assert codes(upload) == [("key-twice", "")]
    assert not upload.rows_total


def test_names_sorted_without_their_keys_are_refused(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        one, two = book.row("partners", "Hội Một"), book.row("partners", "Hội Hai")
        book.set("partners", one, name="Hội Hai")
        book.set("partners", two, name="Hội Một")

    upload = bring(edited(taken(nghe_an, by=an), work), by=an)

    assert codes(upload) == [("row-moved", ""), ("row-moved", "")]


def test_rows_of_another_units_workbook_pasted_in_are_refused(
    partners: list[Partner], an: User, chau: User, nghe_an: Unit, quang_ninh: Unit
) -> None:
    save_partner(Partner(name="Của Quảng Ninh", kind=partners[0].kind), by=chau)
    other = OfficeBook(taken(quang_ninh, by=chau))

    def work(book: OfficeBook) -> None:
        row, spare = other.row("partners", "Của Quảng Ninh"), book.spare("partners")
        for column in range(1, book.sheets["partners"].max_column + 1):
            book.sheets["partners"].cell(spare, column).value = other.sheets["partners"].cell(row, column).value

    assert codes(bring(edited(taken(nghe_an, by=an), work), by=an)) == [("damaged-key", "")]


# --- Files -------------------------------------------------------------------------------------------


def test_workbooks_of_other_units_other_sites_and_other_origin_are_refused(
    partners: list[Partner], an: User, chau: User, nghe_an: Unit
) -> None:
    content = taken(nghe_an, by=an)
    assert refused_file(content, by=chau) == "other-unit"
    assert refused_file(b"a,b\n1,2\n", by=an) == "not-a-workbook"

    book = load_workbook(io.BytesIO(content))
    book["nhipcau"]["B4"].value = "PU-22"
    stream = io.BytesIO()
    book.save(stream)
    assert refused_file(stream.getvalue(), by=an) == "other-site"


def test_a_bomb_is_refused_before_it_is_unpacked(an: User) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 60_000_000)
    assert refused_file(stream.getvalue(), by=an) == "too_large"


def test_sheets_and_columns_may_be_renamed_reordered_and_left_out(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        row = book.row("partners", "Hội Một")
        sheet = book.sheets["partners"]
        sheet.title = "Danh bạ của tôi"
        book.set("partners", row, city="Huế")
        city = book.columns("partners")["city"]
        for line in range(1, sheet.max_row + 1):
            sheet.cell(line, 20).value, sheet.cell(line, city).value = sheet.cell(line, city).value, None
        sheet.cell(2, 20).value = "Ở đâu"
        del book.book["Follow-ups"]

    upload = bring_and_apply(edited(taken(nghe_an, by=an), work), by=an)

    assert (upload.refused, upload.counts["changed"]) == ([], 1)
    assert Partner.objects.get(name="Hội Một").city == "Huế"
    assert len(upload.preview["notes"]) == 1  # the sheet that is not there


def test_without_the_row_of_codes_the_heads_are_recognised(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        book.set("partners", book.row("partners", "Hội Một"), city="Huế")
        book.sheets["partners"].delete_rows(1)

    assert bring(edited(taken(nghe_an, by=an), work), by=an).counts["changed"] == 1


# --- Cells -------------------------------------------------------------------------------------------


def test_what_a_spreadsheet_program_retyped_is_no_change(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    person = save_person(Person(full_name="Bounmy", phone="00123", how_to_address="=1+1", languages="lo, vi"), by=an)
    second = save_person(Person(full_name="Khamla", phone="+84 912 345 678"), by=an)

    def work(book: OfficeBook) -> None:
        row = book.row("people", "Bounmy")
        assert [book.cell("people", row, name).data_type for name in ("phone", "how_to_address")] == ["s", "s"]
        book.set("people", row, phone=123)
        book.set("people", book.row("people", "Khamla"), phone=84912345678)

    upload = bring(edited(taken(nghe_an, by=an), work), by=an)

    assert (upload.preview["rows"], upload.refused) == ([], [])
    assert (person.phone, second.phone) == ("00123", "+84 912 345 678")


def test_spoilt_cells_are_refused_by_address(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        book.set("partners", book.row("partners", "Hội Một"), city=datetime(2026, 1, 2))  # noqa: DTZ001  (as openpyxl has days)
        book.set_formula("partners", book.row("partners", "Hội Hai"), "city", "=A1&B1")

    upload = bring(edited(taken(nghe_an, by=an), work), by=an)

    assert sorted(codes(upload)) == [("cell-turned-into-day", "city"), ("formula", "city")]
    assert all(entry["address"].startswith("Partners!G") for entry in upload.refused)


def test_text_in_nfd_and_other_line_breaks_is_the_same_text(partners: list[Partner], an: User, nghe_an: Unit) -> None:
    import unicodedata

    def work(book: OfficeBook) -> None:
        cell = book.cell("partners", book.row("partners", "Hội Một"), "city")
        cell.value = unicodedata.normalize("NFD", cell.value) + " "

    assert bring(edited(taken(nghe_an, by=an), work), by=an).preview["rows"] == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"name": ""}, ("blank", "name")),
        ({"name": "x" * 301}, ("max-length", "name")),
        ({"kind": "Không có loại này"}, ("unknown", "kind")),
        ({"country": "Xứ thần tiên"}, ("unknown", "country")),
        ({"founded_year": 12}, ("min-value", "founded_year")),
        ({"founded_year": "năm ngoái"}, ("invalid", "founded_year")),
        ({"website": "javascript:alert(1)"}, ("invalid", "website")),
        ({"status": "Đang ngủ"}, ("invalid-choice", "status")),
        ({"fields": "Giáo dục vũ trụ"}, ("unknown", "fields")),
    ],
)
def test_bad_values_are_refused_with_the_codes_of_the_api(
    cells: dict[str, object], expected: tuple[str, str], partners: list[Partner], an: User, nghe_an: Unit
) -> None:
    work: Edit = lambda book: book.set("partners", book.row("partners", "Hội Một"), **cells)  # noqa: E731  (one line that says what)
    assert codes(bring(edited(taken(nghe_an, by=an), work), by=an)) == [expected]


# --- What leaves -------------------------------------------------------------------------------------


def test_restricted_records_and_notes_stay_here(partners: list[Partner], binh: User, nghe_an: Unit) -> None:
    person = save_person(Person(full_name="Kín Đáo", confidentiality=Confidentiality.RESTRICTED), by=binh)
    seen = save_person(Person(full_name="Bounmy", protocol_notes="không mời rượu"), by=binh)
    for one in (person, seen):
        PersonNote.objects.create(person=one, text="điều nhạy cảm", unit=nghe_an)

    with zipfile.ZipFile(io.BytesIO(taken(nghe_an, by=binh))) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")

    assert "Bounmy" in everything
    assert not [text for text in ("Kín Đáo", "điều nhạy cảm", "không mời rượu") if text in everything]


def test_of_a_record_restricted_meanwhile_nothing_is_told_to_colleagues(partners: list[Partner], binh: User, nghe_an: Unit) -> None:
    person = save_person(Person(full_name="Bounmy", email="b@example.org"), by=binh)
    work: Edit = lambda book: book.set("people", book.row("people", "Bounmy"), email="moi@example.org")  # noqa: E731  (one line that says what)
    content = edited(taken(nghe_an, by=binh), work)
    person.confidentiality, person.email = Confidentiality.RESTRICTED, "kin@example.org"
    save_person(person, by=binh)

    upload = bring(content, by=binh)

    assert codes(upload) == [("not-found", "")]
    assert "kin@" not in str([upload.conflicts, upload.preview, upload.refused])


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not on this machine")
def test_a_workbook_saved_by_libreoffice_comes_back_as_it_is(partners: list[Partner], an: User, nghe_an: Unit, tmp_path: Path) -> None:
    save_person(Person(full_name="Bounmy", phone="00123", how_to_address="=1+1", email="b@example.org"), by=an)
    work: Edit = lambda book: book.set("partners", book.row("partners", "Hội Một"), city="Huế", founded_year=1979)  # noqa: E731  (one line that says what)
    (tmp_path / "so.xlsx").write_bytes(edited(taken(nghe_an, by=an), work))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    saved = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(tmp_path / "out"),
        str(tmp_path / "so.xlsx"),
    ]
    subprocess.run(saved, check=True, capture_output=True, timeout=180)

    upload = bring_and_apply((tmp_path / "out" / "so.xlsx").read_bytes(), by=an)

    assert (upload.state, upload.refused, upload.conflicts) == (ImportState.DONE, [], [])
    assert [(row["label"], [change[0] for change in row["changes"]]) for row in upload.preview["rows"]] == [
        ("Hội Một", ["city", "founded_year"])
    ]
