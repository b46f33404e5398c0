"""An office's list goes through the pages as it is: its paper left out and told, its font converted once confirmed, undone."""

import io
from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation
from openpyxl import Workbook, load_workbook

from crm.actions.undoing import undo_change_set
from crm.choices import ChangeState, ImportState
from crm.legacy_text import Coding, encode
from crm.models import ChangeSet, ColumnMapping, ImportJob, Unit, User
from partners import tasks
from partners.models import Partner, PartnerPair
from tests.factories import make_partner
from tests.partners.test_import_page import address, bring, signed_in

HEADER = ["STT", "Tên tổ chức", "Loại", "Liên hệ", None, "Năm thành lập"]


def office_workbook() -> bytes:
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "Danh sách"
    sheet.append(["LIÊN HIỆP CÁC TỔ CHỨC HỮU NGHỊ", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"])
    sheet.append(["DANH SÁCH ĐỐI TÁC NĂM 2025"])
    sheet.append(HEADER)
    sheet.append([None, None, None, "Điện thoại", "Trang web"])
    sheet.append(["Lào"])
    sheet.append([1, "Hội Sen", "COMPANY", "00123", "sen.example.org", date(1986, 5, 1)])
    sheet.append([2, "Hội Tre", None, "+85620", None, "ngày 2 tháng 9 năm 1990"])
    sheet.append(["I. Cuba"])
    sheet.append([3, "Hội Mía", "COMPANY", None, None, "9/1960"])
    sheet.append([4, "Hội Ẩn", "COMPANY"])
    sheet.append([None, "Tổng cộng", None, None, None, 4])
    sheet.append([None, "Nơi nhận:", None, "Hà Nội, ngày 2 tháng 9 năm 2025"])
    sheet.append([None, "- Lưu VT"])
    for area in ("A1:C1", "D1:F1", "A2:F2", "D3:E3", "A3:A4", "B3:B4", "C3:C4", "F3:F4", "A5:F5", "A8:F8", "C6:C7"):
        sheet.merge_cells(area)
    sheet.row_dimensions[10].hidden = True
    book.create_sheet("Nháp").sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def brought(user: User, unit: Unit, content: bytes, **values: Any) -> ImportJob:
    response = bring(user, unit, content, **values)
    assert response.status_code == 302, response.context["form"].errors
    return ImportJob.objects.latest("id")


def confirm(user: User, job: ImportJob, **changed: Any) -> Any:
    form = signed_in(user).get(address("layout", job)).context["form"]
    values = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    response = signed_in(user).post(address("layout", job), {**values, **changed})
    job.refresh_from_db()
    return response


def check(user: User, job: ImportJob, **mapping: str) -> ImportJob:
    job.refresh_from_db()
    chosen = {f"column_{job.columns.index(column)}": name for column, name in mapping.items()}
    response = signed_in(user).post(address("mapping", job), chosen)
    assert response.status_code == 302, response.context["form"].errors
    tasks.check_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.CHECKED, job.failure
    return job


def apply(user: User, job: ImportJob, **choices: str) -> ImportJob:
    assert signed_in(user).post(address("apply", job), choices).status_code == 302
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.DONE, job.failure
    return job


MAPPING = {"Tên tổ chức": "name", "Loại": "kind", "Liên hệ / Trang web": "website", "Năm thành lập": "founded"}


def test_office_workbook_is_read_as_it_is(an: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an, office_workbook(), message="Danh sách 2025")
    page = signed_in(an).get(address("layout", job)).content.decode()
    for told in ("Nháp", "Tổng cộng", "Nơi nhận", "DANH SÁCH ĐỐI TÁC NĂM 2025"):
        assert told in page
    assert signed_in(an).get(address("mapping", job))["Location"] == address("layout", job)
    confirm(an, job)
    assert "Liên hệ / Điện thoại" in job.columns
    guessed = signed_in(an).get(address("mapping", job)).context["form"]
    headings = job.columns[-1]
    assert guessed[f"column_{len(job.columns) - 1}"].initial == "country"
    apply(an, check(an, job, **MAPPING, **{headings: "country"}))
    made = Partner.objects.order_by("pk").values_list("name", "country__alpha2", "kind__code", "founded_year")
    assert list(made) == [("Hội Sen", "LA", "COMPANY", 1986), ("Hội Tre", "LA", "COMPANY", 1990), ("Hội Mía", "CU", "COMPANY", 1960)]
    change_set = ChangeSet.objects.get()
    assert (change_set.message, change_set.state, change_set.entries.count()) == ("Danh sách 2025", ChangeState.APPLIED, 3)


def test_hidden_rows_are_read_only_when_somebody_says_so(an: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an, office_workbook())
    confirm(an, job, hidden_rows="on")
    check(an, job, **MAPPING, **{job.columns[-1]: "country"})
    assert job.counts["created"] == 4


def test_layout_can_be_corrected_and_is_shown_again_first(an: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an, office_workbook())
    response = confirm(an, job, header_from="4", header_to="4", again="1")
    assert response["Location"] == address("layout", job)
    assert job.columns[3:5] == ["Điện thoại", "Trang web"]
    assert signed_in(an).get(address("mapping", job))["Location"] == address("layout", job)


@pytest.mark.parametrize("coding", [Coding.TCVN3, Coding.VNI])
def test_former_font_is_stored_only_converted_and_only_once_confirmed(an: User, nghe_an: Unit, coding: Coding) -> None:
    names = ["Hội Hữu nghị Lào – Việt Nam", "Trung tâm Nghiên cứu Phát triển"]
    text = "Tên tổ chức,Nước,Loại\n" + "".join(f"{name},Lào,COMPANY\n" for name in names)
    job = brought(an, nghe_an, encode(text, coding).replace("–", "-").encode("latin-1"))
    page = signed_in(an).get(address("layout", job)).content.decode()
    assert names[1] in page
    assert encode(names[1], coding) in page
    confirm(an, job)
    job = check(an, job, **{"Tên tổ chức": "name", "Nước": "country", "Loại": "kind"})
    apply(an, job)
    assert set(Partner.objects.values_list("name", flat=True)) == {names[0].replace("–", "-"), names[1]}


def test_former_font_that_is_not_converted_is_refused_and_never_stored(an: User, nghe_an: Unit) -> None:
    stored = encode("Hội Hữu nghị Lào", Coding.TCVN3)
    job = brought(an, nghe_an, f"Tên,Nước,Loại\n{stored},Lào,COMPANY\nHội Sen\ufffd,Lào,COMPANY\nHội Tre,Lào,COMPANY\n".encode())
    confirm(an, job, convert_0="")
    job = check(an, job, Tên="name", Nước="country", Loại="kind")
    assert [error["code"] for error in job.errors] == ["former-font", "broken"]
    apply(an, job)
    assert Partner.objects.get().name == "Hội Tre"


def test_import_taken_back_and_brought_again_gives_the_same_partners(an: User, nghe_an: Unit) -> None:
    known = make_partner("Hội Cũ", country="LA", unit=nghe_an)
    rows = "Tên,Nước,Loại,Web\nHội Sen,Lào,COMPANY,\nHội Cũ,Lào,,cu.example.org\n".encode()
    mapping = {"Tên": "name", "Nước": "country", "Loại": "kind", "Web": "website"}
    job = apply(an, check(an, brought(an, nghe_an, rows), **mapping))
    made = Partner.objects.get(name="Hội Sen")
    assert job.change_set is not None
    undo_change_set(job.change_set, by=an)
    made.refresh_from_db()
    known.refresh_from_db()
    assert (made.is_archived, known.website, known.is_archived) == (True, "", False)
    assert reverse("crm:change-set-detail", args=[job.change_set.public_id]) in signed_in(an).get(address("detail", job)).content.decode()

    again = apply(an, check(an, brought(an, nghe_an, rows), **mapping))
    assert (again.counts["restored"], again.counts["updated"], again.counts["created"]) == (1, 1, 0)
    made.refresh_from_db()
    assert not made.is_archived
    assert Partner.objects.count() == 2
    third = check(an, brought(an, nghe_an, rows), **mapping)
    assert third.counts["unchanged"] == 2


def test_later_edit_survives_the_undo_and_is_reported(an: User, nghe_an: Unit) -> None:
    known = make_partner("Hội Cũ", country="LA", unit=nghe_an)
    rows = "Tên,Nước,Web,TP\nHội Cũ,Lào,cu.example.org,Pakse\n".encode()
    job = apply(an, check(an, brought(an, nghe_an, rows), Tên="name", Nước="country", Web="website", TP="city"))
    Partner.objects.filter(pk=known.pk).update(city="Viêng Chăn")
    assert job.change_set is not None
    undo_change_set(job.change_set, by=an)
    known.refresh_from_db()
    assert (known.website, known.city) == ("", "Viêng Chăn")
    assert job.change_set.undo_report[0]["columns"] == ["city"]


def test_meaning_of_columns_is_remembered_for_the_unit_in_any_order(an: User, nghe_an: Unit) -> None:
    check(an, brought(an, nghe_an, "Alpha,Beta\nHội Sen,Lào\n".encode(), kind=""), Alpha="name", Beta="country")
    again = brought(an, nghe_an, "BETA,Alpha\nLào,Hội Tre\n".encode())
    form = signed_in(an).get(address("mapping", again)).context["form"]
    assert [form[f"column_{place}"].initial for place in (0, 1)] == ["country", "name"]
    assert ColumnMapping.objects.count() == 1


def test_kind_and_country_that_no_column_says_are_chosen_with_the_columns_and_offered_next_time(an: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an, "Alpha,Beta\nHội Sen,x\n".encode(), kind="")
    job = check(an, job, Alpha="name")
    assert job.counts["refused"] == 1
    signed_in(an).post(address("mapping", job), {"column_0": "name", "kind": "COMPANY", "country": "LA"})
    tasks.check_import(job.pk)
    job = apply(an, job)
    partner = Partner.objects.get()
    assert (partner.kind.code, partner.country and partner.country.alpha2) == ("COMPANY", "LA")
    again = brought(an, nghe_an, "BETA,Alpha\nx,Hội Tre\n".encode(), kind="")
    form = signed_in(an).get(address("mapping", again)).context["form"]
    assert [field.initial for field in form.default_fields()] == ["COMPANY", "LA"]


def test_mapping_anew_clears_a_default_and_keeps_the_decisions(an: User, nghe_an: Unit) -> None:
    job = check(an, brought(an, nghe_an, "Alpha\nHội Sen\n".encode()), Alpha="name")
    job.defaults = {"kind": "COMPANY", "country": "LA", "decisions": {"2": "new"}}
    job.save()
    signed_in(an).post(address("mapping", job), {"column_0": "name", "kind": "COMPANY", "country": ""})
    job.refresh_from_db()
    assert job.defaults == {"kind": "COMPANY", "country": "", "decisions": {"2": "new"}}


def test_unknown_kind_of_rows_that_do_not_say_is_refused(an: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an, "Alpha\nHội Sen\n".encode())
    assert signed_in(an).post(address("mapping", job), {"column_0": "name", "kind": "NO-SUCH"}).status_code == 422


def test_list_that_can_write_nothing_says_why_once_and_leads_back_to_the_columns(an: User, nghe_an: Unit) -> None:
    job = check(an, brought(an, nghe_an, "Alpha\nHội Sen\nHội Tre\n".encode(), kind=""), Alpha="name")
    response = signed_in(an).get(address("detail", job))
    assert [count for _message, count in response.context["reasons"]] == [2]
    page = response.content.decode()
    assert address("apply", job) not in page
    assert str(ImportState.CHECKED.label) not in page
    assert f'<a class="button primary" href="{address("mapping", job)}">' in page


def test_unknown_province_of_a_row_says_what_to_do(an: User, nghe_an: Unit) -> None:
    rows = "Tên,Loại,Tỉnh\nHội Sen,COMPANY,Atlantis\n".encode()
    job = check(an, brought(an, nghe_an, rows), Tên="name", Loại="kind", Tỉnh="province")
    with translation.override(an.language):
        advice = translation.gettext("Leave the cell empty, or write what the province is called today.")
    assert [error["message"].endswith(advice) for error in job.errors] == [True]


def test_choices_for_all_likely_duplicates_are_kept_through_a_new_check(an: User, nghe_an: Unit) -> None:
    known = [make_partner(f"Hội Hữu nghị Sen {name}", country="LA", unit=nghe_an) for name in ("Vàng", "Trắng", "Hồng")]
    rows = "Tên,Nước,Loại\n" + "".join(f"Hội HN Sen {name},Lào,COMPANY\n" for name in ("Vàng", "Trắng", "Hồng"))
    mapping = {"Tên": "name", "Nước": "country", "Loại": "kind"}
    job = check(an, brought(an, nghe_an, rows.encode()), **mapping)
    signed_in(an).post(address("decide", job), {"for_all": "same"})
    signed_in(an).post(address("decide", job), {"2": "new", "3": str(known[1].public_id), "4": "skip"})
    job = check(an, job, **mapping)
    assert [job.defaults["decisions"][row] for row in ("2", "3", "4")] == ["new", str(known[1].public_id), "skip"]
    job = apply(an, job, **{"2": "new", "3": str(known[1].public_id), "4": "skip"})
    assert (job.counts["created"], job.counts["updated"], job.counts["skipped"]) == (1, 1, 1)
    assert PartnerPair.objects.get(state="different").first == known[0]


def test_refused_rows_come_as_a_workbook_of_text(an: User, nghe_an: Unit) -> None:
    rows = "Tên,Nước,Điện thoại\nHội Sen,Nước Không Có,+84 123\n".encode()
    job = check(an, brought(an, nghe_an, rows), Tên="name", Nước="country")
    content = signed_in(an).get(address("refused", job) + "?as=xlsx").content
    sheet = load_workbook(io.BytesIO(content)).active
    assert [cell.value for cell in list(sheet.rows)[1]][:3] == ["Hội Sen", "Nước Không Có", "+84 123"]
    assert {cell.data_type for cell in list(sheet.rows)[1]} == {"s"}
