"""The briefing for a meeting: what stands in the Word file, for whom, and that it never grows beyond two pages."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from docx import Document

from activities.choices import Direction, Level, Side
from activities.models import Agreement, AgreementKind, AgreementParty, Attendance, Commitment, Delegation, Exchange
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Unit, User
from partners.choices import NoteKind
from partners.models import Partner, PartnerName, Person, PersonNote, Post
from reports.documents.briefing import PAPER_LINES
from reports.documents.briefing_lines import index
from reports.documents.briefing_reading import Reading
from reports.documents.briefings import country_briefing, partner_briefing
from reports.models import PolicyVersion
from tests.factories import make_exchange, make_partner, make_steward, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def chair(friends: Partner) -> Person:
    return Post.objects.get(partner=friends, rank=1).person


@pytest.fixture
def friends(policy: PolicyVersion, secretary: User, today: date) -> Partner:
    """A partner with something in every part of the paper."""
    partner = make_partner("Hội Hữu nghị Lào - Việt", verified_on=today)
    PartnerName.objects.create(partner=partner, name="ສະມາຄົມມິດຕະພາບລາວ-ຫວຽດນາມ", language="lo")
    make_steward(partner, Unit.objects.get(code="VUFO"), officer=secretary)
    second = Person.objects.create(full_name="Khamla Vongsa", native_name="ຄຳຫຼ້າ", country=partner.country, languages="lo, en")
    first = Person.objects.create(
        full_name="Boviengkham Vongdara", given_name="Boviengkham", family_name="Vongdara", how_to_address="Ngài Chủ tịch",
        country=partner.country, protocol_notes="Không uống rượu", languages="Lào, Việt",
    )  # fmt: skip
    Post.objects.create(person=second, partner=partner, title_vi="Phó Chủ tịch", rank=2)
    Post.objects.create(person=first, partner=partner, title_vi="Chủ tịch", title_native="ປະທານ", rank=1)
    visit = make_exchange(
        partner, by=secretary, on=today - timedelta(days=100), kind="DELEGATION_IN", level=Level.LEADER,
        direction=Direction.IN, title="Đoàn Chủ tịch thăm Hà Nội", outcome="Thống nhất kế hoạch năm tới",
    )  # fmt: skip
    Delegation.objects.create(exchange=visit, gifts_given="Tranh sơn mài chùa Một Cột")
    Attendance.objects.create(exchange=visit, side=Side.THEIRS, person=first, partner=partner)
    unit = Unit.objects.get(code="VUFO")
    due = {"promised_on": today - timedelta(days=90), "due_on": today - timedelta(days=40)}
    Commitment.objects.create(partner=partner, unit=unit, text="gửi 500 sách giáo khoa", **due)
    Commitment.objects.create(partner=partner, unit=unit, text="mời đoàn thanh niên", owed_by=Side.THEIRS, **due)
    kind = AgreementKind.objects.get_or_create(code="MOU-B", defaults={"label_vi": "BGN", "label_en": "MOU", "family": "memorandum"})[0]
    values: dict[str, Any] = {"signed_on": today - timedelta(days=900), "valid_to": today + timedelta(days=60)}
    agreement = Agreement.objects.create(kind=kind, title="Bản ghi nhớ hợp tác 2024", unit=unit, **values)
    AgreementParty.objects.create(agreement=agreement, side=Side.THEIRS, partner=partner)
    note = {"person": first, "unit": unit, "on": today - timedelta(days=10)}
    PersonNote.objects.create(kind=NoteKind.SENSITIVITY, text="Không nhắc chuyện biên giới", **note)
    PersonNote.objects.create(kind=NoteKind.SENSITIVITY, text="Đang đau ốm", confidentiality=Confidentiality.RESTRICTED, **note)
    return partner


def paper(reader: User, name: str, key: Any, language: str = "vi") -> Any:
    client = Client()
    client.force_login(reader)
    client.cookies["django_language"] = language
    answer = client.get(reverse(f"reports:{name}", args=[key]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    return Document(io.BytesIO(answer.content))


def text_of(document: Any) -> str:
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def test_the_paper_on_a_partner_says_what_a_leader_asks(friends: Partner, secretary: User) -> None:
    text = text_of(paper(secretary, "briefing-partner", friends.public_id))

    for told in (
        "HỘI HỮU NGHỊ LÀO - VIỆT".casefold(), "ສະມາຄົມມິດຕະພາບລາວ-ຫວຽດນາມ", "ngài chủ tịch boviengkham", "ປະທານ", "đoàn chủ tịch thăm hà nội",
        "thống nhất kế hoạch năm tới", "gửi 500 sách giáo khoa", "mời đoàn thanh niên", "tranh sơn mài", "bản ghi nhớ hợp tác 2024",
        "không nhắc chuyện biên giới", "không uống rượu", "r4",
    ):  # fmt: skip
        assert told in text.casefold(), told
    assert text.index("Boviengkham") < text.index("Khamla"), "protocol order"
    assert "lo, en" not in text, "languages are words, no codes"


def test_every_line_of_a_record_names_its_day_and_leads_to_it(friends: Partner, secretary: User) -> None:
    document = paper(secretary, "briefing-partner", friends.public_id)
    visit = Exchange.objects.get()
    line = next(paragraph for paragraph in document.paragraphs if visit.title in paragraph.text)

    assert f"{visit.starts_on:%d/%m/%Y} {visit.public_id.hex[-6:].upper()}]" in line.text
    assert [link.address for link in line.hyperlinks] == [f"http://testserver{visit.get_absolute_url()}"]


def test_the_paper_is_set_as_offices_are_used_to(friends: Partner, secretary: User) -> None:
    document = paper(secretary, "briefing-partner", friends.public_id)
    section = document.sections[0]

    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    assert document.styles["Normal"].font.name == "Times New Roman"
    assert [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 2"]


def test_nothing_restricted_stands_in_the_paper_of_who_may_not_read_it(friends: Partner, secretary: User) -> None:
    officer = make_user("officer", unit=make_unit("PU-40"))
    hidden = text_of(paper(officer, "briefing-partner", friends.public_id))

    assert "Đang đau ốm" in text_of(paper(secretary, "briefing-partner", friends.public_id))
    for unit_alone in ("Đang đau ốm", "Không nhắc chuyện biên giới", "500 sách", "Bản ghi nhớ hợp tác 2024"):
        assert unit_alone not in hidden


def test_taking_a_briefing_and_reading_what_is_restricted_leave_a_trace(friends: Partner, secretary: User) -> None:
    paper(secretary, "briefing-partner", friends.public_id)

    taken, read = AuditEvent.objects.get(verb=AuditVerb.BRIEFED), AuditEvent.objects.get(verb=AuditVerb.READ_RESTRICTED)
    assert (taken.subject_id, taken.actor_id) == (str(friends.public_id), secretary.pk)
    assert read.subject_id == str(PersonNote.objects.get(confidentiality=Confidentiality.RESTRICTED).public_id)


def test_archived_rows_stand_in_no_paper(friends: Partner, secretary: User) -> None:
    PersonNote.objects.update(archived_at=timezone.now(), archived_by=secretary)
    Commitment.objects.update(archived_at=timezone.now(), archived_by=secretary)
    text = text_of(paper(secretary, "briefing-partner", friends.public_id))
    assert "biên giới" not in text
    assert "500 sách" not in text


def test_the_paper_on_a_person_says_how_to_speak_to_them(friends: Partner, chair: Person, secretary: User) -> None:
    text = text_of(paper(secretary, "briefing-person", chair.public_id, "en"))

    for told in ("Ngài Chủ tịch Boviengkham", "Kính gửi Ngài Chủ tịch", "Chủ tịch", friends.name, "Đoàn Chủ tịch thăm Hà Nội", "biên giới"):
        assert told in text, told


def test_a_restricted_person_has_no_paper_for_a_stranger(chair: Person) -> None:
    Person.objects.filter(pk=chair.pk).update(confidentiality=Confidentiality.RESTRICTED)
    client = Client()
    client.force_login(make_user("officer", unit=make_unit("PU-40")))
    assert client.get(reverse("reports:briefing-person", args=[chair.public_id])).status_code == 404


def test_the_paper_on_a_country_says_how_it_stands(friends: Partner, secretary: User) -> None:
    text = text_of(paper(secretary, "briefing-country", "la"))

    for told in (friends.name, "Boviengkham", "Đoàn Chủ tịch thăm Hà Nội", "gửi 500 sách giáo khoa"):
        assert told in text, told


def test_two_pages_hold_a_partner_of_many_words(friends: Partner, secretary: User, today: date) -> None:
    unit = Unit.objects.get(code="VUFO")
    many = "rất nhiều chữ " * 30
    for number in range(60):
        make_exchange(friends, by=secretary, on=today - timedelta(days=number), title=f"Trao đổi {number}", outcome=many)
        Commitment.objects.create(partner=friends, unit=unit, text=many[:400], promised_on=today, due_on=today)
        person = Person.objects.create(full_name=f"Người {number}", protocol_notes=many)
        Post.objects.create(person=person, partner=friends, title_vi="Ủy viên")
        PersonNote.objects.create(person=person, unit=unit, text=many)

    briefing = partner_briefing(friends, reader=secretary, today=today)

    assert briefing.height <= PAPER_LINES + 5
    assert any(part.more for part in briefing.parts)
    assert friends.country
    assert country_briefing(friends.country, reader=secretary, today=today).height <= PAPER_LINES + 5


def test_without_anything_on_record_the_paper_says_so(policy: PolicyVersion, secretary: User) -> None:
    text = text_of(paper(secretary, "briefing-partner", make_partner("Chưa gặp").public_id, "en"))
    assert "Nobody is on record." in text
    assert "No exchange that you may see." in text


def test_the_pages_lead_to_their_papers(friends: Partner, chair: Person, secretary: User) -> None:
    client = Client()
    client.force_login(secretary)
    for page, name, key in (
        (friends.get_absolute_url(), "briefing-partner", friends.public_id),
        (chair.get_absolute_url(), "briefing-person", chair.public_id),
        (reverse("reports:country-detail", args=["LA"]), "briefing-country", "LA"),
    ):
        assert reverse(f"reports:{name}", args=[key]) in client.get(page).content.decode()


def test_the_index_has_the_decimal_mark_of_the_readers_language() -> None:
    with override("vi"):
        assert index(Decimal("71.3")) == "71,3"
    with override("en"):
        assert index(Decimal("71.3")) == "71.3"


@pytest.mark.parametrize("newest", [(1, 2, None), (1, 4), (300,)])
def test_the_last_exchanges_open_to_the_reader_are_found_behind_those_that_are_not(
    newest: tuple[int | None, ...], an: User, secretary: User, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.documents.briefing_reading.NEWEST_PARTS", newest)
    partner = make_partner("Hội Hữu nghị Lào - Việt")
    for age in (1, 2, 3):
        make_exchange(partner, by=secretary, on=today - timedelta(days=age), title="Kín", confidentiality=Confidentiality.RESTRICTED)
    make_exchange(partner, by=secretary, on=today - timedelta(days=4), title="Mở", confidentiality=Confidentiality.NETWORK)
    assert [getattr(line.record, "title", "") for line in Reading(an, today, [partner.pk]).exchanges()] == ["Mở"]
