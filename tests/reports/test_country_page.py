"""One country on one page: how it stands on a day, whom we know there, what is agreed and promised, for each reader their own."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import Commitment
from crm.choices import Confidentiality
from crm.models import Country, Tier, TierMembership, Unit, User
from partners.models import Partner, Person, Post
from reports.models import PolicyVersion
from tests.factories import make_exchange, make_partner, make_steward, make_unit, make_user
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def lao(policy: PolicyVersion, secretary: User, today: date) -> Partner:
    partner = make_partner()
    make_steward(partner, Unit.objects.get(code="VUFO"))
    make_exchange(partner, by=secretary, on=today - timedelta(days=10), title="Hội đàm Viêng Chăn")
    Post.objects.create(person=Person.objects.create(full_name="Boviengkham"), partner=partner, title_vi="Chủ tịch")
    due: dict[str, Any] = {"promised_on": today - timedelta(days=90), "due_on": today - timedelta(days=40)}
    Commitment.objects.create(partner=partner, unit=Unit.objects.get(code="VUFO"), text="gửi sách", **due)
    return partner


def page(reader: User, code: str = "LA", **query: Any) -> str:
    client = Client()
    client.force_login(reader)
    client.cookies["django_language"] = "en"
    return client.get(reverse("reports:country-detail", args=[code]), query).content.decode()


def test_the_page_shows_the_country_and_opens_its_lists(lao: Partner, secretary: User) -> None:
    html = page(secretary)
    for shown in ("Laos", lao.name, "Hội đàm Viêng Chăn", "Boviengkham", "0 of 1 on time", "Neighbo"):
        assert shown in html, shown
    for address in ("country=LA&amp;kind=", "owed_by=ours", "country=LA&amp;since=", "active_on="):
        assert address in html, address


def test_tiers_are_those_of_the_day(lao: Partner, secretary: User, today: date) -> None:
    tier = Tier.objects.create(code="NEW", label_vi="Nhóm mới", label_en="New tier", group="x")
    TierMembership.objects.create(tier=tier, country=Country.objects.get(alpha2="LA"), valid_from=today - timedelta(days=5))
    assert "New tier" in page(secretary)
    assert "New tier" not in page(secretary, as_of=(today - timedelta(days=6)).isoformat())


def test_a_day_to_come_is_refused(lao: Partner, secretary: User, today: date) -> None:
    assert "is still to come" in page(secretary, as_of=(today + timedelta(days=1)).isoformat())


def test_a_reader_sees_the_rows_that_are_theirs(lao: Partner, secretary: User, today: date) -> None:
    make_exchange(lao, by=secretary, on=today, title="Gặp kín", confidentiality=Confidentiality.RESTRICTED)
    make_exchange(lao, by=secretary, on=today, title="Gặp nội bộ", confidentiality=Confidentiality.UNIT)
    Person.objects.update(confidentiality=Confidentiality.UNIT)
    html = page(make_user("officer", unit=make_unit("PU-40")))
    for hidden in ("Gặp kín", "Gặp nội bộ", "Boviengkham"):
        assert hidden not in html
    assert "Gặp kín" in page(secretary)


def test_a_country_without_partners_says_so(policy: PolicyVersion, secretary: User) -> None:
    html = page(secretary, "FJ")
    assert "No partner is registered." in html
    assert "No data: nothing came due." in html


def test_an_unknown_country_is_not_found(policy: PolicyVersion, secretary: User) -> None:
    client = Client()
    client.force_login(secretary)
    assert client.get(reverse("reports:country-detail", args=["ZZ"])).status_code == 404


def test_the_page_asks_the_same_few_queries_for_many_partners(lao: Partner, secretary: User, today: date) -> None:
    for number in range(12):
        partner = make_partner(f"Hội {number}")
        make_exchange(partner, by=secretary, on=today - timedelta(days=number))
        Post.objects.create(person=Person.objects.create(full_name=f"Người {number}"), partner=partner, title_vi="Ủy viên")
    client = Client()
    client.force_login(secretary)
    assert get_counted(client, reverse("reports:country-detail", args=["LA"]), name="country page").status_code == 200
