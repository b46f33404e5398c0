"""The history of an exchange tells of its partners and of the people present, not only of its own columns."""

from datetime import date

import pytest
from django.test import Client

from activities.actions.exchanges import change_exchange
from activities.choices import Side
from activities.models import Attendance, Delegation, Exchange
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.actions.people import save_person
from partners.models import Partner, Person
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 20)


@pytest.fixture
def lao(db: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


@pytest.fixture
def cuba(db: None) -> Partner:
    return make_partner("Viện Hữu nghị Cuba", country="CU")


def theirs(name: str, title: str = "") -> Attendance:
    return Attendance(side=Side.THEIRS, name=name, title=title)


def history_of(exchange: Exchange, client: Client) -> str:
    return client.get(f"{exchange.get_absolute_url()}history/").content.decode()


def test_partners_that_came_and_went(an: User, lao: Partner, cuba: Partner, client: Client) -> None:
    exchange = make_exchange(lao, by=an, on=DAY)
    change_exchange(exchange, by=an, partners=[cuba])
    client.force_login(an)

    assert f'<del class="soft">{lao}</del> → <ins>{cuba}</ins>' in history_of(exchange, client)


def test_people_present_co_hosts_and_details(an: User, lao: Partner, quang_ninh: Unit, client: Client) -> None:
    exchange = make_exchange(lao, by=an, on=DAY, kind="DELEGATION_IN", attendances=[theirs("Bà Khamla"), theirs("Ông Bounthavy")])
    people = [theirs("Ông Bounthavy"), theirs("Bà Khamla", "Chủ tịch")]
    change_exchange(exchange, by=an, attendances=people, co_units=[quang_ninh], delegation=Delegation(head="Bà Khamla"))
    client.force_login(an)

    history = history_of(exchange, client)

    assert '<del class="soft">Bà Khamla</del> → <ins>Bà Khamla (Chủ tịch)</ins>' in history
    assert "Bounthavy" not in history
    assert f"<ins>{quang_ninh}</ins>" in history
    assert "<ins>Bà Khamla</ins>" in history


def test_who_stays_present_keeps_the_row(an: User, lao: Partner) -> None:
    exchange = make_exchange(lao, by=an, on=DAY, attendances=[theirs("Bà Khamla"), theirs("Ông Bounthavy"), theirs("Bà Khamla")])
    before = list(exchange.attendances.order_by("rank").values_list("pk", flat=True))

    change_exchange(exchange, by=an, attendances=[theirs("Bà Khamla"), theirs("Ông Bounthavy"), theirs("Bà Vilay")])

    after = list(exchange.attendances.order_by("rank"))
    assert [row.name for row in after] == ["Bà Khamla", "Ông Bounthavy", "Bà Vilay"]
    assert {row.pk for row in after[:2]} < set(before)
    assert [row.rank for row in after] == [1, 2, 3]


def test_a_person_of_whom_the_title_changed_is_no_second_person(an: User, lao: Partner) -> None:
    person = save_person(Person(full_name="Khamla"), by=an)
    exchange = make_exchange(lao, by=an, on=DAY, attendances=[Attendance(side=Side.THEIRS, person=person)])

    change_exchange(exchange, by=an, attendances=[Attendance(side=Side.THEIRS, person=person, title="Chủ tịch")])

    assert [row.title for row in exchange.attendances.all()] == ["Chủ tịch"]


def test_a_restricted_person_is_not_named_to_those_who_may_not_see(an: User, binh: User, ha: User, lao: Partner, client: Client) -> None:
    hidden = save_person(Person(full_name="Người Kín", confidentiality=Confidentiality.RESTRICTED), by=ha)
    exchange = make_exchange(lao, by=an, on=DAY)
    change_exchange(exchange, by=an, attendances=[Attendance(side=Side.THEIRS, person=hidden), theirs("Bà Khamla")])

    client.force_login(an)
    history = history_of(exchange, client)
    assert "Người Kín" not in history
    assert "Bà Khamla" in history
    client.force_login(ha)
    assert "Người Kín" in history_of(exchange, client)
