"""Names in the order of their own culture: taken apart, put together, spoken to and sorted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.choices import NameOrder
from partners.models import Person
from partners.names import address_form, formal_name, propose_parts, salutation, sorting_name, spoken_name

F, G, P, ONE = NameOrder.FAMILY_FIRST, NameOrder.GIVEN_FIRST, NameOrder.PATRONYMIC, NameOrder.ONE_NAME

CARDS = [
    # card, country, family, middle, given, order, spoken to by
    ("Nguyễn Anh Tuấn", "VN", "Nguyễn", "Anh", "Tuấn", F, "Tuấn"),
    ("Đỗ Thị Thu Hà", "VN", "Đỗ", "Thị Thu", "Hà", F, "Hà"),
    ("Trần Hà", "VN", "Trần", "", "Hà", F, "Hà"),
    ("Bounmy Vongsa", "LA", "Vongsa", "", "Bounmy", G, "Bounmy"),
    ("Somchai Na Ayutthaya", "TH", "Na Ayutthaya", "", "Somchai", G, "Somchai"),
    ("王伟", "CN", "王", "", "伟", F, "王"),
    ("欧阳修文", "CN", "欧阳", "", "修文", F, "欧阳"),
    ("Wang Wei", "CN", "Wang", "", "Wei", F, "Wang"),
    ("Wei WANG", "CN", "WANG", "", "Wei", G, "WANG"),
    ("김민수", "KR", "김", "", "민수", F, "김"),
    ("Sok Sopheap", "KH", "Sok", "", "Sopheap", F, "Sok Sopheap"),
    ("Иван Петрович Сидоров", "RU", "Сидоров", "Петрович", "Иван", P, "Иван Петрович"),
    ("Сидоров Иван Петрович", "RU", "Сидоров", "Петрович", "Иван", P, "Иван Петрович"),
    ("Ivan Sidorov", "RU", "Sidorov", "", "Ivan", P, "Ivan"),
    ("Gabriel García Márquez", "CU", "García Márquez", "", "Gabriel", G, "García"),
    ("María de la Cruz Soto", "ES", "de la Cruz Soto", "", "María", G, "de la Cruz"),
    ("Y Thông Niê", "VN", "Niê", "", "Y Thông", G, "Y Thông"),
    ("H'Hen Niê", "VN", "Niê", "", "H'Hen", G, "H'Hen"),
    ("H’ Lim Êban", "VN", "Êban", "", "H’ Lim", G, "H’ Lim"),
    ("Suharto", "ID", "", "", "Suharto", ONE, "Suharto"),
    ("Aung San", "MM", "", "", "Aung San", ONE, "Aung San"),
    ("Budi Santoso", "ID", "Santoso", "", "Budi", G, "Budi Santoso"),
    ("Jean-Luc van der Meer", "FR", "van der Meer", "", "Jean-Luc", G, "van der Meer"),
    ("Mr. John Smith", "US", "Smith", "", "John", G, "Smith"),
    ("", None, "", "", "", G, ""),
]


def person_of(card: str, country: str | None, **more: Any) -> Person:
    parts = propose_parts(card, country)
    return Person(
        full_name=card, family_name=parts.family, middle_name=parts.middle, given_name=parts.given, name_order=parts.order, **more
    )


@pytest.mark.parametrize(("card", "country", "family", "middle", "given_name", "order", "spoken"), CARDS, ids=[row[0] for row in CARDS])
def test_a_card_is_taken_apart_by_the_custom_of_its_country(
    card: str, country: str | None, family: str, middle: str, given_name: str, order: str, spoken: str
) -> None:
    parts = propose_parts(card, country)

    assert (parts.family, parts.middle, parts.given, parts.order) == (family, middle, given_name, order)
    assert spoken_name(person_of(card, country), country) == spoken


@pytest.mark.parametrize(
    "card", ["Nguyễn Anh Tuấn", "Bounmy Vongsa", "Иван Петрович Сидоров", "Gabriel García Márquez", "Aung San", "Y Thông Niê"]
)
def test_the_formal_name_stands_in_its_own_order(card: str) -> None:
    country = next(row[1] for row in CARDS if row[0] == card)

    assert formal_name(person_of(card, country)) == card


def test_a_vietnamese_is_never_spoken_to_by_the_family_name() -> None:
    ambassador = person_of("Nguyễn Anh Tuấn", "VN", how_to_address="Ngài Đại sứ")

    assert address_form(ambassador, "VN") == "Ngài Đại sứ Tuấn"
    assert address_form(person_of("Nguyễn Anh Tuấn", "VN", how_to_address="Ngài Đại sứ Tuấn"), "VN") == "Ngài Đại sứ Tuấn"
    assert spoken_name(person_of("Nguyễn Anh Tuấn", "VN"), "US") == "Tuấn", "abroad too"


def test_a_letter_begins_as_the_language_asks() -> None:
    minister = person_of("Bounmy Vongsa", "LA", how_to_address="Đồng chí", salutation_en="Dear Excellency,", salutation_native="ຮຽນ ທ່ານ")

    assert salutation(minister, "LA", "vi") == "Kính gửi Đồng chí Bounmy,"
    assert salutation(minister, "LA", "en") == "Dear Excellency,"
    assert salutation(minister, "LA", "lo") == "ຮຽນ ທ່ານ"
    assert salutation(person_of("Bounmy Vongsa", "LA"), "LA", "en") == "Dear Bounmy Vongsa,"


def test_people_are_sorted_by_the_given_name_in_vietnamese_order() -> None:
    cards = [
        ("Trần Văn Ánh", "VN"),
        ("Nguyễn Thị Đào", "VN"),
        ("Lê Dung", "VN"),
        ("Phạm An", "VN"),
        ("Bounmy Vongsa", "LA"),
        ("Đỗ Ân", "VN"),
    ]
    people = [person_of(card, country) for card, country in cards]
    for person in people:
        person.set_keys()

    names = [person.full_name for person in sorted(people, key=lambda person: person.sort_key)]

    assert names == ["Phạm An", "Trần Văn Ánh", "Đỗ Ân", "Bounmy Vongsa", "Lê Dung", "Nguyễn Thị Đào"]


def test_a_name_without_parts_is_sorted_by_its_last_word_where_the_family_name_comes_first() -> None:
    assert sorting_name(Person(full_name="Nguyễn Văn An", name_order=F)) == "An Nguyễn Văn An"
    assert sorting_name(Person(full_name="John Smith", name_order=G)) == "John Smith"
    assert sorting_name(Person(full_name="王伟", name_order=F)) == "王伟"


@given(
    st.text("aăbcdđ Yy'-王伟김민ИваА.\u0301", max_size=40),
    st.sampled_from([None, "VN", "CN", "RU", "ES", "LA", "KH", "ID", "MM", "JP", "US", "?"]),
)
def test_a_proposal_invents_nothing_and_loses_nothing(card: str, country: str | None) -> None:
    person = person_of(card, country)

    assert sorted("".join(formal_name(person).split())) == sorted("".join(card.split()))
    address_form(person, country)
