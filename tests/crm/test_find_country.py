"""A country is found by whatever it is called; what has two meanings is asked."""

import unicodedata
from datetime import date
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.lookup import Ambiguous, CountryIndex, NotFound
from crm.models import Country, CountryName
from crm.text import fold

pytestmark = pytest.mark.django_db

MARKED = ["Cộng hòa Séc", "Hàn Quốc", "Đức", "Thụy Điển", "Ấn Độ", "Bồ Đào Nha", "Hà Lan", "Ả Rập Xê-út"]


@pytest.fixture
def index() -> CountryIndex:
    return CountryIndex()


@pytest.mark.parametrize(
    ("text", "alpha2"),
    [
        ("Lào", "LA"),
        ("lao", "LA"),
        ("  LÀO ", "LA"),
        ("Laos", "LA"),
        ("Lao PDR", "LA"),
        ("CHDCND Lào", "LA"),
        ("Cộng hoà Dân chủ Nhân dân Lào", "LA"),
        ("Lao People's Democratic Republic", "LA"),
        ("LA", "LA"),
        ("LAO", "LA"),
        ("Hàn Quốc", "KR"),
        ("Republic of Korea", "KR"),
        ("South Korea", "KR"),
        ("Triều Tiên", "KP"),
        ("trieu tien", "KP"),
        ("CHDCND Triều Tiên", "KP"),
        ("DPRK", "KP"),
        ("Trung Quốc", "CN"),
        ("PRC", "CN"),
        ("Hoa Kỳ", "US"),
        ("Hoa Kì", "US"),
        ("U.S.A.", "US"),
        ("Anh", "GB"),
        ("UK", "GB"),
        ("Séc", "CZ"),
        ("Đông Timor", "TL"),
        ("Brunei Darussalam", "BN"),
        ("Vietnam", "VN"),
        ("Việt Nam", "VN"),
        ("Holland", "NL"),
        ("Thuỵ Điển", "SE"),
        ("Cote d'Ivoire", "CI"),
        ("Antigua and Barbuda", "AG"),
        ("Miến Điện", "MM"),
        ("Burma", "MM"),
        ("Swaziland", "SZ"),
        ("Macedonia", "MK"),
        ("EU", "EU"),
        ("Liên minh châu Âu", "EU"),
    ],
)
def test_found_by_any_name(text: str, alpha2: str) -> None:
    assert CountryIndex().find(text).alpha2 == alpha2


@pytest.mark.parametrize(
    ("text", "alpha2"),
    [("Áo", "AT"), ("AO", "AO"), ("Mỹ", "US"), ("MY", "MY"), ("Bỉ", "BE"), ("BI", "BI"), ("Nga", "RU"), ("My", "US")],
)
def test_marks_and_capitals_tell_a_short_name_from_a_code(text: str, alpha2: str, index: CountryIndex) -> None:
    assert index.find(text).alpha2 == alpha2


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Korea", {"KR", "KP"}),
        ("Congo", {"CG", "CD"}),
        ("Công-gô", {"CG", "CD"}),
        ("Tiệp Khắc", {"CZ", "SK"}),
        ("my", {"US", "MY"}),
        ("NGA", {"RU", "NG"}),
    ],
)
def test_a_name_of_several_countries_is_asked(text: str, candidates: set[str], index: CountryIndex) -> None:
    with pytest.raises(Ambiguous) as raised:
        index.find(text)
    assert {country.alpha2 for country in raised.value.candidates} == candidates
    assert raised.value.code == "ambiguous"


def test_the_question_names_the_choices_in_the_reader_s_language(index: CountryIndex) -> None:
    with override("en"), pytest.raises(Ambiguous) as raised:
        index.find("Korea")
    assert "Republic of Korea" in raised.value.messages[0]


@pytest.mark.parametrize("text", ["", "   ", "zzzz", "\x00", "x" * 100_000])
def test_an_unknown_name_is_refused(text: str, index: CountryIndex) -> None:
    with pytest.raises(NotFound) as raised:
        index.find(text)
    assert len(raised.value.messages[0]) < 500


def test_a_misspelt_name_brings_suggestions(index: CountryIndex) -> None:
    with pytest.raises(NotFound) as raised:
        index.find("Campuchya")
    assert raised.value.suggestions[0].alpha2 == "KH"


def test_a_former_name_is_understood_on_a_later_day(index: CountryIndex) -> None:
    assert index.find("Zaire", on=date(2026, 1, 1)).alpha2 == "CD"


def test_every_name_in_the_table_leads_to_its_country_however_it_is_encoded(index: CountryIndex) -> None:
    wrong = []
    for name in CountryName.objects.select_related("country"):
        for form in ("NFC", "NFD"):
            try:
                found = {index.find(unicodedata.normalize(form, name.name))}
            except Ambiguous as error:
                found = set(error.candidates)
            if name.country not in found:
                wrong.append((name.name, form))
    assert wrong == []


@given(name=st.sampled_from(MARKED), marked=st.booleans(), upper=st.booleans(), composed=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_marks_case_and_composition_do_not_matter(name: str, marked: bool, upper: bool, composed: bool, index: CountryIndex) -> None:
    text = name if marked else fold(name)
    text = text.upper() if upper else text
    assert index.find(unicodedata.normalize("NFC" if composed else "NFD", text)) == index.find(name)


def test_a_country_entered_by_the_secretariat_is_found_by_its_own_names() -> None:
    Country.objects.create(alpha2="XK", name_vi="Nước Thử Nghiệm", name_en="Testland")
    assert CountryIndex().find("nuoc thu nghiem").alpha2 == CountryIndex().find("testland").alpha2 == "XK"


def test_an_import_reads_all_names_in_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        index = CountryIndex()
    with django_assert_num_queries(1):
        for _again in range(50):
            assert index.find("Lào").alpha2 == "LA"
