"""What is typed into the search box finds partners, people, exchanges and pages, however it is spelt, and says why."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.actions.records import archive_record
from crm.choices import Confidentiality, NameUsage
from crm.models import User
from crm.search import Query, marked
from partners.actions.partners import OtherName, save_partner
from partners.models import Partner, Person, Post
from partners.search import find_partners, show_partners
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db

LAO = "Hội Hữu nghị Lào - Việt Nam"
SPELLINGS = [
    ("Hội Hữu nghị Lào - Việt Nam", "exact"),
    ("hoi huu nghi lao viet nam", "no marks"),
    ("HỘI HỮU NGHỊ LÀO", "capitals"),
    ("Việt Lào hữu nghị", "another order"),
    ("HN Lào Việt", "abbreviated by us"),
    ("Hội HN Lào-VN", "two abbreviations"),
    ("hhnlvn", "first letters"),
    ("LVFA", "acronym"),
    ("Lao-Vietnam Friendship", "English name"),
    ("friendship lao", "English, another order"),
    ("ສະມາຄົມມິດຕະພາບ", "Lao script"),
    ("Uỷ ban đoàn kết Lào", "former name, hoà/hòa way of the tone"),
    ("uy ban doan ket", "former name without marks"),
    ("Hội Hữu nghị Lào", "NFD"),
    ("friendshp lao", "a letter missing"),
    ("frendship lao vietnam", "a letter missing in the middle"),
    ("freindship lao", "two letters changed over"),
]


@pytest.fixture
def lao(an: User) -> Partner:
    partner = make_partner(LAO)
    names = [
        OtherName("Lao-Vietnam Friendship Association", "en", NameUsage.OFFICIAL),
        OtherName("ສະມາຄົມມິດຕະພາບລາວ-ຫວຽດນາມ", "lo", NameUsage.OFFICIAL),
        OtherName("LVFA", "en", NameUsage.ACRONYM),
        OtherName("Ủy ban Đoàn kết Lào", "vi", NameUsage.FORMER),
    ]
    make_steward(partner, partner.unit or an.memberships.get().unit)
    return save_partner(partner, by=an, names=names)


@pytest.fixture
def others(lao: Partner) -> list[Partner]:
    return [
        make_partner("Hội Hữu nghị Trung - Việt", country="CN"),
        make_partner("Đại học Quốc gia Lào"),
        make_partner("北京大学", country="CN"),
        make_partner("Общество российско-вьетнамской дружбы", country="RU"),
        make_partner("มหาวิทยาลัยธรรมศาสตร์", country="TH"),
        make_partner("Friedrich-Ebert-Stiftung", country="DE"),
    ]


def names_found(typed: str, user: User) -> list[str]:
    query = Query.of(typed)
    rows = Partner.objects.in_bulk([pk for pk, _match in find_partners(query, user).matches])
    return [rows[pk].name for pk, _match in find_partners(query, user).matches]


@pytest.mark.parametrize(("typed", "what"), SPELLINGS, ids=[what for _typed, what in SPELLINGS])
def test_a_partner_is_found_first_by_every_spelling(typed: str, what: str, lao: Partner, others: list[Partner], an: User) -> None:
    assert names_found(typed, an)[:1] == [LAO]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("北京", "北京大学"),
        ("大", "北京大学"),
        ("дружбы вьетнам", "Общество российско-вьетнамской дружбы"),
        ("общевство", "Общество российско-вьетнамской дружбы"),
        ("ธรรมศาสตร์", "มหาวิทยาลัยธรรมศาสตร์"),
        ("ĐHQG Lào", "Đại học Quốc gia Lào"),
        ("dai hoc quoc gia", "Đại học Quốc gia Lào"),
        ("stiftung friedrich", "Friedrich-Ebert-Stiftung"),
        ("Fridrich Ebert", "Friedrich-Ebert-Stiftung"),
    ],
)
def test_names_in_every_script_are_found(typed: str, name: str, others: list[Partner], an: User) -> None:
    assert names_found(typed, an)[:1] == [name]


@pytest.mark.parametrize("typed", ["", " ", "a", "\x00", "%", "_", "'", "hội \x00", "(" * 300, "zzzz qqqq"])
def test_what_finds_nothing_is_no_error(typed: str, lao: Partner, an: User) -> None:
    client = Client()
    client.force_login(an)
    for name in ("search", "search-options"):
        assert client.get(reverse(name), {"q": typed}).status_code == 200


def test_the_exact_name_comes_before_a_beginning_before_words_and_archived_last(an: User, lao: Partner) -> None:
    names = ["Quỹ Hòa Bình Xanh", "Viện Bình Hòa", "Hòa Bình", "Hòa Bình Xanh", "Hoà Bình cũ"]
    made = {name: make_partner(name) for name in names}
    archive_record(made["Hoà Bình cũ"], by=an)
    assert names_found("hoà bình", an) == ["Hòa Bình", "Hòa Bình Xanh", "Quỹ Hòa Bình Xanh", "Viện Bình Hòa", "Hoà Bình cũ"]


def test_own_partners_come_before_others_of_the_same_rank(an: User, nghe_an: Any) -> None:
    make_partner("Quỹ Mê Kông A")
    own = make_partner("Quỹ Mê Kông Z")
    make_steward(own, nghe_an)
    assert names_found("quỹ mê kông", an) == ["Quỹ Mê Kông Z", "Quỹ Mê Kông A"]


@pytest.mark.parametrize(
    ("typed", "reason", "why"),
    [
        ("doan ket lao", "former name", "Ủy ban <mark>Đoàn kết Lào</mark>"),
        ("lvfa", "acronym", "<mark>LVFA</mark>"),
        ("frendship", "similar spelling", "Lao-Vietnam <mark>Friendship</mark> Association"),
    ],
)
def test_each_hit_says_by_which_name_it_was_found(typed: str, reason: str, why: str, lao: Partner, an: User, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    from django.utils import translation

    query = Query.of(typed)
    with translation.override("en"):
        (hit,) = show_partners(query, find_partners(query, an).matches, an)
        assert (str(hit.reason), hit.why) == (reason, why)


def test_marks_stand_where_the_words_are_in_any_spelling_and_names_are_escaped() -> None:
    assert marked("Hội Hữu nghị <b>Lào</b>", ["huu nghi", "lao"]) == "Hội <mark>Hữu nghị</mark> &lt;b&gt;<mark>Lào</mark>&lt;/b&gt;"
    assert marked("Đại học Huế", ["dai", "hue"]) == "<mark>Đại</mark> học <mark>Huế</mark>"


def test_a_restricted_person_is_neither_shown_nor_counted(an: User, chau: User, lao: Partner) -> None:
    person = Person.objects.create(full_name="Somchai Kittisak", confidentiality=Confidentiality.RESTRICTED, created_by=chau)
    Post.objects.create(person=person, partner=lao, title_vi="Chủ tịch")
    client = Client()
    client.force_login(an)
    for typed in ("Somchai", "chủ tịch hội hữu nghị lào", "Somchia Kittisak"):
        page = client.get(reverse("search"), {"q": typed}).content.decode()
        assert "Somchai Kittisak" not in page.replace(f'value="{typed}"', "")
        assert 'id="group-people"' not in page


def test_a_person_is_found_by_post_and_partner(an: User, lao: Partner) -> None:
    person = Person.objects.create(full_name="Khamphone Vongsa", native_name="ຄຳພອນ", unit=an.memberships.get().unit)
    Post.objects.create(person=person, partner=lao, title_vi="Chủ tịch", rank=1)
    client = Client()
    client.force_login(an)
    for typed in ("chủ tịch lào việt", "vongsa khamphone", "ຄຳພອນ", "Khamfone Vongsa"):
        assert "vongsa" in client.get(reverse("search"), {"q": typed}).content.decode().lower().split('id="group-people"')[1]


def test_an_exchange_is_found_by_its_words_and_by_its_partner(an: User, lao: Partner) -> None:
    make_exchange(lao, by=an, on=date(2025, 9, 12), title="Tọa đàm giáo dục", place="Vinh", outcome="Ký biên bản về học bổng")
    client = Client()
    client.force_login(an)
    for typed in ("toạ đàm", "học bổng", "giao duc vinh", "hữu nghị lào"):
        assert (
            "giáo dục"
            in client.get(reverse("search"), {"q": typed})
            .content.decode()
            .replace("<mark>", "")
            .replace("</mark>", "")
            .split('id="group-exchanges"')[1]
        )


def test_a_page_of_the_menu_is_found_in_both_languages(an: User) -> None:
    client = Client()
    client.force_login(an)
    for typed in ("coverage", "đối tác", "doi tac", "partn"):
        assert (
            reverse("partners:partner-list") in (page := client.get(reverse("search-options"), {"q": typed}).content.decode())
            or "coverage" in page
        )


def test_the_palette_answers_lines_with_addresses(an: User, lao: Partner) -> None:
    client = Client()
    client.force_login(an)
    answer = client.get(reverse("search-options"), {"q": "lào việt"}).content.decode()
    assert f'<li role="option" data-href="{lao.get_absolute_url()}"><span class="label">' in answer


def test_the_page_asks_a_fixed_number_of_queries(an: User, lao: Partner, others: list[Partner]) -> None:
    for number in range(12):
        make_exchange(lao, by=an, on=date(2025, 9, 1 + number), title=f"Gặp gỡ Lào {number}")
    client = Client()
    client.force_login(an)
    get_counted(client, reverse("search") + "?q=lao", name="search everywhere")
