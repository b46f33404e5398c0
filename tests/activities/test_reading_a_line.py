"""A line is read by its small grammar: day, kind, direction, partner, people, place, field, follow-up; the rest stays text."""

import unicodedata
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.choices import Direction, ExchangeStatus
from activities.lookup.reading import Reading, read_line
from crm.models import User
from partners.models import Partner, PartnerName
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)  # a Sunday


@pytest.fixture
def lao_viet(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


def read(text: str, by: User) -> Reading:
    return read_line(text, by=by, today=TODAY)


def named(reading: Reading) -> list[str]:
    return [partner.name for part in reading.partners if part.is_certain for partner in part.candidates]


def test_the_line_of_the_guide_is_read_whole(an: User, lao_viet: Partner) -> None:
    reading = read("12/9 tiếp đoàn Hội HN Lào-Việt 8 người @Nghệ An #giáo dục -> gửi danh sách trước 30/9", an)

    assert reading.day is not None
    assert reading.day.start == date(2026, 9, 12)
    assert reading.kind is not None
    assert (reading.kind.code, reading.direction) == ("DELEGATION_IN", Direction.IN)
    assert named(reading) == [lao_viet.name]
    assert reading.people == 8
    assert [[province.name_vi for province in rows] for rows in reading.provinces] == [["Nghệ An"]]
    assert [[field.code for field in rows] for rows in reading.fields] == [["EDUCATION"]]
    assert reading.task is not None
    assert reading.task.due is not None
    assert (reading.task.text, reading.task.due.start) == ("gửi danh sách", date(2026, 9, 30))
    assert reading.rest == ""


def test_the_same_line_in_english(an: User, lao_viet: Partner) -> None:
    PartnerName.objects.create(partner=lao_viet, name="Laos-Vietnam Friendship Association", language="en")
    lao_viet.save()

    reading = read("12 Sep 2025 received a delegation, Laos-Vietnam Friendship Association, 8 people @Nghe An -> send list by 30 Sep", an)

    assert reading.day is not None
    assert reading.day.start == date(2025, 9, 12)
    assert reading.kind is not None
    assert reading.kind.code == "DELEGATION_IN"
    assert (named(reading), reading.people) == ([lao_viet.name], 8)
    assert reading.task is not None
    assert reading.task.due is not None
    assert (reading.task.text, reading.task.due.start) == ("send list", date(2025, 9, 30))


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ("12/9 họp", date(2026, 9, 12), None),
        ("31/12 họp", date(2025, 12, 31), None),
        ("12/9/2024 họp", date(2024, 9, 12), None),
        ("12/9/24 họp", date(2024, 9, 12), None),
        ("họp 12.9.2024", date(2024, 9, 12), None),
        ("2024-09-12 họp", date(2024, 9, 12), None),
        ("12-14/9 họp", date(2026, 9, 12), date(2026, 9, 14)),
        ("28/12-2/1 họp", date(2025, 12, 28), date(2026, 1, 2)),
        ("từ 12 đến 14/9/2025 họp", date(2025, 9, 12), date(2025, 9, 14)),
        ("ngày 2 tháng 9 năm 2025 họp", date(2025, 9, 2), None),
        ("2 tháng 9 họp", date(2026, 9, 2), None),
        ("29/2 họp", date(2024, 2, 29), None),
        ("hôm nay họp", TODAY, None),
        ("hom qua hop", date(2026, 11, 21), None),
        ("hôm kia họp", date(2026, 11, 20), None),
        ("yesterday met", date(2026, 11, 21), None),
        ("thứ hai họp", date(2026, 11, 16), None),
        ("họp thứ 6 tuần trước", date(2026, 11, 13), None),
        ("chủ nhật họp", TODAY, None),
        ("met on 2 September", date(2026, 9, 2), None),
        ("met on September 2, 2025", date(2025, 9, 2), None),
        ("dự kiến họp 5/12", date(2026, 12, 5), None),
        ("sẽ họp 12/9", date(2027, 9, 12), None),
        ("ngày mai họp", date(2026, 11, 23), None),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, start: date, end: date | None, an: User) -> None:
    day = read(typed, an).day

    assert day is not None
    assert (day.start, day.end) == (start, end)


def test_a_day_without_a_year_that_comes_soon_is_asked(an: User) -> None:
    day = read("25/11 họp", an).day

    assert day is not None
    assert (day.start, day.either) == (None, (date(2025, 11, 25), date(2026, 11, 25)))


@pytest.mark.parametrize("typed", ["31/2 họp", "45/13 họp", "9/2026 họp", "30/2/2026 họp"])
def test_what_looks_like_a_day_and_is_none_stays_text(typed: str, an: User) -> None:
    reading = read(typed, an)

    assert reading.day is not None
    assert reading.day.start is None
    assert reading.rest == typed.split()[0]


