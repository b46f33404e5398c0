"""What was logged in a hurry is completed later: how complete an exchange is, and the list of those that are not."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.choices import ExchangeStatus, Side
from activities.models import Attendance, Exchange
from crm.models import Country, Field, Province, User
from partners.models import Partner
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
TIDY = "/activities/tidy-up/"


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def missing(exchange: Exchange) -> list[str]:
    return [part.code for part in Exchange.objects.with_completeness().get(pk=exchange.pk).completeness.missing]


def percent(exchange: Exchange) -> int:
    return Exchange.objects.with_completeness().get(pk=exchange.pk).completeness.percent


def test_three_answers_are_less_than_half(an: User, partner: Partner) -> None:
    exchange = make_exchange(partner, by=an, on=yesterday())

    assert (missing(exchange), percent(exchange)) == (["outcome", "people", "place", "fields"], 42)


def test_with_everything_it_is_whole(an: User, partner: Partner) -> None:
    exchange = make_exchange(
        partner, by=an, on=yesterday(), outcome="Đồng ý", people_count=8, place="Vinh", fields=[Field.objects.all()[0]]
    )

    assert (missing(exchange), percent(exchange)) == ([], 100)
    assert not Exchange.objects.incomplete().exists()


@pytest.mark.parametrize(
    ("given", "part"),
    [({"summary": "Bàn việc"}, "outcome"), ({"people_count": 3}, "people"), ({"place": "Vinh"}, "place")],
)
def test_each_part_can_be_given_in_its_own_way(given: dict[str, Any], part: str, an: User, partner: Partner) -> None:
    assert part not in missing(make_exchange(partner, by=an, on=yesterday(), **given))


def test_people_present_a_province_or_a_country_will_do_as_well(an: User, partner: Partner) -> None:
    present = [Attendance(side=Side.THEIRS, name="Khăm")]
    with_people = make_exchange(partner, by=an, on=yesterday(), attendances=present, provinces=[Province.objects.all()[0]])
    abroad = make_exchange(partner, by=an, on=yesterday(), country=Country.objects.get(alpha2="LA"))

    assert missing(with_people) == ["outcome", "fields"]
    assert "place" not in missing(abroad)


@pytest.mark.parametrize(("kind", "asked"), [("CONGRATULATION", []), ("ONLINE_MEETING", ["outcome", "people", "fields"])])
def test_only_what_makes_sense_for_the_kind_is_asked(kind: str, asked: list[str], an: User, partner: Partner) -> None:
    assert missing(make_exchange(partner, by=an, on=yesterday(), kind=kind)) == asked


def test_what_is_planned_or_archived_waits_for_nobody(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=timezone.localdate() + timedelta(days=5), status=ExchangeStatus.PLANNED)

    assert not Exchange.objects.incomplete().exists()


def test_the_filter_and_the_figure_agree(an: User, partner: Partner) -> None:
    for kind in ("CONGRATULATION", "ONLINE_MEETING", "WORKING_MEETING"):
        for given in ({}, {"outcome": "x"}, {"outcome": "x", "people_count": 2}, {"outcome": "x", "people_count": 2, "place": "Vinh"}):
            make_exchange(partner, by=an, on=yesterday(), kind=kind, **given)
            make_exchange(partner, by=an, on=yesterday(), kind=kind, fields=[Field.objects.all()[0]], **given)

    incomplete = set(Exchange.objects.incomplete().values_list("pk", flat=True))

    assert incomplete == {row.pk for row in Exchange.objects.with_completeness() if row.completeness.missing}


def test_the_list_shows_mine_and_my_units_of_the_last_days(an: User, binh: User, chau: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=an, on=yesterday(), title="Của An")
    make_exchange(partner, by=an, on=yesterday() - timedelta(days=60), title="Của An trước kia")
    make_exchange(partner, by=binh, on=yesterday(), title="Của Bình")
    make_exchange(partner, by=chau, on=yesterday(), title="Của Châu")
    client.force_login(an)

    def shown(query: str) -> set[str]:
        page = client.get(f"{TIDY}?{query}").content.decode()
        return {title for title in ("Của An trước kia", "Của An<", "Của Bình", "Của Châu") if title in page}

    assert shown("") == {"Của An<"}
    assert shown("days=90") == {"Của An<", "Của An trước kia"}
    assert shown("whose=unit") == {"Của An<", "Của Bình"}


def test_a_row_is_completed_in_place(an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=yesterday(), outcome="Đồng ý")
    field = Field.objects.get(code="EDUCATION")
    client.force_login(an)
    address = f"{TIDY}{exchange.public_id}/"
    page = client.get(address, HTTP_HX_REQUEST="true").content.decode()
    assert 'name="people_count"' in page
    assert 'name="outcome"' not in page

    answers = {"people_count": "8", "place": "Vinh", "fields_touched": "EDUCATION", "seen_revision": exchange.revision}
    answer = client.post(address, answers, HTTP_HX_REQUEST="true")

    assert answer.status_code == 200
    exchange.refresh_from_db()
    assert (exchange.people_count, exchange.place, list(exchange.fields.all())) == (8, "Vinh", [field])
    assert missing(exchange) == []


def test_nobody_completes_what_is_not_theirs(an: User, chau: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=chau, on=yesterday())
    client.force_login(an)

    assert client.get(f"{TIDY}{exchange.public_id}/").status_code == 404


def test_the_page_of_an_exchange_says_how_complete_it_is(an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=yesterday())
    client.force_login(an)

    assert "42 %" in client.get(exchange.get_absolute_url()).content.decode()


def test_the_list_asks_a_fixed_number_of_queries(an: User, partner: Partner, client: Client) -> None:
    for _number in range(3):
        make_exchange(partner, by=an, on=yesterday())
    client.force_login(an)

    get_counted(client, TIDY, name="tidy up list")
