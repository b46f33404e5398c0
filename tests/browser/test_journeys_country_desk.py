"""An officer of a country desk goes through a day's five tasks, on a phone and at a desk, as far as typing and pressing go.

Hoàng Đăng Khoa looks after Laos at the centre. What he does is read again from the database.
"""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from activities.choices import ExchangeStatus
from activities.models import Attendance, Exchange, FollowUp, Occasion
from crm.choices import Confidentiality
from crm.models import Country, Unit, User
from partners.models import Partner, Person, PersonNote, Post
from tests.bed.browser import SignIn
from tests.bed.worker import WorkerProcess
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db(transaction=True)

NAME, SHORT = "Hội Hữu nghị Lào - Việt Phu Chăm-pa", "Hội HN Lào-Việt"


@pytest.fixture
def page(either_page: Page, sign_in: SignIn, khoa: User) -> Page:
    khoa.language = "en"
    khoa.save()
    sign_in(either_page, khoa)
    return either_page


@pytest.fixture
def champa(reference_data: None) -> Partner:
    return make_partner(NAME, kind="FRIENDSHIP_ASSOCIATION")


@pytest.fixture
def bounmy(champa: Partner) -> Person:
    return make_person("Bounmy Sengalounxay", champa, title="Chủ tịch", rank=20, native_name="ບຸນມີ ແສງອາລຸນໄຊ")


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def make_person(name: str, partner: Partner, *, title: str, rank: int, **values: str) -> Person:
    given, _space, family = name.partition(" ")
    laos = Country.objects.get(alpha2="LA")
    person = Person.objects.create(full_name=name, given_name=given, family_name=family, country=laos, how_to_address="Ngài", **values)
    Post.objects.create(person=person, partner=partner, title_vi=title, title_en="President", rank=rank)
    return person


def log_a_line(page: Page, line: str) -> None:
    """Press the button for logging, type the line, save it, and wait until it is said to be logged."""
    page.locator(".button.log").click()
    page.locator("#log-line").press_sequentially(line)
    expect(page.locator("#log-chip-partners .label")).to_be_visible()
    page.locator(".log-form button.primary").click()
    expect(page.locator("#toasts [data-logged]")).to_be_visible()


def test_prepares_an_incoming_delegation(page: Page, centre: Unit, an: User, champa: Partner, bounmy: Person, today: date) -> None:
    """Who came last time, what was promised, which gifts, the list in protocol order; and the visit itself, planned."""
    last_year = make_exchange(
        champa,
        by=an,
        on=today - timedelta(days=340),
        kind="DELEGATION_IN",
        title="Đón đoàn Phu Chăm-pa",
        confidentiality=Confidentiality.NETWORK,
        attendances=[Attendance(side="theirs", person=bounmy, partner=champa, title="Chủ tịch")],
        follow_up=FollowUp(text="Gửi bạn sách tiếng Việt", due_on=today + timedelta(days=5)),
    )
    deputy = make_person("Khamla Vongsa", champa, title="Phó Chủ tịch", rank=30)
    PersonNote.objects.create(person=bounmy, kind="gift_given", text="Tranh sen thêu tay", unit=centre, confidentiality="network")

    page.goto("/")
    page.locator("#search").fill("lao viet phu cham")
    page.locator("#search").press("Enter")
    page.get_by_role("link", name=NAME).first.click()
    page.wait_for_url(f"**{champa.get_absolute_url()}")

    expect(page.locator(".owed-side")).to_contain_text("Gửi bạn sách tiếng Việt")
    page.locator("#tab").get_by_role("link", name=last_year.title).first.click()
    expect(page.locator("main")).to_contain_text("Bounmy Sengalounxay")

    page.goto(f"{champa.get_absolute_url()}?tab=people")
    page.get_by_role("button", name="Move Khamla Vongsa up").click()
    expect(page.locator("#people-in-order li").first).to_contain_text("Khamla Vongsa")
    order = Post.objects.filter(partner=champa).order_by("rank").values_list("person__full_name", flat=True)
    assert list(order) == [deputy.full_name, bounmy.full_name]

    page.get_by_role("link", name="Bounmy Sengalounxay").first.click()
    expect(page.locator("main")).to_contain_text("Tranh sen thêu tay")

    page.goto(champa.get_absolute_url())
    arrives = today + timedelta(days=20)
    log_a_line(page, f"dự kiến {arrives:%d/%m/%Y} tiếp đoàn {SHORT} 6 người @Hà Nội -> soạn chương trình trước {today:%d/%m/%Y}")
    visit = Exchange.objects.latest("pk")
    assert (visit.status, visit.starts_on, visit.people_count) == (ExchangeStatus.PLANNED, arrives, 6)
    assert "soạn chương trình" in visit.follow_ups.get().text.lower()


