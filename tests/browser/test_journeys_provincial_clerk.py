"""A clerk of a provincial union goes through her five tasks, on a phone and at an old desk.

Nguyễn Văn An works part-time in Nghệ An. Reports to the centre and proposals with their answers are papers of their own
that come later; until then her quarter is the list of exchanges as she exports it, corrected and exported again, and a
proposal is a follow-up given to a colleague at the centre, whose closing remark is the answer.
"""

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from activities.models import Exchange, FollowUp
from crm.choices import ChangeState, Role
from crm.legacy_text import Coding, encode
from crm.models import ChangeSet, Membership, Unit, User
from partners.models import Partner, PartnerName, Stewardship
from tests.bed.browser import SignIn
from tests.bed.waiting import wait_until
from tests.bed.worker import WorkerProcess
from tests.factories import make_exchange, make_partner, make_steward, make_unit

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS_A_KEY, SECONDS_A_DECISION, THREE_MINUTES = 0.6, 5, 180


@pytest.fixture
def page(either_page: Page, sign_in: SignIn, an: User) -> Page:
    an.language = "en"
    an.save()
    sign_in(either_page, an)
    return either_page


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def partner(nghe_an: Unit) -> Partner:
    partner = make_partner("Hội Phụ nữ Sai Nặm")
    make_steward(partner, nghe_an)
    return partner


def old_list() -> bytes:
    """Last year's Excel: a title over merged cells, two lines of header, letters of an old font, a total, a signature."""
    book = Workbook()
    sheet: Any = book.active
    rows: list[list[Any]] = [
        ["DANH SÁCH ĐỐI TÁC NĂM 2024"],
        ["STT", "Tên tổ chức", "Nước", "Địa bàn", None],
        [None, None, None, "Thành phố", "Trang web"],
        [1, "Hội Hữu nghị Lào Việt Hoa Đại", "Lào", "Pạc Xế", None],
        [2, "Quỹ Sông Trong", "Nước Không Có", "Xơ-un", None],
        [3, "Trung tâm Nghiên cứu Phát triển", "Lào", "Viêng Chăn", None],
        [None, "Tổng cộng: 3"],
    ]
    for row in rows:
        sheet.append([encode(cell, Coding.TCVN3) if isinstance(cell, str) else cell for cell in row])
    for area in ("A1:E1", "A2:A3", "B2:B3", "C2:C3", "D2:E2"):
        sheet.merge_cells(area)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_puts_in_the_old_list_and_repairs_only_what_is_marked(page: Page, tmp_path: Path, celery_worker_process: WorkerProcess) -> None:
    file = tmp_path / "danh-sach-2024.xlsx"
    file.write_bytes(old_list())

    page.goto("/partners/imports/new/")
    page.locator("[name=file]").set_input_files(file)
    page.locator("[name=kind]").select_option(label="Friendship association")
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator("main")).to_contain_text("Trung tâm Nghiên cứu Phát triển")
    page.get_by_role("button", name="It is read rightly").click()
    page.get_by_role("button", name="Check the list").click()

    expect(page.get_by_role("button", name="Apply the import")).to_be_visible(timeout=30_000)
    refused = page.locator("section", has=page.get_by_role("heading", name="Refused rows"))
    expect(refused.locator("tbody tr")).to_have_count(1)
    expect(refused).to_contain_text("Nước Không Có")
    assert not Partner.objects.exists()
    page.get_by_role("button", name="Apply the import").click()
    expect(page.get_by_role("link", name="What it changed")).to_be_visible(timeout=30_000)
    expect(page.locator("#progress")).to_have_count(0, timeout=30_000)
    assert set(Partner.objects.values_list("name", flat=True)) == {"Hội Hữu nghị Lào Việt Hoa Đại", "Trung tâm Nghiên cứu Phát triển"}

    with page.expect_download() as download:
        page.get_by_role("link", name="Download them with the reasons (CSV)").click()
    repaired = tmp_path / "sua-lai.csv"
    repaired.write_text(download.value.path().read_text(encoding="utf-8-sig").replace("Nước Không Có", "Hàn Quốc"), encoding="utf-8")
    assert "Quỹ Sông Trong" in repaired.read_text(encoding="utf-8")


def test_records_todays_delegation_in_under_three_minutes(page: Page, partner: Partner, today: date) -> None:
    """Counted as somebody types who looks for each letter: 0.6 s a key, 5 s for each thing to think of or to press."""
    line = "hôm nay tiếp đoàn Hội Phụ nữ Sai Nặm 8 người @Nghệ An #giáo dục -> gửi ảnh trước 30/12"
    page.goto("/")
    page.locator(".button.log").click()
    page.locator("#log-line").press_sequentially(line)
    expect(page.locator("#log-chip-partners .label")).to_have_text(partner.name)
    page.locator(".log-form button.primary").click()
    expect(page.locator("#toasts [data-logged]")).to_be_visible()

    delegation = Exchange.objects.get()
    assert (delegation.starts_on, delegation.kind.code, delegation.people_count) == (today, "DELEGATION_IN", 8)
    assert delegation.follow_ups.count() == delegation.fields.count() == delegation.provinces.count() == 1
    decisions = 8  # Open, save, and six things to say.
    assert len(line) * SECONDS_A_KEY + decisions * SECONDS_A_DECISION < THREE_MINUTES


