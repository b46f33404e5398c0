"""What the night tells people, once each; and who is left in peace."""

from datetime import date, timedelta
from typing import Any

import pytest

from activities.actions.follow_ups import close_follow_up, save_follow_up
from activities.actions.reminders import remind
from activities.choices import FollowUpState
from activities.models import FollowUp, Occasion
from crm.choices import Confidentiality, NotificationTopic
from crm.models import Notification, Unit, User
from partners.models import Partner, Person, Post, Registration
from tests.factories import make_exchange, make_partner, make_steward
from tests.query_counts import check_count

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)  # A Tuesday.


def told(user: User, topic: NotificationTopic) -> list[str]:
    return list(Notification.objects.filter(user=user, topic=topic).order_by("id").values_list("text", flat=True))


def make_due(partner: Partner, by: User, due_on: date, **values: Any) -> FollowUp:
    return save_follow_up(FollowUp(text="Gửi danh sách", partner=partner, due_on=due_on, **values), by=by)


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner(country="CU")


def test_what_is_due_is_told_to_whoever_has_it(an: User, binh: User, partner: Partner) -> None:
    make_due(partner, an, TODAY, assignee=binh)
    make_due(partner, an, TODAY + timedelta(days=1), assignee=an)

    remind(TODAY)

    (text,) = told(binh, NotificationTopic.FOLLOW_UP)
    assert text.endswith(": Gửi danh sách")
    assert told(an, NotificationTopic.FOLLOW_UP) == []


def test_what_nobody_has_is_told_to_the_officers_of_the_unit(an: User, binh: User, chau: User, dung: User, partner: Partner) -> None:
    make_due(partner, an, TODAY)

    remind(TODAY)

    assert [len(told(user, NotificationTopic.FOLLOW_UP)) for user in (an, binh, chau, dung)] == [1, 1, 0, 0]


def test_a_run_repeated_tells_nobody_twice_and_an_overdue_one_comes_back_weekly(an: User, partner: Partner) -> None:
    make_due(partner, an, TODAY, assignee=an)

    for days in (0, 0, 1, 2, 6, 7, 8, 13, 14):
        remind(TODAY + timedelta(days=days))

    assert len(told(an, NotificationTopic.FOLLOW_UP)) == 4


def test_a_restricted_text_is_told_to_nobody(an: User, binh: User, nghe_an: Unit, partner: Partner) -> None:
    make_due(partner, binh, TODAY, confidentiality=Confidentiality.RESTRICTED)

    remind(TODAY)

    assert told(an, NotificationTopic.FOLLOW_UP) == []
    assert len(told(binh, NotificationTopic.FOLLOW_UP)) == 1
    assert "Gửi danh sách" not in told(binh, NotificationTopic.FOLLOW_UP)[0]


def test_a_tick_settles_what_was_told(an: User, partner: Partner) -> None:
    follow_up = make_due(partner, an, TODAY, assignee=an)
    remind(TODAY)

    close_follow_up(follow_up, by=an, state=FollowUpState.DONE)

    assert not Notification.objects.visible_to(an).unread().exists()


def test_an_occasion_near_is_told_to_those_who_keep_a_partner_there(an: User, chau: User, nghe_an: Unit, partner: Partner) -> None:
    make_steward(partner, nghe_an, officer=an)
    occasion = Occasion.objects.get(code="relations-cu")

    remind(date(2026, 11, 17))
    assert told(an, NotificationTopic.OCCASION) == []
    remind(date(2026, 11, 18))
    remind(date(2026, 11, 19))

    (text,) = told(an, NotificationTopic.OCCASION)
    assert "02/12/2026" in text
    assert occasion.name_vi in text
    assert "66" in text
    assert told(chau, NotificationTopic.OCCASION) == []


def test_terms_and_certificates_are_told_at_six_months_and_at_three(an: User, nghe_an: Unit, partner: Partner) -> None:
    make_steward(partner, nghe_an, officer=an)
    person = Person.objects.create(full_name="Rosa Delgado")
    Post.objects.create(person=person, partner=partner, title_en="Ambassador", valid_to=date(2027, 6, 1))
    Registration.objects.create(partner=partner, number="123", valid_to=date(2027, 6, 1))

    for day in (date(2026, 11, 24), date(2026, 11, 30), date(2026, 12, 1), date(2027, 2, 1), date(2027, 3, 1), date(2027, 3, 20)):
        remind(day)

    texts = [text for text in told(an, NotificationTopic.OCCASION) if "31/05/2027" in text]
    assert len(texts) == 4
    assert sum("Rosa Delgado" in text for text in texts) == 2


def test_a_renewed_certificate_and_a_restricted_person_are_told_to_nobody(an: User, nghe_an: Unit, partner: Partner) -> None:
    make_steward(partner, nghe_an, officer=an)
    old = Registration.objects.create(partner=partner, number="1", valid_to=date(2027, 1, 1))
    Registration.objects.create(partner=partner, number="2", valid_from=date(2027, 1, 1), valid_to=date(2030, 1, 1), renews=old)
    person = Person.objects.create(full_name="Kín", confidentiality=Confidentiality.RESTRICTED)
    Post.objects.create(person=person, partner=partner, title_en="Ambassador", valid_to=date(2027, 1, 1))

    remind(TODAY)

    assert [text for text in told(an, NotificationTopic.OCCASION) if "2026" not in text] == []
    assert not Notification.objects.filter(text__contains="Kín").exists()


def test_exchanges_to_complete_are_told_on_mondays(an: User, partner: Partner) -> None:
    make_exchange(partner, by=an, on=date(2026, 11, 2))

    remind(TODAY)
    assert told(an, NotificationTopic.TIDY_UP) == []
    remind(date(2026, 11, 30))

    assert len(told(an, NotificationTopic.TIDY_UP)) == 1


def test_the_number_of_statements_does_not_grow_with_what_is_told(
    an: User, binh: User, nghe_an: Unit, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        partner = make_partner(f"Đối tác {number}", country="CU")
        make_steward(partner, nghe_an, officer=an)
        make_due(partner, an, TODAY)

    with django_assert_max_num_queries(20) as captured:
        remind(date(2026, 11, 24))

    check_count("nightly reminders", [query["sql"] for query in captured.captured_queries])