def test_what_is_still_to_come_is_planned(an: User) -> None:
    assert read("ngày mai họp", an).status == ExchangeStatus.PLANNED
    assert read("hôm qua họp", an).status == ExchangeStatus.HELD


@pytest.mark.parametrize(
    ("typed", "kind", "direction"),
    [
        ("họp về học bổng", "WORKING_MEETING", None),
        ("họp trực tuyến", "ONLINE_MEETING", None),
        ("hội đàm", "TALKS", None),
        ("tiếp ông Khăm", "COURTESY_CALL", Direction.IN),
        ("đoàn đi Lào", "DELEGATION_OUT", Direction.OUT),
        ("gửi thư mừng Quốc khánh", "CONGRATULATION", Direction.OUT),
        ("nhận thư mừng năm mới", "CONGRATULATION", Direction.IN),
        ("gửi điện chia buồn", "CONDOLENCE", Direction.OUT),
        ("ký bản ghi nhớ", "SIGNING", None),
        ("kỷ niệm 60 năm", "ANNIVERSARY", None),
        ("Giao lưu hữu nghị", "FRIENDSHIP_EXCHANGE", None),
        ("video call", "ONLINE_MEETING", None),
        ("courtesy call", "COURTESY_CALL", Direction.IN),
        ("Biểu diễn văn hóa, nghệ thuật", "CULTURAL_EVENT", None),
    ],
)
def test_the_verb_tells_kind_and_direction(typed: str, kind: str, direction: Direction | None, an: User) -> None:
    reading = read(typed, an)

    assert reading.kind is not None
    assert (reading.kind.code, reading.direction) == (kind, direction)


