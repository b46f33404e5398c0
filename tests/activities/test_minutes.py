"""Minutes: promises are read out of the text, corrected beside it, and saved once however often they are sent."""

import unicodedata
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from activities.actions.commitments import postpone_commitment
from activities.actions.exchanges import change_exchange
from activities.actions.minutes import write_minutes
from activities.choices import Side
from activities.grammar.minutes import MOST_PROMISES, Minutes, read_minutes
from activities.lookup.reading import read_line
from activities.models import Commitment, Exchange, FollowUp
from crm.choices import Confidentiality
from crm.models import Unit, User
from crm.text import fold
from partners.models import Partner, Person, Post
from tests.activities.promising import MET_ON, make_commitment
from tests.factories import make_exchange, make_partner
from tests.query_counts import check_count, get_counted

TODAY = date(2026, 11, 22)


def read(text: str) -> Minutes:
    return read_minutes(text, today=TODAY, since=MET_ON)


# --- What the words alone tell --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "side", "text", "due"),
    [
        ("-> ta, gửi thư mời, trước 30/9", Side.OURS, "Gửi thư mời", date(2027, 9, 30)),
        ("-> bạn, gửi danh sách, trước 15/12", Side.THEIRS, "Gửi danh sách", date(2026, 12, 15)),
        ("-> ban, gui danh sach, truoc 15/12", Side.THEIRS, "Gui danh sach", date(2026, 12, 15)),
        ("-> phía bạn: cử giáo viên, quý I/2027", Side.THEIRS, "Cử giáo viên", date(2027, 3, 31)),
        ("-> bạn sẽ gửi tài liệu trước 5/12", Side.THEIRS, "Gửi tài liệu", date(2026, 12, 5)),
        ("-> us, send the list, before 30/9/2027", Side.OURS, "Send the list", date(2027, 9, 30)),
        ("-> them: reply by end of December", Side.THEIRS, "Reply", date(2026, 12, 31)),
        ("=> chúng tôi, in kỷ yếu, cuối tháng 12", Side.OURS, "In kỷ yếu", date(2026, 12, 31)),
        ("– ta, nothing", None, None, None),
        ("-> gửi lại ảnh trước 1/12", None, "Gửi lại ảnh", date(2026, 12, 1)),
        ("1. Về học bổng -> bạn, chọn sinh viên", Side.THEIRS, "Chọn sinh viên", None),
        ("-> ta, gửi báo cáo quý III, trước 5/12", Side.OURS, "Gửi báo cáo quý III", date(2026, 12, 5)),
        ("-> ta, gửi báo cáo tháng 11", Side.OURS, "Gửi báo cáo tháng 11", None),
        ("-> ta, dự hội chợ, trước tháng 12", Side.OURS, "Dự hội chợ", date(2026, 11, 30)),
        ("-> ta, đón đoàn 5 người 12-14/3, trong 2 tuần", Side.OURS, "Đón đoàn 5 người 12-14/3", date(2026, 11, 16)),
        ("-> ta, gọi lại, thứ sáu tuần sau", Side.OURS, "Gọi lại", date(2026, 11, 27)),
        ("-> ta, họp lại, 6 tháng đầu năm 2027", Side.OURS, "Họp lại", date(2027, 6, 30)),
    ],
)
def test_a_line_says_who_what_and_by_which_day(typed: str, side: Side | None, text: str | None, due: date | None) -> None:
    promises = read(typed).promises

    if text is None:
        assert (promises, read(typed).rest) == ((), typed)
        return
    [promised] = promises
    assert (promised.side, promised.text, promised.due.start if promised.due else None) == (side, text, due)


def test_both_sides_promise_one_each() -> None:
    promises = read("-> hai bên, gặp lại tại Viêng Chăn, 6/2027").promises

    assert [(promised.side, promised.text) for promised in promises] == [
        (Side.OURS, "Gặp lại tại Viêng Chăn"),
        (Side.THEIRS, "Gặp lại tại Viêng Chăn"),
    ]


