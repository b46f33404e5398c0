"""After saving, staff see what the exchange did to the index of its partners and to the plan; or why it did nothing."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.choices import ExchangeStatus
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner
from reports.choices import Silence
from reports.metrics.days import policy_on
from reports.metrics.effects import effect_of
from reports.metrics.engagement import engagement_of
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def today() -> date:
    return timezone.localdate()


def index_now(partner: Partner) -> object:
    figures = engagement_of(policy_on(today()), today(), partner.pk)
    return figures and figures.index(policy_on(today()))


def test_before_is_what_the_index_was_and_after_what_it_is(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=today() - timedelta(days=100))
    before = index_now(partner)
    exchange = make_exchange(partner, by=an, on=today() - timedelta(days=1), kind="DELEGATION_IN")

    effect = effect_of(exchange, today())

    assert effect.silence is None
    assert [(row.partner, row.before, row.after) for row in effect.indices] == [(partner, before, index_now(partner))]
    assert effect.indices[0].before != effect.indices[0].after


def test_the_first_exchange_comes_from_no_data(an: User, partner: Partner) -> None:
    exchange = make_exchange(partner, by=an, on=today())

    assert effect_of(exchange, today()).indices[0].before is None


def test_the_plan_of_the_country_counts_one_more(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=today() - timedelta(days=50))
    exchange = make_exchange(partner, by=an, on=today())

    (plan,) = effect_of(exchange, today()).plans

    assert partner.country is not None
    assert (plan.country, plan.before, plan.after) == (partner.country, 1, 2)
    assert plan.required > 0


def test_a_one_sided_letter_does_not_count_for_the_plan(an: User, partner: Partner) -> None:
    letter = make_exchange(partner, by=an, on=today(), kind="CONGRATULATION", sides="ours")

    (plan,) = effect_of(letter, today()).plans

    assert (plan.before, plan.after) == (0, 0)


def test_letters_above_the_cap_leave_the_index_where_it_is(an: User, partner: Partner) -> None:
    for days in range(1, 15):
        make_exchange(partner, by=an, on=today() - timedelta(days=days), kind="LETTER_EXCHANGE")
    letter = make_exchange(partner, by=an, on=today(), kind="LETTER_EXCHANGE")

    assert effect_of(letter, today()).indices[0].is_unchanged


@pytest.mark.parametrize(
    ("values", "silence"),
    [
        ({"confidentiality": Confidentiality.RESTRICTED}, Silence.RESTRICTED),
        ({"status": ExchangeStatus.PLANNED}, Silence.NOT_HELD),
        ({"kind": "SEMINAR_DOMESTIC"}, Silence.KIND),
        ({"on": date(2015, 1, 5)}, Silence.LONG_AGO),
    ],
)
def test_what_counts_nowhere_says_why(values: dict[str, Any], silence: Silence, an: User, partner: Partner) -> None:
    exchange = make_exchange(partner, by=an, **{"on": today(), **values})

    assert effect_of(exchange, today()).silence == silence


def test_the_toast_is_for_those_who_may_read_the_exchange(an: User, chau: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=today())
    address = f"/reports/exchanges/{exchange.public_id}/effect/"

    client.force_login(an)
    assert partner.name in client.get(address).content.decode()
    client.force_login(chau)
    assert client.get(address).status_code == 404