@pytest.mark.parametrize("typed", ["họp Hội HN Lào-Việt", "hop hoi huu nghi lao viet", "HỌP HỘI HỮU NGHỊ LÀO – VIỆT", "họp Hội Lào - Việt"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_partner_is_known_however_it_is_typed(typed: str, form: str, an: User, lao_viet: Partner) -> None:
    assert named(read(unicodedata.normalize(form, typed), an)) == [lao_viet.name]  # type: ignore[arg-type]  # one of the two


def test_the_place_of_the_tone_mark_does_not_matter(an: User, reference_data: None) -> None:
    partner = make_partner("Ủy ban Hòa bình Thế giới")

    assert named(read("họp Uỷ ban Hoà bình Thế giới", an)) == [partner.name]


def test_acronyms_and_former_names_name_a_partner(an: User, lao_viet: Partner) -> None:
    PartnerName.objects.create(partner=lao_viet, name="LVFA", usage="acronym")
    PartnerName.objects.create(partner=lao_viet, name="Hội Lào Việt đoàn kết", usage="former")
    lao_viet.save()

    assert named(read("họp LVFA về học bổng", an)) == [lao_viet.name]
    assert named(read("họp Hội Lào Việt đoàn kết", an)) == [lao_viet.name]


def test_the_longest_name_is_meant(an: User, lao_viet: Partner) -> None:
    branch = make_partner("Hội Hữu nghị Lào - Việt tỉnh Hủa Phăn")

    assert named(read("họp Hội HN Lào-Việt tỉnh Hủa Phăn", an)) == [branch.name]
    assert named(read("họp Hội HN Lào-Việt", an)) == [lao_viet.name]


def test_of_several_that_fit_as_well_none_is_guessed(an: User, reference_data: None) -> None:
    for province in ("Hủa Phăn", "Xiêng Khoảng"):
        make_partner(f"Hội Hữu nghị Lào - Việt tỉnh {province}")

    reading = read("họp Hội HN Lào-Việt", an)

    assert named(reading) == []
    assert [len(part.candidates) for part in reading.partners] == [2]


def test_a_few_common_words_name_nobody(an: User, lao_viet: Partner) -> None:
    make_partner("Trung tâm Giáo dục và Phát triển cộng đồng nông thôn miền núi")

    assert read("họp về giáo dục ở trung tâm", an).partners == []


def test_two_partners_of_one_line(an: User, lao_viet: Partner) -> None:
    other = make_partner("Hội Hữu nghị Nhật - Việt", country="JP")

    assert named(read("họp với Hội HN Lào-Việt và Hội HN Nhật-Việt về đào tạo", an)) == [lao_viet.name, other.name]


def test_a_name_that_holds_a_verb_is_a_name(an: User, reference_data: None) -> None:
    partner = make_partner("Hội Giao lưu văn hóa Nhật - Việt", country="JP")

    reading = read("họp với Hội Giao lưu văn hóa Nhật - Việt", an)

    assert named(reading) == [partner.name]
    assert reading.kind is not None
    assert reading.kind.code == "WORKING_MEETING"


def test_a_place_that_is_no_province_stays_a_place(an: User) -> None:
    reading = read("họp @Khách sạn Mường Thanh, bàn về học bổng", an)

    assert (reading.place, reading.rest) == ("Khách sạn Mường Thanh", "bàn về học bổng")


def test_a_country_after_the_sign_is_where_it_was_held(an: User) -> None:
    reading = read("họp @Lào", an)

    assert reading.country is not None
    assert reading.country.alpha2 == "LA"


def test_a_field_is_found_by_its_beginning_and_several_are_asked(an: User) -> None:
    assert [[field.code for field in rows] for rows in read("họp #giao duc", an).fields] == [["EDUCATION"]]
    assert [len(rows) > 1 for rows in read("họp #an ninh", an).fields] == [True]
    assert read("họp #bóng chuyền", an).rest == "#bóng chuyền"


def test_who_is_to_do_it_is_a_colleague(an: User, binh: User) -> None:
    reading = read("họp -> Bình: gọi lại thứ sáu", an)

    assert reading.assignee == binh
    assert reading.task is not None
    assert reading.task.due is not None
    assert (reading.task.text, reading.task.due.start) == ("gọi lại", date(2026, 11, 27))


def test_what_is_not_understood_stays_text_as_typed(an: User, lao_viet: Partner) -> None:
    assert read("12/9 họp với Hội HN Lào-Việt về học bổng cho Xiêng Khoảng", an).rest == "về học bổng cho Xiêng Khoảng"


def test_nine_queries_read_any_line(an: User, lao_viet: Partner, django_assert_max_num_queries: Any) -> None:
    line = "12/9 tiếp đoàn Hội HN Lào-Việt 8 người @Nghệ An @Huế #giáo dục #y tế -> An: gửi danh sách trước 30/9"

    with django_assert_max_num_queries(10):
        read(line, an)


SIGNS = st.sampled_from(
    ["@", "#", "->", "/", "9", "12", " ", "tiếp đoàn", "người", "trước", ":", "\u0300", "\u202e", "\x00", "ﷺ", "ß", "İ", "𝔸"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=200), st.lists(SIGNS, max_size=40).map("".join)))
def test_no_junk_is_an_error(an: User, lao_viet: Partner, text: str) -> None:
    reading = read(text, an)

    assert len(reading.rest) <= len(text) + 1


def test_a_line_of_a_thousand_marks_is_read_in_a_few_queries(an: User, reference_data: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        read("@a " * 1_300, an)
    assert len(asked) < 40


@pytest.mark.parametrize(
    ("line", "code", "direction", "day", "people", "rest"),
    [
        ("Hôm nay 22/11, tiep don doan Hội Hữu nghị Lào - Việt 8 ng", "DELEGATION_IN", Direction.IN, TODAY, 8, ""),
        ("Tếp đoàn Hội Hữu nghị Lào - Việt 15 đ/c", "DELEGATION_IN", Direction.IN, None, 15, ""),
        ("22/11/2026 Hội HN Lào-Việt sang thăm, 8 người", "DELEGATION_IN", Direction.IN, TODAY, 8, ""),
        ("sang thăm Hội HN Lào-Việt 22/11/2026", "DELEGATION_OUT", Direction.OUT, TODAY, None, ""),
        ("hôm nay Hội HN Lào-Việt gửi thư mừng", "CONGRATULATION", Direction.IN, TODAY, None, ""),
        ("Hội HN Lào-Việt: gửi thư mừng hôm nay", "CONGRATULATION", Direction.OUT, TODAY, None, ""),
        ("chiều qua họp Hội HN Lào-Việt về kế hoạch năm sau", "WORKING_MEETING", None, date(2026, 11, 21), None, "về kế hoạch năm sau"),
    ],
)  # fmt: skip
def test_a_line_is_read_as_a_clerk_jots_it(
    an: User, lao_viet: Partner, line: str, code: str, direction: Direction | None, day: date | None, people: int | None, rest: str
) -> None:
    reading = read(line, an)

    assert named(reading) == [lao_viet.name]
    assert reading.kind is not None
    assert (reading.kind.code, reading.direction) == (code, direction)
    assert (reading.day and reading.day.start) == day
    assert (reading.people, reading.rest) == (people, rest)


@pytest.mark.parametrize(
    ("words", "province", "place"),
    [("tại Nghệ An", "Nghệ An", ""), ("o nghe an", "Nghệ An", ""), ("ở Vinh", "", "Vinh"), ("tài trợ lớp học", "", "")],
)
def test_a_place_needs_no_sign_once_the_partner_is_known(an: User, lao_viet: Partner, words: str, province: str, place: str) -> None:
    reading = read(f"họp Hội HN Lào-Việt {words}, 8 người", an)

    assert [rows[0].name_vi for rows in reading.provinces] == ([province] if province else [])
    assert reading.place == place


def test_a_plan_said_before_the_verb_is_still_to_come(an: User, lao_viet: Partner) -> None:
    assert read("kế hoạch tiếp đoàn Hội HN Lào-Việt 5/3", an).status == ExchangeStatus.PLANNED