def test_everything_else_stays_text_in_its_order() -> None:
    minutes = read("Hai bên trao đổi.\n1. Học bổng -> bạn, gửi danh sách\n\n->\nKết thúc 17h.")

    assert minutes.rest == "Hai bên trao đổi.\n1. Học bổng\n\n->\nKết thúc 17h."


def test_a_day_that_the_calendar_has_not_stays_in_the_text_and_is_told() -> None:
    [promised] = read("-> ta, gửi ảnh, trước 31/2").promises

    assert promised.due is not None
    assert (promised.text, promised.due.start, promised.due.trouble) == ("Gửi ảnh, trước 31/2", None, "31/2")


def test_more_promises_than_a_meeting_has_stay_text() -> None:
    minutes = read("\n".join(f"-> ta, việc {number}" for number in range(MOST_PROMISES + 5)))

    assert len(minutes.promises) == MOST_PROMISES
    assert len(minutes.rest.splitlines()) == 5


USUAL = ["-> ta, gửi ảnh, trước 30/9", "-> bạn: học bổng quý I/2027", "→ An, gọi lại", "=>", "a -> b -> c", "-> hai bên, họp"]
LINES = st.lists(st.one_of(st.text(max_size=60), st.sampled_from(USUAL)), max_size=8)


@given(LINES)
def test_anything_can_be_read_and_nothing_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    minutes = read(text)

    said = fold(" ".join([minutes.rest, *(promised.typed for promised in minutes.promises)]))
    assert set(fold(text).split()) <= set(said.split())
    assert all(promised.text for promised in minutes.promises)