def test_sends_the_list_of_the_quarter_corrects_it_and_sends_it_again(page: Page, an: User, partner: Partner, today: date) -> None:
    exchange = make_exchange(partner, by=an, on=today - timedelta(days=10), title="Làm việc về lớp dệt", people_count=5)
    make_exchange(partner, by=an, on=today - timedelta(days=200), title="Năm trước")
    address = f"/activities/?unit=PU-40&since={today - timedelta(days=90)}"

    sent = exported(page, address)
    assert [row for row in sent if exchange.title in row]
    assert not [row for row in sent if "Năm trước" in row]

    page.goto(f"{exchange.get_absolute_url()}edit/")
    page.locator("[name=title]").fill("Làm việc về hai lớp dệt")
    page.locator("main form button.primary").first.click()
    page.wait_for_url(f"**{exchange.get_absolute_url()}")
    assert [row for row in exported(page, address) if "Làm việc về hai lớp dệt" in row]


def exported(page: Page, address: str) -> list[tuple[Any, ...]]:
    """The rows of the workbook that the list gives."""
    page.goto(address)
    page.locator("details.menu > summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel workbook").click()
    sheet: Any = load_workbook(io.BytesIO(download.value.path().read_bytes())).active
    return list(sheet.iter_rows(values_only=True))


def test_sends_a_proposal_upward_and_sees_the_answer(page: Page, sign_in: SignIn, khoa: User, an: User, partner: Partner) -> None:
    page.goto(f"/activities/follow-ups/new/?partner={partner.public_id}")
    page.locator("main [name=text]").fill("Đề nghị trung ương hỗ trợ mời chuyên gia dệt")
    page.get_by_role("button", name=f"Remove {an.full_name}").click()
    page.locator("main .combobox input[role=combobox]").fill("khoa")
    page.get_by_role("option", name=khoa.full_name).click()
    page.locator("main form button.primary").click()
    wait_until(FollowUp.objects.exists)
    proposal = FollowUp.objects.get()
    assert proposal.assignee == khoa

    khoa.language = "en"
    khoa.save()
    sign_in(page, khoa)
    page.goto(proposal.get_absolute_url())
    page.locator("[name=remark]").fill("Đồng ý, mời tháng 3")
    page.locator("main form button.primary").first.click()
    expect(page.locator("main")).to_contain_text("Đồng ý, mời tháng 3")

    sign_in(page, an)
    page.goto(proposal.get_absolute_url())
    expect(page.locator("main")).to_contain_text("Đồng ý, mời tháng 3")
    proposal.refresh_from_db()
    assert proposal.state == "done"


def test_moves_everything_of_the_merged_province_without_losing_the_old_names(
    page: Page, an: User, partner: Partner, nghe_an: Unit, today: date, celery_worker_process: WorkerProcess
) -> None:
    merged = make_unit("PU-OLD", name_vi="Liên hiệp tỉnh cũ", name_en="Union of the former province")
    Membership.objects.create(user=an, unit=merged, role=Role.OFFICER)
    moved = [make_partner(name) for name in ("Hội Bạn Việt Nam Mường Phìn", "Quỹ Học bổng Nậm Ngừm")]
    for one in moved:
        keeper = make_steward(one, merged)
        Stewardship.objects.filter(pk=keeper.pk).update(valid_from=date(2020, 1, 1))
    PartnerName.objects.create(partner=moved[0], name="Hội Bạn Việt Nam Sê Băng Hiêng", usage="former")
    moved[0].save()

    page.goto("/partners/?steward=PU-OLD")
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("link", name="Edit all 2 that match").click()
    page.locator("[name=lead_unit]").select_option("PU-40")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("main")).to_contain_text(moved[1].name)
    page.get_by_label("What is this for?").fill("Sáp nhập tỉnh 1/7/2025")
    page.get_by_role("button", name="Change 2 rows").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=30_000)

    for one in moved:
        now = Stewardship.objects.current().get(partner=one, role="lead")
        before = Stewardship.objects.get(partner=one, unit=merged)
        assert (now.unit, before.valid_to) == (nghe_an, today)
    assert ChangeSet.objects.get().state == ChangeState.APPLIED

    page.goto("/search/?q=se+bang+hieng")
    expect(page.locator("main").get_by_role("link", name=moved[0].name).first).to_be_visible()
