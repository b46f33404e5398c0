"""Ends of agreements in the calendar, and what the night tells of them: once for each step, to those who keep them."""

from datetime import date, timedelta
from typing import Any

import pytest

from activities.actions.agreement_reminders import agreements_near
from activities.actions.agreements import end_agreement, renew_agreement, renewal_of
from activities.actions.reminders import remind
from activities.calendar.entries import EntryKind, Selection, Whose, entries
from activities.choices import AgreementState
from activities.models import Agreement
from crm.choices import Confidentiality, NotificationTopic
from crm.models import Notification, User
from partners.models import Partner
from tests.activities.agreeing import make_agreement
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner(country="CU")


def ending_in(days: int, partner: Partner, by: User, **values: Any) -> Agreement:
    return make_agreement(partner, by=by, valid_to=TODAY + timedelta(days=days + 1), **values)


def told(user: User) -> list[str]:
    lines = Notification.objects.filter(user=user, topic=NotificationTopic.AGREEMENT).order_by("id")
    return list(lines.values_list("text", flat=True))


def test_the_end_is_told_twelve_six_and_three_months_before_once_each(an: User, binh: User, chau: User, partner: Partner) -> None:
    ending_in(400, partner, an)
    counts = []
    for day in (0, 33, 34, 35, 216, 217, 218, 307, 308, 309, 400):
        remind(TODAY + timedelta(days=day))
        counts.append(len(told(an)))
    assert counts == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert len(told(binh)) == 3
    assert told(chau) == []
    assert "Bản ghi nhớ hợp tác" in told(an)[0]


def test_a_restricted_title_is_told_to_nobody(an: User, binh: User, partner: Partner) -> None:
    ending_in(50, partner, binh, title="Tên kín", confidentiality=Confidentiality.RESTRICTED)
    remind(TODAY)
    assert told(an) == []
    assert len(told(binh)) == 1
    assert "Tên kín" not in told(binh)[0]


def test_what_is_renewed_ended_or_negotiated_is_not_told_and_a_renewal_settles(an: User, partner: Partner) -> None:
    old = ending_in(50, partner, an)
    ended = ending_in(60, partner, an, title="Thôi")
    make_agreement(partner, by=an, title="Đàm phán", state=AgreementState.NEGOTIATED, signed_on=None, valid_to=TODAY)
    remind(TODAY)
    assert len(told(an)) == 2
    end_agreement(ended, by=an, on=TODAY, reason="Bạn đề nghị.")
    renewal, parties = renewal_of(old)
    renewal.state, renewal.signed_on, renewal.valid_from = AgreementState.SIGNED, date(2026, 11, 1), None
    renew_agreement(old, by=an, renewal=renewal, parties=parties)
    assert not Notification.objects.visible_to(an).unread().filter(topic=NotificationTopic.AGREEMENT).exists()
    assert not [telling for telling in agreements_near(TODAY) if telling.link == old.get_absolute_url()]


def test_a_renewal_whose_end_no_calendar_has_is_left_without_one(an: User, partner: Partner) -> None:
    old = make_agreement(partner, by=an, signed_on=date(1, 1, 1), valid_from=date(1, 1, 1), valid_to=date(9999, 12, 31))
    assert renewal_of(old)[0].valid_to is None


def test_the_calendar_shows_the_last_day_to_those_who_may_read(an: User, chau: User, ha: User, partner: Partner) -> None:
    ending_in(10, partner, an)

    def shown(user: User, whose: Whose = Whose.UNITS, *, outside: bool = False) -> list[date]:
        asked = Selection(user, TODAY, TODAY + timedelta(days=30), whose, kinds=frozenset({EntryKind.ENDING}), outside=outside)
        return [entry.on for entry in entries(asked)]

    assert shown(an) == [TODAY + timedelta(days=10)]
    assert shown(an, outside=True) == [TODAY + timedelta(days=10)]
    assert shown(an, Whose.MINE) == []
    assert shown(chau, Whose.ALL) == []
    assert shown(ha, Whose.ALL) == [TODAY + timedelta(days=10)]


def test_nothing_restricted_leaves_the_site(binh: User, partner: Partner) -> None:
    ending_in(10, partner, binh, confidentiality=Confidentiality.RESTRICTED)
    asked: dict[str, Any] = {"since": TODAY, "until": TODAY + timedelta(days=30), "kinds": frozenset({EntryKind.ENDING})}
    assert len(entries(Selection(binh, **asked))) == 1
    assert entries(Selection(binh, **asked, outside=True)) == []
