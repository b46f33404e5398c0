"""A province is found by name or code; a code alone has meant two provinces, so a day is asked for."""

import unicodedata
from datetime import date

import pytest

from crm.lookup import Ambiguous, NotFound, ProvinceIndex, find_province
from crm.models import Province, ProvinceCode, ProvinceName, ProvinceSuccession

pytestmark = pytest.mark.django_db

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Gia Lai", "gia-lai"),
        ("tỉnh Gia Lai", "gia-lai"),
        ("Gia Lai Province", "gia-lai"),
        ("Thanh Hóa", "thanh-hoa"),
        ("Thanh Hoá", "thanh-hoa"),
        ("thanh hoa", "thanh-hoa"),
        ("Đắk Lắk", "dak-lak"),
        ("Dak Lak", "dak-lak"),
        ("TP.HCM", "ho-chi-minh"),
        ("Tp. Hồ Chí Minh", "ho-chi-minh"),
        ("Sài Gòn", "ho-chi-minh"),
        ("Hanoi", "ha-noi"),
        ("Huế", "hue"),
        ("Thừa Thiên Huế", "hue"),
        ("Bình Định", "binh-dinh"),
        ("Hoà Bình", "hoa-binh"),
        ("Bà Rịa – Vũng Tàu", "ba-ria-vung-tau"),
        ("01", "ha-noi"),
        ("1", "ha-noi"),
        ("08", "tuyen-quang"),
    ],
)
def test_found_by_any_name_without_a_day(text: str, slug: str) -> None:
    assert find_province(text).slug == slug


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("Gia Lai", "gia-lai-until-2025", "gia-lai"),
        ("52", "binh-dinh", "gia-lai"),
        ("15", "yen-bai", "lao-cai"),
        ("91", "kien-giang", "an-giang"),
        ("01", "ha-noi", "ha-noi"),
        ("Đồng Nai", "dong-nai-until-2025", "dong-nai"),
        ("Cần Thơ", "can-tho-until-2025", "can-tho"),
    ],
)
def test_the_day_of_the_merger_decides(text: str, before: str, after: str) -> None:
    assert (find_province(text, on=BEFORE).slug, find_province(text, on=AFTER).slug) == (before, after)


@pytest.mark.parametrize("code", ["15", "24", "44", "52", "80", "82", "91"])
def test_a_code_that_passed_to_another_name_is_asked(code: str) -> None:
    with pytest.raises(Ambiguous) as raised:
        find_province(code)
    assert len(raised.value.candidates) == 2


def test_exactly_these_seven_codes_are_ambiguous() -> None:
    index = ProvinceIndex()
    asked = set()
    for code in set(ProvinceCode.objects.values_list("code", flat=True)):
        try:
            index.find(code)
        except Ambiguous:
            asked.add(code)
    assert asked == {"15", "24", "44", "52", "80", "82", "91"}


def test_a_merged_province_on_a_later_day_names_its_successor() -> None:
    with pytest.raises(NotFound) as raised:
        find_province("Bình Định", on=date(2026, 3, 1))
    assert [province.slug for province in raised.value.suggestions] == ["gia-lai"]
    assert "01/03/2026" in raised.value.messages[0]


@pytest.mark.parametrize("text", ["", "Atlantis", "99", "\x00"])
def test_an_unknown_province_is_refused(text: str) -> None:
    with pytest.raises(NotFound):
        find_province(text)


@pytest.mark.parametrize("text", ["Hà Tây", "Tây Nin", "Sông Bé"])
def test_no_suggestion_comes_twice(text: str) -> None:
    with pytest.raises(NotFound) as raised:
        find_province(text)
    names = [str(province) for province in raised.value.suggestions]
    assert len(set(names)) == len(names) <= 3


def test_every_name_in_the_table_leads_to_its_province_on_its_days() -> None:
    index = ProvinceIndex()
    for name in ProvinceName.objects.select_related("province"):
        day = BEFORE if name.province.valid_to else AFTER
        for form in ("NFC", "NFD"):
            assert index.find(unicodedata.normalize(form, name.name), on=day) == name.province


@pytest.mark.parametrize(("day", "count"), [(BEFORE, 63), (AFTER, 34), (date(2026, 11, 21), 34)])
def test_the_number_of_provinces_on_a_day(day: date, count: int) -> None:
    assert Province.objects.on(day).count() == count


def test_fifty_two_provinces_went_into_twenty_three() -> None:
    assert ProvinceSuccession.objects.count() == 52
    assert ProvinceSuccession.objects.values("successor").distinct().count() == 23


@pytest.mark.parametrize(
    ("slug", "day", "kind"),
    [
        ("hue", date(2024, 12, 31), "province"),
        ("hue", date(2025, 1, 1), "centrally_run_city"),
        ("dong-nai", date(2026, 4, 29), "province"),
        ("dong-nai", date(2026, 4, 30), "centrally_run_city"),
    ],
)
def test_the_kind_of_a_unit_is_dated(slug: str, day: date, kind: str) -> None:
    kinds = ProvinceName.objects.filter(province__slug=slug, language="vi").exclude(kind="").on(day).values_list("kind", flat=True)
    assert list(kinds) == [kind]
