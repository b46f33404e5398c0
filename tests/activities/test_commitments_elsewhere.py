"""What was promised, wherever else it stands: timelines, desks, calendars, search, reminders, and the records that it hangs on."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from activities.actions.commitments import settle_commitment
from activities.actions.entries import take_back_entry
from activities.actions.reminders import remind
from activities.models import Commitment
from crm.choices import Confidentiality
from crm.models import Notification, User
from partners.actions.merges import merge_partners
from partners.models import Partner, Person
from tests.activities.promising import MET_ON, make_commitment, several_commitments, told_of_commitments
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)  # A Tuesday.


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner()


@pytest.fixture
def several(an: User, binh: User, lao: Partner) -> dict[str, Commitment]:
    return several_commitments(lao, an, binh)


# --- Where else they stand -------------------------------------------------------------------------------


def test_the_timeline_has_the_promise_and_what_became_of_it(an: User, lao: Partner, client: Client) -> None:
    make_commitment(lao, an, "Sắp tới", due_on=timezone.localdate() + timedelta(days=20))
    settle_commitment(make_commitment(lao, an, "Không giữ"), by=an, state="broken", on=date(2026, 11, 20), reason="vì")
    client.force_login(an)

    context = client.get(f"/activities/partners/{lao.public_id}/timeline/").context

    assert [item.row.text for item in context["planned"]] == ["Sắp tới"]
    assert [(item.source.template, item.row.text) for item in context["items"]] == [
        ("commitment", "Không giữ"),
        ("commitment_made", "Không giữ"),
        ("commitment_made", "Sắp tới"),
    ]


def test_the_desk_and_the_partner_page_show_what_is_owed_both_ways(
    several: dict[str, Commitment], binh: User, lao: Partner, client: Client
) -> None:
    client.force_login(binh)

    desk = client.get("/").content.decode()
    owed = client.get(f"/reports/partners/{lao.public_id}/owed/").content.decode()

    assert "Trễ của ta" in desk
    assert "Trễ của ta" in owed
    assert "Trễ của bạn" in owed
    assert "Đã xong" not in owed


def test_the_calendar_shows_them_on_the_day_they_are_due(an: User, lao: Partner, client: Client) -> None:
    make_commitment(lao, an, "Hẹn gửi", due_on=date(2027, 2, 10))
    client.force_login(an)

    assert "Hẹn gửi" in client.get("/activities/calendar/?month=2027-02").content.decode()
    assert "Hẹn gửi" not in client.get("/activities/calendar/?month=2027-02&kind=occasion").content.decode()


def test_one_is_found_from_everywhere(an: User, chau: User, lao: Partner, client: Client) -> None:
    make_commitment(lao, an, "Gửi tư liệu khảo cổ")
    client.force_login(an)
    assert "khảo cổ" in client.get("/search/?q=khao+co").content.decode().replace("<mark>", "").replace("</mark>", "")
    client.force_login(chau)
    assert "Gửi tư liệu" not in client.get("/search/?q=khao+co").content.decode()


# --- Reminders -------------------------------------------------------------------------------------------


def test_it_is_told_a_week_before_on_the_day_and_weekly_after_it_then_to_the_lead_too(an: User, binh: User, lao: Partner) -> None:
    make_commitment(lao, an, due_on=TODAY, assignee=an)

    for days in (-8, -7, -6, -1, 0, 0, 1, 2, 7, 8):
        remind(TODAY + timedelta(days=days))

    assert len(told_of_commitments(an)) == 4
    assert len(told_of_commitments(binh)) == 2


def test_settling_it_settles_what_was_told_of_commitments(an: User, lao: Partner) -> None:
    commitment = make_commitment(lao, an, due_on=TODAY, assignee=an)
    remind(TODAY)

    settle_commitment(commitment, by=an, state="done")

    assert not Notification.objects.visible_to(an).unread().exists()


def test_a_restricted_one_is_told_to_those_who_may_open_it_and_not_quoted(an: User, binh: User, lao: Partner) -> None:
    make_commitment(lao, binh, "Việc kín", due_on=TODAY, confidentiality=Confidentiality.RESTRICTED)

    remind(TODAY)

    assert told_of_commitments(an) == []
    assert len(told_of_commitments(binh)) == 1
    assert "Việc kín" not in told_of_commitments(binh)[0]


# --- Records that it hangs on ------------------------------------------------------------------------------


def test_a_merge_takes_promises_along(ha: User, lao: Partner) -> None:
    other = make_partner("Hội Hữu nghị Lào Việt Nam")
    commitment = make_commitment(other, ha)

    merge_partners(lao, other, by=ha)

    commitment.refresh_from_db()
    assert commitment.partner == lao


def test_partners_and_people_with_promises_are_in_use(an: User, lao: Partner) -> None:
    person = Person.objects.create(full_name="Khamphone")
    commitment = make_commitment(lao, an, person=person)
    assert Partner.objects.in_use().contains(lao)
    assert Person.objects.in_use().contains(person)
    Commitment.objects.filter(pk=commitment.pk).update(archived_at=timezone.now(), archived_by=an)
    assert not Partner.objects.in_use().contains(lao)
    assert not Person.objects.in_use().contains(person)


def test_taking_an_entry_back_takes_its_promises_back(an: User, lao: Partner) -> None:
    meeting = make_exchange(lao, by=an, on=MET_ON)
    make_commitment(lao, an, exchange=meeting)

    take_back_entry(meeting, by=an)

    assert not Commitment.objects.live().exists()
