"""Who may read what: one table for querysets and pages alike."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from activities.actions.follow_ups import save_follow_up
from activities.models import Exchange, FollowUp
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner, Person
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db

EVERYBODY = {"an", "binh", "chau", "dung", "ha", "khoa", "nga"}
OWN_UNIT_AND_CENTRE = {"an", "binh", "dung", "ha", "khoa", "nga"}
# An entered the records, Bình leads An's union, Hà is at the secretariat.
NAMED_FEW = {"an", "binh", "ha"}

READERS = {Confidentiality.NETWORK: EVERYBODY, Confidentiality.UNIT: OWN_UNIT_AND_CENTRE, Confidentiality.RESTRICTED: NAMED_FEW}
NOUNS = ("exchange", "person", "follow_up")
LISTS = {"exchange": "/activities/", "person": "/partners/people/", "follow_up": "/activities/follow-ups/?state=open"}


@pytest.fixture
def cast(an: User, binh: User, chau: User, dung: User, ha: User, khoa: User, nga: User, son: User) -> dict[str, User]:
    return {user.username: user for user in (an, binh, chau, dung, ha, khoa, nga, son)}


def make_record(noun: str, level: str, *, by: User, unit: Unit) -> Any:
    """A record of An's union at the level of confidentiality, entered by An."""
    partner = make_partner()
    if noun == "exchange":
        return make_exchange(partner, by=by, on=date(2026, 5, 20), title="Chuyện không nói ra", confidentiality=level)
    if noun == "person":
        return Person.objects.create(full_name="Chuyện không nói ra", confidentiality=level, unit=unit, created_by=by)
    return save_follow_up(FollowUp(text="Chuyện không nói ra", partner=partner, unit=unit, confidentiality=level), by=by)


@pytest.mark.parametrize("level", Confidentiality)
@pytest.mark.parametrize("noun", NOUNS)
def test_each_level_is_read_by_exactly_its_readers(
    noun: str, level: Confidentiality, cast: dict[str, User], nghe_an: Unit, client: Client
) -> None:
    record = make_record(noun, level, by=cast["an"], unit=nghe_an)

    in_queryset = {name for name, user in cast.items() if type(record).objects.visible_to(user).filter(pk=record.pk).exists()}
    on_page, in_list = set(), set()
    for name, user in cast.items():
        client.force_login(user)
        page = client.get(record.get_absolute_url())
        assert page.status_code in {200, 404, 403}
        on_page |= {name} if page.status_code == 200 else set()
        listed = client.get(LISTS[noun])
        in_list |= {name} if listed.status_code == 200 and "Chuyện không nói ra" in listed.content.decode() else set()

    administrator = {"son"} if level == Confidentiality.NETWORK else set()
    assert in_queryset == READERS[level] | administrator
    assert on_page == READERS[level] | administrator
    assert in_list == READERS[level] | administrator


@pytest.mark.parametrize("noun", NOUNS)
def test_out_of_scope_answers_as_if_it_were_not_there(noun: str, an: User, chau: User, nghe_an: Unit, client: Client) -> None:
    record = make_record(noun, Confidentiality.UNIT, by=an, unit=nghe_an)
    client.force_login(chau)

    for part in ("", "edit/", "archive/", "history/"):
        assert client.get(f"{record.get_absolute_url()}{part}").status_code == 404
    assert client.post(f"{record.get_absolute_url()}edit/", {}).status_code == 404


@pytest.mark.parametrize("noun", NOUNS)
def test_a_viewer_reads_but_is_refused_every_change(noun: str, an: User, dung: User, nghe_an: Unit, client: Client) -> None:
    record = make_record(noun, Confidentiality.UNIT, by=an, unit=nghe_an)
    client.force_login(dung)

    assert client.get(record.get_absolute_url()).status_code == 200
    assert client.get(f"{record.get_absolute_url()}edit/").status_code == 403
    assert client.post(f"{record.get_absolute_url()}archive/").status_code == 403


def test_the_directory_of_partners_is_open_to_every_unit(cast: dict[str, User], client: Client) -> None:
    partner = make_partner()

    for user in cast.values():
        client.force_login(user)
        assert client.get(partner.get_absolute_url()).status_code == 200
        assert Partner.objects.visible_to(user).filter(pk=partner.pk).exists()


def test_a_co_host_reads_and_changes_the_exchange(an: User, chau: User, quang_ninh: Unit) -> None:
    exchange = make_exchange(make_partner(), by=an, on=date(2026, 5, 20), co_units=[quang_ninh], confidentiality=Confidentiality.UNIT)

    assert Exchange.objects.visible_to(chau).filter(pk=exchange.pk).exists()
    assert Exchange.objects.editable_by(chau).filter(pk=exchange.pk).exists()


def test_an_account_without_a_membership_sees_nothing(an: User, client: Client) -> None:
    stranger = User.objects.create(username="khach")
    exchange = make_exchange(make_partner(), by=an, on=date(2026, 5, 20), confidentiality=Confidentiality.NETWORK)
    client.force_login(stranger)

    assert not Exchange.objects.visible_to(stranger).exists()
    assert client.get(exchange.get_absolute_url()).status_code == 403
    assert client.get("/partners/").status_code == 403


def test_a_follow_up_is_seen_by_whom_it_was_given_to(an: User, chau: User, nghe_an: Unit) -> None:
    follow_up = save_follow_up(FollowUp(text="Gửi danh sách", partner=make_partner(), unit=nghe_an, assignee=chau), by=an)

    assert FollowUp.objects.visible_to(chau).filter(pk=follow_up.pk).exists()