@given(LINES)
def test_composed_and_decomposed_text_is_read_alike(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert read(unicodedata.normalize("NFD", text)) == read(unicodedata.normalize("NFC", text))


# --- With the people, units and partners of the meeting --------------------------------------------------


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


@pytest.fixture
def meeting(lao: Partner, an: User) -> Exchange:
    return make_exchange(lao, by=an, on=MET_ON)


def address_of(exchange: Exchange) -> str:
    return f"{exchange.get_absolute_url()}minutes/"


def send(client: Client, exchange: Exchange, text: str, **sent: str) -> Any:
    return client.post(address_of(exchange), {"minutes": text, **sent})


def rows_read(client: Client, exchange: Exchange, text: str, **sent: str) -> list[Any]:
    answer = client.post(f"{address_of(exchange)}read/", {"minutes": text, **sent}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return list(answer.context["entry"].rows)


@pytest.mark.django_db
def test_whoever_is_named_is_found(an: User, chau: User, lao: Partner, meeting: Exchange, quang_ninh: Unit, client: Client) -> None:
    khamphone = Person.objects.create(full_name="Khamphone Phommachit")
    Post.objects.create(person=khamphone, partner=lao, title_en="President")
    client.force_login(an)
    text = "-> Châu, gửi thư\n-> Quảng Ninh: đón đoàn\n-> ông Khamphone, ký\n-> Hội Hữu nghị Lào - Việt, in sách\n-> ai đó lạ, việc"

    found = [row.form.cleaned_data for row in rows_read(client, meeting, text)]

    assert [(said["owed_by"], said["assignee"], said["unit"] and said["unit"].code, said["person"]) for said in found] == [
        ("ours", chau, None, None),
        # Of another unit's work nothing is written from here.
        ("ours", None, None, None),
        ("theirs", None, None, khamphone),
        ("theirs", None, None, None),
        ("ours", None, None, None),
    ]
    assert [said.get("text") for said in found][-1] == "Ai đó lạ, việc"
    assert all(said["partner"] == lao for said in found)


@pytest.mark.django_db
def test_a_unit_that_one_may_write_for_is_found_by_its_province(khoa: User, meeting: Exchange, quang_ninh: Unit, client: Client) -> None:
    client.force_login(khoa)

    [row] = rows_read(client, meeting, "-> Quảng Ninh, đón đoàn")

    assert row.form.cleaned_data["unit"] == quang_ninh


@pytest.mark.django_db
def test_what_was_read_is_saved_in_one_go_with_the_rest_in_the_summary(an: User, lao: Partner, meeting: Exchange, client: Client) -> None:
    client.force_login(an)

    answer = send(client, meeting, "Không khí tốt.\n-> ta, gửi thư mời, trước 30/12\n-> bạn, gửi danh sách", summary="1")

    assert answer["Location"] == meeting.get_absolute_url()
    rows = Commitment.objects.order_by("pk")
    assert [(row.owed_by, row.text, row.due_on, row.partner, row.exchange, row.promised_on) for row in rows] == [
        ("ours", "Gửi thư mời", date(2026, 12, 30), lao, meeting, MET_ON),
        ("theirs", "Gửi danh sách", None, lao, meeting, MET_ON),
    ]
    assert Exchange.objects.get().summary == "Không khí tốt."


@pytest.mark.django_db
def test_the_same_minutes_again_double_nothing_also_after_one_was_put_off(an: User, meeting: Exchange, client: Client) -> None:
    client.force_login(an)
    text = "Ghi chú.\n-> ta, gửi thư mời, trước 30/12\n-> hai bên, họp lại, 6/2027"
    send(client, meeting, text, summary="1")
    postpone_commitment(Commitment.objects.get(text="Gửi thư mời"), by=an, until=date(2027, 1, 5), reason="Chờ ý kiến")

    send(client, meeting, f"{text}\n-> bạn, trả lời", summary="1")

    assert Commitment.objects.count() == 4
    assert Exchange.objects.get().summary == "Ghi chú."


@pytest.mark.django_db
def test_a_corrected_line_keeps_its_correction_while_others_are_typed(an: User, meeting: Exchange, client: Client) -> None:
    client.force_login(an)
    text = "-> ta, gửi thư mời"
    [row] = rows_read(client, meeting, text)
    key = row.form.prefix
    corrected = {f"{key}-{name}": str(row.form.data.get(f"{key}-{name}", "")) for name in ("text", "partner", "unit")}
    corrected |= {f"{key}-owed_by": "theirs", f"{key}-due_on": "05/12/2026"}

    send(client, meeting, f"{text}\n-> bạn, trả lời", **corrected)

    assert [(row.owed_by, row.due_on) for row in Commitment.objects.order_by("pk")] == [("theirs", date(2026, 12, 5)), ("theirs", None)]


@pytest.mark.django_db
def test_a_line_left_out_is_not_saved(an: User, meeting: Exchange, client: Client) -> None:
    client.force_login(an)
    [row] = rows_read(client, meeting, "-> ta, gửi thư, trước 31/2")
    key = row.form.prefix
    sent = {f"{key}-text": "Gửi thư", f"{key}-due_on": "31/2", f"{key}-left_out": "on", f"{key}-owed_by": "ours"}

    assert send(client, meeting, "-> ta, gửi thư, trước 31/2", **sent).status_code == 302
    assert not Commitment.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["-> ta, gửi thư, trước 31/2", "-> ta, gửi thư, trước 1/11/2026", f"-> ta, {'x' * 501}"])
def test_what_cannot_be_saved_is_shown_with_the_whole_text(text: str, an: User, meeting: Exchange, client: Client) -> None:
    client.force_login(an)

    answer = send(client, meeting, f"Lời mở đầu\n{text}\n-> bạn, việc tốt")

    assert answer.status_code == 422
    assert "Lời mở đầu" in answer.content.decode()
    assert answer.context["entry"].wrong == 1
    assert not Commitment.objects.exists()


@pytest.mark.django_db
def test_of_several_partners_somebody_says_which(an: User, lao: Partner, client: Client) -> None:
    other = make_partner("Viện Nghiên cứu Nam Lào")
    meeting = make_exchange([lao, other], by=an, on=MET_ON)
    client.force_login(an)

    assert send(client, meeting, "-> bạn, gửi danh sách").status_code == 422
    assert send(client, meeting, "-> Viện Nghiên cứu Nam Lào, gửi danh sách").status_code == 302
    assert Commitment.objects.get().partner == other


@pytest.mark.django_db
def test_promises_at_a_restricted_exchange_are_restricted_now_and_later(an: User, lao: Partner, client: Client) -> None:
    meeting = make_exchange(lao, by=an, on=MET_ON)
    client.force_login(an)
    send(client, meeting, "-> ta, việc kín")
    assert Commitment.objects.get().confidentiality == Confidentiality.UNIT

    meeting.confidentiality = Confidentiality.RESTRICTED
    change_exchange(meeting, by=an)
    send(client, meeting, "-> ta, việc kín khác")

    assert set(Commitment.objects.values_list("confidentiality", flat=True)) == {Confidentiality.RESTRICTED}


@pytest.mark.django_db
def test_nobody_writes_minutes_of_what_is_out_of_scope_or_as_a_viewer(
    chau: User, dung: User, meeting: Exchange, lao: Partner, client: Client
) -> None:
    client.force_login(chau)
    assert client.get(address_of(meeting)).status_code == 404
    assert client.post(f"{address_of(meeting)}read/", {"minutes": "-> ta, việc"}).status_code == 404
    client.force_login(dung)
    assert client.get(address_of(meeting)).status_code == 403
    with pytest.raises(PermissionDenied):
        write_minutes(meeting, by=chau, promises=[])


@pytest.mark.django_db
def test_the_minutes_ask_a_fixed_number_of_queries(an: User, lao: Partner, meeting: Exchange, client: Client) -> None:
    for number in range(5):
        make_commitment(lao, an, f"Việc {number}", exchange=meeting)
    client.force_login(an)

    get_counted(client, address_of(meeting), name="minutes page")

    with CaptureQueriesContext(connection) as asked:
        rows_read(client, meeting, "\n".join(["-> ta, việc", "-> ông Khamphone, ký", "-> Quảng Ninh, đón"] * 6))
    check_count("minutes read", [query["sql"] for query in asked.captured_queries])


# --- In the line of the drawer ---------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("task", "side", "text"),
    [
        ("gửi DS trước 30/12", "", "gửi DS"),
        ("An: gửi DS trước 30/12", "", "gửi DS"),
        ("hai bên, gửi DS trước 30/12", "", "hai bên, gửi DS"),
        ("bạn, gửi DS, trước 30/12", "theirs", "gửi DS"),
        ("ta: gửi DS trước 30/12", "ours", "gửi DS"),
    ],
)
def test_in_the_log_line_a_side_makes_the_task_a_promise(task: str, side: str, text: str, an: User, lao: Partner) -> None:
    reading = read_line(f"họp Hội Hữu nghị Lào - Việt -> {task}", by=an, today=TODAY)

    assert reading.task is not None
    assert reading.task.due is not None
    assert (reading.promised_by, reading.task.text, reading.task.due.start) == (side, text, date(2026, 12, 30))


@pytest.mark.django_db
def test_a_line_with_a_promise_writes_it_with_the_exchange(an: User, lao: Partner, client: Client) -> None:
    client.force_login(an)
    sent = {"text": "2/11 họp Hội Hữu nghị Lào - Việt -> bạn, gửi danh sách", "key": "0190c2d6-0000-7000-8000-000000000001"}

    assert client.post("/activities/quick/", sent, headers={"HX-Request": "true"}).headers["Entry-State"] == "logged"

    commitment = Commitment.objects.get()
    assert (commitment.owed_by, commitment.partner, commitment.exchange) == ("theirs", lao, Exchange.objects.get())
    assert not FollowUp.objects.exists()
