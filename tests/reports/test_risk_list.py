"""Partners at risk as they were stored, and terms of office that end without a successor."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner, Person, Post
from reports.choices import Alarm, Risk
from reports.models import PolicyVersion, RiskSnapshot
from tests.factories import make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
LIST = "reports:risk-list"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def page(user: User, query: str = "", name: str = LIST) -> str:
    answer = client_of(user).get(f"{reverse(name)}?{query}")
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode().split('id="rows"')[1]


def at_risk(name: str, *codes: Risk, alarm: Alarm, on: date = TODAY, **values: Any) -> Partner:
    partner = make_partner(name, **values)
    RiskSnapshot.objects.create(policy=PolicyVersion.objects.get(code="2025"), day=on, partner=partner, mask=sum(codes), alarm=alarm)
    return partner


@pytest.fixture
def silent(reference_data: None) -> Partner:
    return at_risk("Hội Im lặng", Risk.SILENT, Risk.NOT_VERIFIED, alarm=Alarm.RED)


@pytest.fixture
def fading(reference_data: None) -> Partner:
    return at_risk("Hội Nhạt dần", Risk.FADING, alarm=Alarm.AMBER, country="JP")


def test_red_comes_first_and_each_reason_opens_its_rows(silent: Partner, fading: Partner, an: User) -> None:
    shown = get_counted(client_of(an), reverse(LIST), name="risk list").content.decode()
    assert shown.index(silent.name) < shown.index(fading.name)
    assert f"{reverse('reports:partner-risks', args=[silent.public_id])}#r1" in shown
    assert f"{reverse('reports:partner-risks', args=[silent.public_id])}#r7" in shown


def test_it_narrows_by_code_alarm_tier_country_and_keeper(silent: Partner, fading: Partner, an: User, nghe_an: Unit) -> None:
    make_steward(fading, nghe_an)
    for query in ("code=r2", "alarm=amber", "country=JP", "tier=COMPREHENSIVE_STRATEGIC", "steward=PU-40"):
        shown = page(an, query)
        assert fading.name in shown, query
        assert silent.name not in shown, query
    both = page(an, "code=r2&code=r7")
    assert silent.name in both
    assert fading.name in both


def test_the_day_is_the_last_one_stored_by_then(silent: Partner, an: User) -> None:
    before = at_risk("Hội Ngày trước", Risk.SILENT, alarm=Alarm.AMBER, on=TODAY - timedelta(days=10))
    assert before.name not in page(an)
    then = page(an, f"as_of={TODAY - timedelta(days=3)}")
    assert before.name in then
    assert silent.name not in then
    assert client_of(an).get(f"{reverse(LIST)}?as_of={TODAY + timedelta(days=1)}").status_code == 422


def test_without_a_stored_day_the_list_says_so(an: User) -> None:
    assert "No risks were stored" in client_of(an).get(reverse(LIST)).content.decode()


def test_it_leaves_as_a_file_and_has_its_filters(silent: Partner, fading: Partner, an: User) -> None:
    lines = b"".join(client_of(an).get(f"{reverse(LIST)}?alarm=red&columns=name,short&export=csv")).decode().splitlines()
    assert len(lines) == 2
    assert "R1, R7" in lines[1]
    assert client_of(an).get(reverse("reports:risk-filters")).status_code == 200


# --- Leaving office ----------------------------------------------------------------------------------


def post(name: str, partner: Partner, ends_in: int, **values: Any) -> Post:
    person = Person.objects.create(full_name=name, **values)
    return Post.objects.create(
        person=person,
        partner=partner,
        title_vi="Chủ tịch",
        valid_from=TODAY - timedelta(days=900),
        valid_to=TODAY + timedelta(days=ends_in),
    )


def test_who_leaves_within_a_year_without_a_successor_is_listed_the_nearest_first(an: User) -> None:
    partner = make_partner(last_contact_on=TODAY - timedelta(days=400))
    soon, later = post("Bà Sớm", partner, 30), post("Ông Muộn", partner, 300)
    post("Ông Xa", partner, 400)
    followed = post("Bà Có người thay", partner, 60)
    Post.objects.create(
        person=Person.objects.create(full_name="Người thay"), partner=partner, title_vi="Chủ tịch", predecessor=followed,
        valid_from=followed.valid_to,
    )  # fmt: skip
    shown = get_counted(client_of(an), reverse("reports:succession-list"), name="succession list").content.decode()
    assert shown.index(str(soon.person)) < shown.index(str(later.person))
    assert "Ông Xa" not in shown
    assert "Bà Có người thay" not in shown
    assert "Ông Xa" in page(an, f"ends_by={TODAY + timedelta(days=500)}", "reports:succession-list")


def test_those_whose_partner_was_not_met_for_a_year_are_one_click_away(an: User) -> None:
    post("Bà Lâu", make_partner("Hội A", last_contact_on=TODAY - timedelta(days=400)), 30)
    post("Ông Mới", make_partner("Hội B", last_contact_on=TODAY), 30)
    shown = page(an, f"silent_since={TODAY - timedelta(days=365)}", "reports:succession-list")
    assert "Bà Lâu" in shown
    assert "Ông Mới" not in shown


def test_a_person_out_of_the_readers_scope_is_not_listed(an: User, chau: User, nghe_an: Unit) -> None:
    post("Bà Kín", make_partner(), 30, confidentiality=Confidentiality.UNIT, unit=nghe_an)
    assert "Bà Kín" in page(an, "", "reports:succession-list")
    assert "Bà Kín" not in page(chau, "", "reports:succession-list")
    lines = b"".join(client_of(chau).get(reverse("reports:succession-list") + "?export=csv")).splitlines()
    assert len(lines) == 1
