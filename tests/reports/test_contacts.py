"""Contacts with countries are stored once, follow what is logged, and are held against the records every night."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from activities.actions.exchanges import archive_exchange
from config.celery import app
from crm.models import Country, Province, User
from partners.actions.partners import save_partner
from partners.models import Partner
from reports.actions.contacts import refresh_contacts, store_contacts
from reports.models import CountryContact, ProvinceContact
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db

DAY = date(2025, 9, 1)


@pytest.fixture
def tasks_at_once() -> Iterator[None]:
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


@pytest.fixture
def lao(secretary: User) -> Partner:
    """A partner with one stored contact."""
    partner = make_partner(country="LA")
    make_exchange(partner, by=secretary, on=DAY)
    assert store_contacts() == 0
    return partner


def countries() -> list[str]:
    return sorted(CountryContact.objects.filter(counts=True).values_list("country__alpha2", flat=True))


def test_before_everything_was_stored_a_refresh_stores_nothing(secretary: User) -> None:
    partner = make_partner(country="LA")
    make_exchange(partner, by=secretary, on=DAY)
    assert refresh_contacts([partner.pk]) == 0
    assert countries() == []


def test_what_is_logged_changed_and_archived_is_followed(
    lao: Partner, secretary: User, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        exchange = make_exchange(
            [lao, make_partner("b", country="KH")], by=secretary, on=DAY, provinces=[Province.objects.get(slug="nghe-an")]
        )
    assert countries() == ["KH", "LA", "LA"]
    assert ProvinceContact.objects.filter(province__slug="nghe-an").count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        archive_exchange(exchange, by=secretary)
    assert countries() == ["LA"]
    assert store_contacts() == 0


def test_a_partner_that_moves_to_another_country_takes_its_contacts_along(
    lao: Partner, secretary: User, tasks_at_once: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    lao.country = Country.objects.get(alpha2="CU")
    with django_capture_on_commit_callbacks(execute=True):
        save_partner(lao, by=secretary)
    assert countries() == ["CU"]


def test_a_difference_from_the_records_is_found_at_night_and_mended(lao: Partner, secretary: User) -> None:
    make_exchange(make_partner("b", country="KH"), by=secretary, on=DAY + timedelta(days=1))
    CountryContact.objects.filter(country__alpha2="LA").update(level=2)
    assert store_contacts() == 2
    assert countries() == ["KH", "LA"]
    assert store_contacts() == 0


def test_a_delegation_and_its_meetings_are_one_contact_of_the_country(secretary: User) -> None:
    host, met = make_partner(country="LA"), make_partner("b", country="LA")
    delegation = make_exchange(host, by=secretary, on=DAY, kind="DELEGATION_IN", direction="in")
    make_exchange(met, by=secretary, on=DAY + timedelta(days=1), parent=delegation)
    store_contacts()
    assert countries() == ["LA"]
    assert sorted(CountryContact.objects.values_list("counts", "counts_for_kind")) == [(False, False), (True, True)]
