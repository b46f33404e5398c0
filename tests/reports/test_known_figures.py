"""Pages of figures as known on a day: a partner, a country, coverage; future days refused, stored figures not read."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from crm.actions.records import save_record
from crm.known import as_known_on
from crm.models import Country, User
from partners.models import Partner
from reports.actions.snapshots import take_snapshots
from reports.metrics.stored import coverage_on, engagement_on, is_stored
from reports.models import PolicyVersion
from tests.crm.story import make_author, written_on
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db

MARCH, JUNE, JULY = date(2026, 3, 10), date(2026, 6, 30), date(2026, 7, 10)


@pytest.fixture
def author(db: None) -> User:
    return make_author()


@pytest.fixture
def partner(author: User) -> Partner:
    """Two exchanges, of which the second was entered in July; moved from Japan to Laos in July."""
    with written_on(MARCH):
        partner = make_partner("Hội Hữu nghị mẫu", country="JP")
        make_exchange(partner, by=author, on=MARCH, title="Gặp đầu xuân")
    with written_on(JULY):
        make_exchange(partner, by=author, on=date(2026, 3, 20), title="Nhập muộn")
        partner.country = Country.objects.get(alpha2="LA")
        save_record(partner, by=author)
    return partner


@pytest.fixture
def client(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


def test_a_partners_figures_are_of_what_was_known(client: Client, partner: Partner) -> None:
    address = reverse("reports:partner-engagement", args=[partner.public_id])

    now, then = client.get(f"{address}?as_of=2026-06-30"), client.get(f"{address}?as_of=2026-06-30&known_on=2026-06-30")

    assert [len(page.context["rows"]) for page in (now, then)] == [2, 1]
    assert then.context["index"] < now.context["index"]
    assert "Nhập muộn" not in then.content.decode()
    assert "known/?as_of=2026-06-30&amp;known_on=2026-06-30" in then.content.decode()
    assert "known/?as_of" not in now.content.decode()


def test_a_country_has_the_partners_it_had(client: Client, partner: Partner) -> None:
    japan, laos = (reverse("reports:country-detail", args=[code]) for code in ("JP", "LA"))
    known = "?as_of=2026-06-30&known_on=2026-06-30"

    assert partner.name in client.get(japan + known).content.decode()
    assert partner.name not in client.get(japan).content.decode()
    assert partner.name in client.get(laos).content.decode()
    assert partner.name not in client.get(laos + known).content.decode()


def test_a_day_to_come_is_refused_on_every_page(client: Client, partner: Partner) -> None:
    pages = [
        reverse("reports:partner-engagement", args=[partner.public_id]),
        reverse("reports:country-detail", args=["JP"]),
        reverse("reports:coverage"),
        reverse("reports:known"),
    ]
    for address in pages:
        answer = client.get(f"{address}?known_on=2999-01-01")
        assert answer.status_code == 422, address


def test_stored_figures_are_not_read_as_known_on_another_day(partner: Partner) -> None:
    take_snapshots(JUNE)
    policy = PolicyVersion.objects.get()
    now = engagement_on(JUNE, [partner.pk])[partner.pk]
    assert is_stored(policy, JUNE)

    with as_known_on(JUNE):
        assert not is_stored(policy, JUNE)
        assert engagement_on(JUNE, [partner.pk])[partner.pk].strength < now.strength
        japan = [row for tier in coverage_on(JUNE) for row in tier.countries if row.country.alpha2 == "JP"]
    assert {row.done for row in japan} == {1}


def test_a_partner_not_yet_in_the_register_has_no_figures(client: Client, partner: Partner) -> None:
    answer = client.get(reverse("reports:partner-engagement", args=[partner.public_id]) + "?as_of=2026-02-01&known_on=2026-02-01")

    assert answer.status_code == 200
    assert answer.context["figures"] is None
