"""What nobody may learn by a detour: text of restricted records through follow-ups, versions and programs."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities.actions.exchanges import change_exchange
from activities.actions.follow_ups import save_follow_up
from activities.models import Exchange, FollowUp
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Unit, User
from partners.models import Person
from tests.api.caller import caller_for
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db

DAY = date(2026, 5, 20)
SECRET = "Chuyện không nói ra"


def reading_client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def traces(user: User) -> int:
    return AuditEvent.objects.filter(verb=AuditVerb.READ_RESTRICTED, actor_id=user.pk).count()


def test_follow_ups_become_restricted_with_their_exchange(an: User, khoa: User) -> None:
    exchange = make_exchange(make_partner(), by=an, on=DAY, follow_up=FollowUp(text=SECRET))
    follow_up = exchange.follow_ups.get()
    assert FollowUp.objects.visible_to(khoa).filter(pk=follow_up.pk).exists()
    exchange.confidentiality = Confidentiality.RESTRICTED
    change_exchange(exchange, by=an)
    follow_up.refresh_from_db()
    assert follow_up.confidentiality == Confidentiality.RESTRICTED
    assert not FollowUp.objects.visible_to(khoa).filter(pk=follow_up.pk).exists()
    assert FollowUp.history.filter(id=follow_up.pk).latest().confidentiality == Confidentiality.RESTRICTED


def test_a_follow_up_cannot_be_handed_to_a_unit_that_the_account_does_not_write_for(an: User, chau: User, quang_ninh: Unit) -> None:
    follow_up = save_follow_up(FollowUp(text="Gửi thư", partner=make_partner()), by=an)
    answer = caller_for(an).patch(f"/follow-ups/{follow_up.public_id}/", {"unit": quang_ninh.code})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/unit"
    assert not FollowUp.objects.visible_to(chau).filter(pk=follow_up.pk).exists()


def test_versions_name_no_delegation_that_the_reader_may_not_see(an: User, ha: User, khoa: User) -> None:
    partner = make_partner()
    delegation = make_exchange(partner, by=ha, on=DAY, kind="DELEGATION_IN", title=SECRET, confidentiality=Confidentiality.RESTRICTED)
    meeting = make_exchange(partner, by=ha, on=DAY)
    meeting.parent = delegation
    change_exchange(meeting, by=ha)
    address = reverse("activities:exchange-history", args=[meeting.public_id])
    assert SECRET in reading_client(ha).get(address).content.decode()
    page = reading_client(khoa).get(address)
    assert page.status_code == 200
    assert SECRET not in page.content.decode()


@pytest.mark.parametrize("page", ["exchange-detail", "exchange-edit", "exchange-history", "person-detail", "person-edit", "person-history"])
def test_each_page_that_shows_a_restricted_record_leaves_a_trace(page: str, an: User, ha: User, nghe_an: Unit) -> None:
    record = restricted(page.split("-")[0], by=an, unit=nghe_an)
    app = "activities" if isinstance(record, Exchange) else "partners"
    assert reading_client(ha).get(reverse(f"{app}:{page}", args=[record.public_id])).status_code == 200
    assert traces(ha) == 1


@pytest.mark.parametrize("noun", ["exchange", "person"])
def test_a_program_that_reads_a_restricted_record_leaves_a_trace(noun: str, an: User, nghe_an: Unit) -> None:
    record = restricted(noun, by=an, unit=nghe_an)
    path = {"exchange": "/exchanges/", "person": "/people/"}[noun]
    caller = caller_for(an)
    assert caller.get(f"{path}{record.public_id}/").status_code == 200
    assert traces(an) == 1
    assert len(caller.get(path).json()["items"]) == 1
    assert traces(an) == 2


def restricted(noun: str, *, by: User, unit: Unit) -> Any:
    if noun == "exchange":
        return make_exchange(make_partner(), by=by, on=DAY, title=SECRET, confidentiality=Confidentiality.RESTRICTED)
    return Person.objects.create(full_name=SECRET, confidentiality=Confidentiality.RESTRICTED, unit=unit, created_by=by)