def test_sends_a_congratulation_with_todays_title_and_sees_who_was_left_out(
    page: Page, champa: Partner, bounmy: Person, today: date
) -> None:
    left_out = make_partner("Hội Phụ nữ Sai Nặm")
    Occasion.objects.create(
        code="national-day-today",
        kind="national_day",
        country=Country.objects.get(alpha2="LA"),
        name_vi="Ngày hội hôm nay",
        name_en="Today's national day",
        month=today.month,
        day=today.day,
        confidence="high",
    )

    page.goto("/activities/calendar/occasions/")
    page.get_by_role("link", name="Today's national day").first.click()
    page.get_by_role("link", name="All of the country").first.click()
    expect(page.locator("tr", has_text=NAME)).to_contain_text("President")
    page.get_by_role("checkbox", name=f"Letter to {NAME}").check()
    page.get_by_role("button", name="Log the letter for those ticked").click()

    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    letter = Exchange.objects.get()
    assert [row.partner for row in letter.participations.all()] == [champa]
    assert (letter.starts_on, letter.kind.code) == (today, "CONGRATULATION")
    expect(page.locator("section", has=page.locator("#waiting-title"))).to_contain_text(left_out.name)
    expect(page.locator("section", has=page.locator("#written-title"))).to_contain_text(NAME)


def test_writes_up_a_meeting_on_the_way_back(page: Page, khoa: User, champa: Partner, today: date) -> None:
    """People, a promise and its day in one line; the line is not lost while the train is in a tunnel."""
    due = today + timedelta(days=7)
    page.goto("/")
    page.locator(".button.log").click()
    page.locator("#log-line").press_sequentially(
        f"hôm nay làm việc với {SHORT} 5 người @Hà Nội -> gửi ảnh và biên bản trước {due:%d/%m/%Y}"
    )
    expect(page.locator("#log-chip-partners .label")).to_have_text(NAME)
    page.context.set_offline(True)
    page.locator(".log-form button.primary").click()
    expect(page.locator("#toasts .waiting")).to_be_visible()
    assert not Exchange.objects.exists()

    page.context.set_offline(False)
    expect(page.locator("#toasts [data-logged]")).to_be_visible()
    meeting = Exchange.objects.get()
    assert (meeting.starts_on, meeting.people_count, meeting.kind.code) == (today, 5, "WORKING_MEETING")
    promise = meeting.follow_ups.get()
    assert (promise.due_on, promise.assignee) == (due, khoa)
    assert "ảnh và biên bản" in promise.text


def test_finds_a_person_by_a_half_remembered_name_and_who_knows_her(
    page: Page, an: User, champa: Partner, bounmy: Person, today: date
) -> None:
    make_exchange(
        champa,
        by=an,
        on=today - timedelta(days=30),
        confidentiality=Confidentiality.NETWORK,
        attendances=[Attendance(side="theirs", person=bounmy, partner=champa), Attendance(side="ours", user=an)],
    )
    page.goto("/")
    page.locator("#search").fill("bounmi sengalunxay")
    page.locator("#search").press("Enter")
    page.locator("main").get_by_role("link", name=bounmy.full_name).first.click()
    page.wait_for_url(f"**{bounmy.get_absolute_url()}")
    expect(page.locator("main")).to_contain_text(an.full_name)


def test_imports_the_list_of_participants_without_doubles(
    page: Page, champa: Partner, bounmy: Person, tmp_path: Path, celery_worker_process: WorkerProcess, centre: Unit
) -> None:
    participants = tmp_path / "thanh-phan-doan.csv"
    rows = [
        "STT,Họ và tên,Chức vụ,Cơ quan,Nước",
        f"1,{bounmy.full_name},Chủ tịch,{NAME},Lào",
        f"2,Khamla Vongsa,Phó Chủ tịch,{NAME},Lào",
        f"3,KHAMLA VONGSA,Phó Chủ tịch,{NAME},Lào",
    ]
    participants.write_text("\n".join(rows) + "\n", encoding="utf-8")

    bring_people(page, participants)
    assert set(Person.objects.live().values_list("full_name", flat=True)) == {bounmy.full_name, "Khamla Vongsa"}
    assert Partner.objects.live().count() == 1

    bring_people(page, participants, again=True)
    assert Person.objects.live().count() == 2


def bring_people(page: Page, file: Path, *, again: bool = False) -> None:
    """Bring a list of people through all steps; take those that are offered."""
    page.goto("/partners/imports/new/")
    page.locator("[name=file]").set_input_files(file)
    page.locator("[name=noun]").select_option("people")
    page.get_by_role("button", name="Read the file").click()
    if page.get_by_role("button", name="It is read rightly").count():
        page.get_by_role("button", name="It is read rightly").click()
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("button", name="Apply the import")).to_be_visible(timeout=30_000)
    for tick in page.locator("#decisions input[type=checkbox]:not(:checked)").all():
        tick.check()
    page.get_by_role("button", name="Apply the import").click()
    # The page loads itself once more at the end, and only then offers the undo: what goes on must not meet it half way.
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible(timeout=30_000)
