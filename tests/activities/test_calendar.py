"""The calendar: what stands on which day, for whom; months, weeks and filters."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from activities.actions.follow_ups import save_follow_up
from activities.calendar.entries import Entry, EntryKind, Selection, Whose, entries, next_month, previous_month, weeks_of
from activities.choices import ExchangeStatus
from activities.models import FollowUp
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner, Person, Post, Registration
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
PAGE = "/activities/calendar/"
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner(country="LA")


def titles(user: User, kind: EntryKind, whose: Whose = Whose.UNITS, **asked: Any) -> list[str]:
    found = entries(Selection(user, *NOVEMBER, whose, kinds=frozenset({kind}), **asked))
    return [entry.title for entry in found]


def test_exchanges_stand_on_their_days_and_only_where_they_may_be_seen(an: User, chau: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=date(2026, 11, 3), title="Của Nghệ An")
    make_exchange(partner, by=chau, on=date(2026, 11, 4), title="Của Quảng Ninh")
    make_exchange(partner, by=chau, on=date(2026, 11, 5), title="Cả mạng lưới", confidentiality=Confidentiality.NETWORK)

    assert titles(an, EntryKind.EXCHANGE) == ["Của Nghệ An"]
    assert titles(an, EntryKind.EXCHANGE, Whose.ALL) == ["Của Nghệ An", "Cả mạng lưới"]
    assert titles(chau, EntryKind.EXCHANGE, Whose.MINE) == ["Của Quảng Ninh", "Cả mạng lưới"]


def test_cancelled_ones_and_drafts_are_not_on_the_page(an: User, partner: Partner) -> None:
    for status in (ExchangeStatus.CANCELLED, ExchangeStatus.DRAFT, ExchangeStatus.PLANNED):
        make_exchange(partner, by=an, on=date(2026, 11, 20), status=status, title=status)

    assert titles(an, EntryKind.EXCHANGE) == ["planned"]


def test_one_that_began_the_month_before_is_still_there(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=date(2026, 10, 30), ends_on=date(2026, 11, 1), title="Đoàn")
    make_exchange(partner, by=an, on=date(2026, 10, 29), ends_on=date(2026, 10, 31), title="Đã về")

    assert titles(an, EntryKind.EXCHANGE) == ["Đoàn"]


def test_occasions_and_endings_are_those_of_the_partners_kept(an: User, chau: User, nghe_an: Unit, partner: Partner) -> None:
    make_steward(make_partner("Hội Mông Cổ", country="MN"), nghe_an, officer=an)
    person = Person.objects.create(full_name="Batbayar")
    Post.objects.create(person=person, partner=Partner.objects.get(name="Hội Mông Cổ"), title_en="President", valid_to=date(2026, 11, 11))
    Registration.objects.create(partner=partner, number="1", valid_to=date(2026, 11, 21))

    assert any("Mông Cổ" in title for title in titles(an, EntryKind.OCCASION))
    assert not any("Mông Cổ" in title for title in titles(chau, EntryKind.OCCASION))
    found = entries(Selection(an, *NOVEMBER, Whose.MINE, kinds=frozenset({EntryKind.ENDING})))
    assert [(entry.on, entry.row.person.full_name) for entry in found] == [(date(2026, 11, 10), "Batbayar")]
    assert len(titles(chau, EntryKind.ENDING, Whose.ALL)) == 2


def test_what_leaves_the_site_has_nothing_restricted(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=date(2026, 11, 3), title="Kín", confidentiality=Confidentiality.RESTRICTED)
    follow_up = FollowUp(text="Việc kín", partner=partner, due_on=date(2026, 11, 4), confidentiality=Confidentiality.RESTRICTED)
    save_follow_up(follow_up, by=an)

    assert titles(an, EntryKind.EXCHANGE) == ["Kín"]
    assert titles(an, EntryKind.FOLLOW_UP) == ["Việc kín"]
    assert titles(an, EntryKind.EXCHANGE, outside=True) == []
    assert titles(an, EntryKind.FOLLOW_UP, outside=True) == []


def test_a_unit_is_chosen_with_all_below_it(khoa: User, an: User, chau: User, nghe_an: Unit, partner: Partner) -> None:
    make_exchange(partner, by=an, on=date(2026, 11, 3), title="Của Nghệ An")
    make_exchange(partner, by=chau, on=date(2026, 11, 4), title="Của Quảng Ninh")

    assert titles(khoa, EntryKind.EXCHANGE, unit=nghe_an) == ["Của Nghệ An"]


def test_weeks_begin_on_monday_and_a_long_visit_stands_on_each_of_its_days() -> None:
    visit = Entry(EntryKind.EXCHANGE, date(2026, 10, 20), date(2026, 11, 3), "Đoàn", "/", "x")

    weeks = weeks_of(date(2026, 11, 1), [visit])

    assert [week[0][0].weekday() for week in weeks] == [0] * 6
    assert (weeks[0][0][0], weeks[-1][-1][0]) == (date(2026, 10, 26), date(2026, 12, 6))
    assert [day for week in weeks for day, found in week if found] == [date(2026, 10, 26) + timedelta(days=count) for count in range(9)]


@pytest.mark.parametrize(("month", "weeks"), [(date(2027, 2, 1), 4), (date(2026, 11, 1), 6), (date(2028, 2, 1), 5)])
def test_a_month_has_the_weeks_it_touches(month: date, weeks: int) -> None:
    assert len(weeks_of(month, [])) == weeks


def test_months_follow_each_other_over_the_year() -> None:
    assert (next_month(date(2026, 12, 1)), previous_month(date(2027, 1, 31))) == (date(2027, 1, 1), date(2026, 12, 1))


def test_the_page_asks_the_same_few_queries_however_much_stands_on_it(an: User, nghe_an: Unit, partner: Partner, client: Client) -> None:
    make_steward(partner, nghe_an, officer=an)
    for day in range(1, 20):
        make_exchange(partner, by=an, on=date(2026, 11, day))
        save_follow_up(FollowUp(text="Việc", partner=partner, due_on=date(2026, 11, day)), by=an)
    client.force_login(an)

    page = get_counted(client, f"{PAGE}?month=2026-11", name="calendar")

    assert 'aria-current="date"' in client.get(PAGE).content.decode()
    assert page.content.decode().count("<td") == 42


def test_the_list_of_days_leaves_out_days_of_other_months(an: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=an, on=date(2026, 10, 31), ends_on=date(2026, 11, 2), title="Đoàn")
    make_exchange(partner, by=an, on=date(2026, 10, 28), title="Trước")
    client.force_login(an)

    page = client.get(f"{PAGE}?month=2026-11&view=agenda&kind=exchange")

    assert [(day, [entry.title for entry in found]) for day, found in page.context["days"]] == [(date(2026, 11, 1), ["Đoàn"])]


@pytest.mark.parametrize("query", ["month=2026-13", "month=%00", "month=99999-01", "month=1000-01"])
def test_a_month_that_is_none_is_this_month(query: str, an: User, client: Client) -> None:
    client.force_login(an)
    page = client.get(f"{PAGE}?{query}")
    assert (page.status_code, page.context["month"]) == (200, page.context["this_month"])


@pytest.mark.parametrize("query", ["kind=x", "whose=x", "unit=abc", "unit=%00"])
def test_a_filter_that_is_none_is_refused(query: str, an: User, client: Client) -> None:
    client.force_login(an)
    assert client.get(f"{PAGE}?{query}").status_code == 422
