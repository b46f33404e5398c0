"""Hand-over: what hangs on one person, passed on in one step with undo."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from activities.actions.burdens import burden_of
from activities.actions.calendar_feeds import make_feed
from activities.actions.follow_ups import save_follow_up
from activities.actions.hand_overs import hand_over
from activities.choices import ExchangeStatus, Side
from activities.models import Attendance, CalendarFeed, Exchange, FollowUp
from crm.actions.undoing import undo_change_set
from crm.choices import AuditVerb, ChangeState, Confidentiality, Role
from crm.models import AuditEvent, ChangeSet, Membership, Notification, Unit, User
from partners.models import Partner, Person, PersonNote, Stewardship
from tests.activities.handing_over import keys, make_person, met, pass_all
from tests.factories import make_exchange, make_partner, make_steward, make_user
from tests.query_counts import check_count

pytestmark = pytest.mark.django_db
START = "/activities/hand-over/"


@pytest.fixture
def partner(reference_data: None, an: User, nghe_an: Unit) -> Partner:
    partner = make_partner("Hội Hữu nghị Lào - Việt")
    make_steward(partner, nghe_an, officer=an)
    return partner


@pytest.fixture
def yen(nghe_an: Unit) -> User:
    return make_user("yen", unit=nghe_an, full_name="Phan Hải Yến")


# --- What hangs on a person ---------------------------------------------------------------------------


def test_only_what_no_colleague_shares_hangs_on_the_person(an: User, binh: User, partner: Partner) -> None:
    known_to_an = make_person("Chỉ An biết", partner)
    known_to_both = make_person("Hai người biết", partner)
    met(partner, known_to_an, an, by=an)
    met(partner, known_to_both, an, by=an, on=date(2026, 11, 3))
    met(partner, known_to_both, binh, by=binh, on=date(2026, 11, 4))
    make_person("Chưa ai gặp", partner, created_by=an)
    make_person("Của người khác", partner, created_by=binh)

    contacts = burden_of(an, reader=binh).contacts

    assert {person.full_name for person in contacts} == {"Chỉ An biết", "Chưa ai gặp"}


def test_planned_exchanges_are_those_attended_and_those_nobody_else_is_named_for(an: User, binh: User, partner: Partner) -> None:
    soon = timezone.localdate() + timedelta(days=5)
    plan: dict[str, Any] = {"by": an, "on": soon, "status": ExchangeStatus.PLANNED}
    make_exchange(partner, **plan, title="Tự ghi")
    make_exchange(
        partner, **plan, title="Cùng đi", attendances=[Attendance(side=Side.OURS, user=an), Attendance(side=Side.OURS, user=binh)]
    )
    make_exchange(partner, **plan, title="Bình đi", attendances=[Attendance(side=Side.OURS, user=binh)])
    make_exchange(partner, by=an, on=date(2026, 11, 2), title="Đã xong", attendances=[Attendance(side=Side.OURS, user=an)])

    assert {row.title for row in burden_of(an, reader=binh).planned} == {"Tự ghi", "Cùng đi"}


def test_what_the_reader_may_not_see_is_only_counted(an: User, ha: User, centre: Unit, partner: Partner) -> None:
    lead = make_user("lan", unit=an.memberships.get().unit, role=Role.UNIT_LEAD)
    secret = FollowUp(text="Việc kín", partner=partner, assignee=an, confidentiality=Confidentiality.RESTRICTED, unit=centre)
    save_follow_up(secret, by=ha)

    burden = burden_of(an, reader=lead)

    assert (burden.follow_ups, burden.hidden) == ([], 1)


def test_a_former_lead_passes_on_nothing_of_the_unit_that_the_person_works_for_now(
    an: User, chau: User, binh: User, quang_ninh: Unit, nghe_an: Unit, partner: Partner
) -> None:
    """An has moved: what was left in Nghệ An may be passed on from there, what is of Quảng Ninh may not."""
    lead = make_user("lan", unit=nghe_an, role=Role.UNIT_LEAD)
    today = timezone.localdate()
    an.memberships.update(valid_to=today)
    Membership.objects.create(user=an, unit=quang_ninh, role=Role.OFFICER, valid_from=today)
    other = make_partner("Hội Hữu nghị Nga - Việt")
    make_steward(other, quang_ninh, officer=an)
    follow_up = FollowUp(text="Của Quảng Ninh", partner=other, assignee=an, unit=quang_ninh, confidentiality=Confidentiality.NETWORK)
    save_follow_up(follow_up, by=chau)
    soon: dict[str, Any] = {"on": today + timedelta(days=5), "status": ExchangeStatus.PLANNED, "confidentiality": Confidentiality.NETWORK}
    visit = make_exchange(other, by=chau, **soon, attendances=[Attendance(side=Side.OURS, user=an)])
    feed, _token = make_feed(by=User.objects.get(pk=an.pk))

    burden = burden_of(an, reader=lead)
    assert [row.partner for row in burden.stewardships] == [partner]
    assert (burden.follow_ups, burden.planned) == ([], [])

    theirs = [f"stewardship:{Stewardship.objects.get(partner=other).public_id}", f"follow-up:{follow_up.public_id}"]
    own = f"stewardship:{Stewardship.objects.get(partner=partner).public_id}"
    change_set = hand_over(an, by=lead, choices=dict.fromkeys([own, *theirs, f"planned:{visit.public_id}"], binh), revoke_feeds=True)

    assert list(change_set.plan["items"]) == [own]
    feed.refresh_from_db()
    assert feed.revoked_at is None


# --- Passing it on ------------------------------------------------------------------------------------


def test_everything_passes_in_one_step(an: User, binh: User, yen: User, partner: Partner) -> None:
    today = timezone.localdate()
    follow_up = save_follow_up(FollowUp(text="Gửi danh sách", partner=partner, assignee=an), by=an)
    visit = make_exchange(
        partner, by=an, on=today + timedelta(days=3), status=ExchangeStatus.PLANNED, attendances=[Attendance(side=Side.OURS, user=an)]
    )
    person = make_person("Chỉ An biết", partner)
    met(partner, person, an, by=an)

    change_set = pass_all(an, yen, binh)

    old, new = Stewardship.objects.order_by("id")
    assert (old.officer, old.valid_to) == (an, today)
    assert (new.officer, new.valid_from, new.valid_to, new.role, new.unit) == (yen, today, None, old.role, old.unit)
    follow_up.refresh_from_db()
    assert follow_up.assignee == yen
    assert list(visit.attendances.values_list("user", flat=True)) == [yen.pk]
    assert "Phan Hải Yến" in PersonNote.objects.get(person=person).text
    assert (change_set.state, change_set.counts) == (
        ChangeState.APPLIED,
        {"stewardship": 1, "follow-up": 1, "planned": 1, "contact": 1},
    )
    assert Notification.objects.get(user=yen).topic == "hand_over"
    assert AuditEvent.objects.filter(verb=AuditVerb.HANDED_OVER).count() == 1


def test_contacts_that_hang_on_what_is_passed_too_are_all_passed(an: User, binh: User, yen: User, partner: Partner) -> None:
    make_person("Chưa ai gặp, ở nơi An phụ trách", partner, created_by=an)
    met(partner, make_person("Cũng ở chuyến sắp tới", partner), an, by=an)
    soon = timezone.localdate() + timedelta(days=3)
    coming = [Attendance(side=Side.OURS, user=an), Attendance(side=Side.THEIRS, person=Person.objects.latest("pk"), partner=partner)]
    make_exchange(partner, by=an, on=soon, status=ExchangeStatus.PLANNED, attendances=coming)
    contacts = burden_of(an, reader=binh).contacts

    change_set = pass_all(an, yen, binh)

    assert len(contacts) == change_set.counts["contact"] == PersonNote.objects.count() == 2


def test_undo_brings_everything_back_and_nothing_else_moved(an: User, binh: User, yen: User, nghe_an: Unit, partner: Partner) -> None:
    today = timezone.localdate()
    other = make_partner("Của Bình")
    make_steward(other, nghe_an, officer=binh)
    save_follow_up(FollowUp(text="Của An", partner=partner, assignee=an), by=an)
    save_follow_up(FollowUp(text="Của Bình", partner=other, assignee=binh), by=binh)
    both = [Attendance(side=Side.OURS, user=an), Attendance(side=Side.OURS, user=yen)]
    soon = today + timedelta(days=3)
    make_exchange(partner, by=an, on=soon, status=ExchangeStatus.PLANNED, attendances=both)
    make_exchange(partner, by=an, on=soon, status=ExchangeStatus.PLANNED)
    met(partner, make_person("Chỉ An biết", partner), an, by=an)
    before = state()

    change_set = pass_all(an, yen, binh)
    assert state() != before
    undo_change_set(change_set, by=binh)

    assert state() == before
    assert change_set.undo_report == []


def state() -> dict[str, list[Any]]:
    """Who holds what, without the marks that every save moves."""
    return {
        "stewardships": list(
            Stewardship.objects.live().order_by("id").values_list("id", "partner", "unit", "officer", "valid_from", "valid_to")
        ),
        "follow_ups": list(FollowUp.objects.order_by("id").values_list("id", "assignee", "unit", "state", "due_on")),
        "attendances": list(Attendance.objects.order_by("id").values_list("id", "exchange", "user", "person", "side", "rank")),
        "notes": list(PersonNote.objects.live().values_list("id")),
        "exchanges": list(Exchange.objects.order_by("id").values_list("id", "status", "host_unit", "starts_on")),
    }


def test_a_later_change_is_kept_by_undo_and_reported(an: User, binh: User, yen: User, partner: Partner) -> None:
    follow_up = save_follow_up(FollowUp(text="Gửi", partner=partner, assignee=an), by=an)
    change_set = pass_all(an, yen, binh)
    follow_up.refresh_from_db()
    follow_up.assignee = binh
    save_follow_up(follow_up, by=binh)

    undo_change_set(change_set, by=binh)

    follow_up.refresh_from_db()
    assert follow_up.assignee == binh
    assert len(change_set.undo_report) == 1


def test_single_items_go_to_a_second_receiver_or_stay(an: User, binh: User, yen: User, partner: Partner) -> None:
    rows = [save_follow_up(FollowUp(text=text, partner=partner, assignee=an), by=an) for text in ("một", "hai", "ba")]
    first, second, _third = (f"follow-up:{row.public_id}" for row in rows)

    hand_over(an, by=binh, choices={first: yen, second: binh})

    assert [FollowUp.objects.get(pk=row.pk).assignee for row in rows] == [yen, binh, an]


def test_a_stewardship_that_began_today_changes_hands(an: User, binh: User, yen: User, partner: Partner) -> None:
    Stewardship.objects.update(valid_from=timezone.localdate())

    change_set = pass_all(an, yen, binh)

    assert Stewardship.objects.get().officer == yen
    undo_change_set(change_set, by=binh)
    assert Stewardship.objects.get().officer == an


def test_a_stewardship_with_an_end_keeps_it(an: User, binh: User, yen: User, partner: Partner) -> None:
    end = timezone.localdate() + timedelta(days=100)
    Stewardship.objects.update(valid_to=end)

    pass_all(an, yen, binh)

    assert Stewardship.objects.get(officer=yen).valid_to == end


def test_calendar_addresses_are_revoked_when_asked(an: User, binh: User, yen: User, partner: Partner) -> None:
    make_feed(by=an)
    pass_all(an, yen, binh, revoke_feeds=True)
    assert not CalendarFeed.objects.in_use().exists()


def test_a_receiver_of_another_unit_cannot_keep_the_partners(an: User, binh: User, chau: User, partner: Partner) -> None:
    with pytest.raises(ValidationError):
        pass_all(an, chau, binh)
    assert Stewardship.objects.get().valid_to is None
    assert not ChangeSet.objects.exists()


def test_nobody_receives_who_could_not_do_it(an: User, binh: User, dung: User, partner: Partner) -> None:
    for receiver in (an, dung):
        with pytest.raises(ValidationError):
            pass_all(an, receiver, binh)


def test_nothing_is_passed_twice(an: User, binh: User, yen: User, partner: Partner) -> None:
    items = dict.fromkeys(keys(an, binh), yen)
    hand_over(an, by=binh, choices=items)

    with pytest.raises(ValidationError):
        hand_over(an, by=binh, choices=items)


@pytest.mark.parametrize("who", ["an", "yen", "chau", "khoa", "dung"])
def test_only_the_lead_and_the_secretariat_pass_on(
    who: str, request: pytest.FixtureRequest, an: User, binh: User, partner: Partner
) -> None:
    items = keys(an, binh)
    with pytest.raises(PermissionDenied):
        hand_over(an, by=request.getfixturevalue(who), choices=dict.fromkeys(items, binh))


def test_the_statements_do_not_grow_with_the_follow_ups(
    an: User, binh: User, yen: User, partner: Partner, django_assert_max_num_queries: Any
) -> None:
    rows = [save_follow_up(FollowUp(text=f"Việc {number}", partner=partner, assignee=an), by=an) for number in range(30)]
    choices = {f"follow-up:{row.public_id}": yen for row in rows}

    with django_assert_max_num_queries(60) as captured:
        hand_over(an, by=binh, choices=choices)

    check_count("hand-over of follow-ups", [query["sql"] for query in captured.captured_queries])
