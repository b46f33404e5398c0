"""The working page of follow-ups: grouped by nearness, ticked off, put off and handed on in place, with undo."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.actions.follow_ups import save_follow_up
from activities.choices import FollowUpState
from activities.models import FollowUp
from crm.choices import Confidentiality
from crm.models import Notification, User
from partners.models import Partner
from tests.factories import make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
BOARD = "/activities/follow-ups/to-do/"


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def make(partner: Partner, by: User, text: str = "Gửi danh sách", **values: Any) -> FollowUp:
    return save_follow_up(FollowUp(text=text, partner=partner, assignee=values.pop("assignee", by), **values), by=by)


def act(client: Client, follow_up: FollowUp, **sent: Any) -> Any:
    return client.post(f"{follow_up.get_absolute_url()}act/", sent, headers={"HX-Request": "true"})


def groups(page: Any) -> dict[str, list[str]]:
    return {code: [row.text for row in rows] for code, _heading, _count, rows in page.context["groups"]}


def test_lines_stand_in_the_group_of_their_day(an: User, partner: Partner, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wednesday = date(2026, 11, 25)
    monkeypatch.setattr(timezone, "localdate", lambda *_: wednesday)
    for text, days in {"trễ": -1, "nay": 0, "chủ nhật": 4, "thứ hai": 5}.items():
        make(partner, an, text, due_on=wednesday + timedelta(days=days))
    make(partner, an, "không ngày")
    client.force_login(an)

    page = get_counted(client, BOARD, name="follow-up board")

    expected = {"overdue": ["trễ"], "today": ["nay"], "week": ["chủ nhật"], "later": ["thứ hai"], "undated": ["không ngày"]}
    assert groups(page) == expected


def test_a_sunday_has_no_rest_of_the_week(an: User, partner: Partner, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sunday = date(2026, 11, 29)
    monkeypatch.setattr(timezone, "localdate", lambda *_: sunday)
    make(partner, an, "nay", due_on=sunday)
    make(partner, an, "mai", due_on=sunday + timedelta(days=1))
    client.force_login(an)

    assert groups(client.get(BOARD)) == {"today": ["nay"], "later": ["mai"]}


def test_mine_are_mine_and_my_units_are_theirs_too(an: User, binh: User, chau: User, partner: Partner, client: Client) -> None:
    make(partner, an, "của An")
    make(partner, binh, "của Bình")
    make(partner, chau, "của Châu")
    client.force_login(an)

    assert groups(client.get(BOARD)) == {"undated": ["của An"]}
    assert groups(client.get(f"{BOARD}?whose=units")) == {"undated": ["của An", "của Bình"]}
    assert groups(client.get(f"{BOARD}?whose=all")) == {"undated": ["của An", "của Bình"]}


def test_a_tick_is_taken_back_by_what_the_answer_offers(an: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    client.force_login(an)

    answer = act(client, follow_up, do="done")
    assert FollowUp.objects.get().state == FollowUpState.DONE
    act(client, follow_up, **answer.context["undo"])

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.closed_at) == (FollowUpState.OPEN, None)


def test_it_is_put_off_by_a_week_from_today_when_overdue(an: User, partner: Partner, client: Client) -> None:
    today = timezone.localdate()
    follow_up = make(partner, an, due_on=today - timedelta(days=30))
    client.force_login(an)

    answer = act(client, follow_up, do="week")
    assert FollowUp.objects.get().due_on == today + timedelta(days=7)
    act(client, follow_up, **answer.context["undo"])

    assert FollowUp.objects.get().due_on == today - timedelta(days=30)


def test_it_is_put_off_to_a_day(an: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    client.force_login(an)

    assert act(client, follow_up, do="postpone", due_on="24/12/2027").status_code == 200
    assert act(client, follow_up, do="postpone", due_on="31/02/2027").status_code == 422

    assert FollowUp.objects.get().due_on == date(2027, 12, 24)


def test_a_colleague_is_told_of_what_was_handed_on(an: User, binh: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    client.force_login(an)

    answer = act(client, follow_up, do="hand", assignee=str(binh.public_id))

    assert FollowUp.objects.get().assignee == binh
    told = Notification.objects.get(user=binh)
    assert (told.text, told.link) == ("Nguyễn Văn An: Gửi danh sách", follow_up.get_absolute_url())
    act(client, follow_up, **answer.context["undo"])
    assert FollowUp.objects.get().assignee == an


def test_a_restricted_text_is_not_in_what_the_colleague_is_told(an: User, binh: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an, "Việc kín", confidentiality=Confidentiality.RESTRICTED)
    client.force_login(an)

    act(client, follow_up, do="hand", assignee=str(binh.public_id))

    assert "kín" not in Notification.objects.get(user=binh).text


def test_nothing_is_handed_to_a_closed_account(an: User, binh: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    User.objects.filter(pk=binh.pk).update(is_active=False)
    client.force_login(an)

    assert act(client, follow_up, do="hand", assignee=str(binh.public_id)).status_code == 422
    assert FollowUp.objects.get().assignee == an


def test_without_scripts_it_goes_back_to_the_page(an: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    client.force_login(an)

    answer = client.post(f"{follow_up.get_absolute_url()}act/?whose=units", {"do": "done"})

    assert answer["Location"] == f"{BOARD}?whose=units"


@pytest.mark.parametrize("sent", [{"do": "explode"}, {"do": "hand", "assignee": "\x00"}, {"do": "postpone", "due_on": "9" * 40}])
def test_impossible_requests_are_refused_and_change_nothing(sent: dict[str, str], an: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    client.force_login(an)

    assert act(client, follow_up, **sent).status_code == 422
    assert FollowUp.objects.get().revision == 1


def test_another_unit_gets_404(an: User, chau: User, partner: Partner, client: Client) -> None:
    follow_up = make(partner, an)
    client.force_login(chau)

    assert act(client, follow_up, do="done").status_code == 404
    assert client.get(f"{follow_up.get_absolute_url()}choices/").status_code == 404


def test_one_is_entered_from_anywhere_by_naming_the_partner(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    assert client.get("/activities/follow-ups/new/").status_code == 200

    sent = {"text": "Chúc mừng", "confidentiality": "unit"}
    assert client.post("/activities/follow-ups/new/", sent).status_code == 422
    client.post("/activities/follow-ups/new/", {**sent, "partner": str(partner.public_id)})

    assert FollowUp.objects.get().partner == partner


def test_nothing_to_do_says_what_to_do(an: User, client: Client) -> None:
    client.force_login(an)
    assert "empty" in client.get(BOARD).content.decode()
