"""Entering, ticking off and finding what is to be done."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.actions.follow_ups import save_follow_up
from activities.choices import FollowUpState
from activities.models import FollowUp
from crm.choices import Confidentiality
from crm.models import User
from partners.models import Partner
from tests.factories import make_exchange, make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
NEW = "/activities/follow-ups/new/"
LIST = "/activities/follow-ups/"


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def make_follow_up(partner: Partner, by: User, text: str = "Gửi danh sách", **values: Any) -> FollowUp:
    return save_follow_up(FollowUp(text=text, partner=partner, **values), by=by)


def test_one_is_entered_from_a_partner_for_oneself(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)
    sent = {"text": "Gửi danh sách", "due_on": "31/12/2026", "assignee": str(an.public_id), "confidentiality": "unit"}

    response = client.post(f"{NEW}?partner={partner.public_id}", sent)

    follow_up = FollowUp.objects.get()
    assert response["Location"] == partner.get_absolute_url()
    assert (follow_up.partner, follow_up.assignee, follow_up.due_on) == (partner, an, date(2026, 12, 31))


def test_one_after_an_exchange_belongs_to_its_host_unit(khoa: User, an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=date(2026, 11, 2))
    client.force_login(khoa)

    client.post(f"{NEW}?exchange={exchange.public_id}", {"text": "Cảm ơn", "confidentiality": "unit"})

    assert FollowUp.objects.get().unit == exchange.host_unit


def test_one_after_a_restricted_exchange_is_restricted(an: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=date(2026, 11, 2), confidentiality=Confidentiality.RESTRICTED)
    client.force_login(an)

    client.post(f"{NEW}?exchange={exchange.public_id}", {"text": "Kín", "confidentiality": "network"})

    assert FollowUp.objects.get().confidentiality == Confidentiality.RESTRICTED


def test_the_list_has_open_ones_the_nearest_day_first_and_those_without_a_day_last(an: User, partner: Partner, client: Client) -> None:
    make_follow_up(partner, an, "Không hạn")
    make_follow_up(partner, an, "Sau", due_on=date(2027, 1, 1))
    make_follow_up(partner, an, "Trước", due_on=date(2026, 12, 1))
    make_follow_up(partner, an, "Xong", due_on=date(2026, 12, 2), state=FollowUpState.DONE, closed_at=timezone.now())
    client.force_login(an)

    page = get_counted(client, client.get(LIST)["Location"], name="follow-up list")

    assert [row.text for row in page.context["page"].rows] == ["Trước", "Sau", "Không hạn"]


def test_the_list_pages_across_those_without_a_day(an: User, partner: Partner, client: Client) -> None:
    for number in range(55):
        make_follow_up(partner, an, f"Việc {number}", due_on=None if number > 40 else date(2026, 12, 1) + timedelta(days=number))
    client.force_login(an)

    first = client.get(f"{LIST}?state=open")
    second = client.get(f"{LIST}?state=open&cursor={first.context['page'].next_cursor}")

    assert [row.text for row in second.context["page"].rows] == [f"Việc {number}" for number in range(50, 55)]


def test_overdue_and_mine_are_found(an: User, binh: User, partner: Partner, client: Client) -> None:
    make_follow_up(partner, an, "Trễ", due_on=timezone.localdate() - timedelta(days=1), assignee=binh)
    make_follow_up(partner, an, "Của tôi", due_on=timezone.localdate(), assignee=an)
    client.force_login(an)

    assert [row.text for row in client.get(f"{LIST}?overdue=true").context["page"].rows] == ["Trễ"]
    assert [row.text for row in client.get(f"{LIST}?state=open&mine=true").context["page"].rows] == ["Của tôi"]


def test_a_tick_closes_it_in_its_line(an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an)
    client.force_login(an)

    response = client.post(f"{follow_up.get_absolute_url()}close/", {"state": "done"}, headers={"HX-Request": "true"})

    assert response.content.decode().strip().startswith("<li")
    closed = FollowUp.objects.get()
    assert closed.state == FollowUpState.DONE
    assert closed.closed_at is not None


def test_it_is_dropped_with_a_remark_and_opened_again(an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an)
    client.force_login(an)

    response = client.post(f"{follow_up.get_absolute_url()}close/", {"state": "dropped", "remark": "Bạn đổi kế hoạch"})
    assert response["Location"] == follow_up.get_absolute_url()
    assert "Bạn đổi kế hoạch" in get_counted(client, follow_up.get_absolute_url(), name="follow-up page").content.decode()

    client.post(f"{follow_up.get_absolute_url()}close/", {"state": "open"})
    assert FollowUp.objects.get().closed_at is None


def test_a_change_is_saved(an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an)
    client.force_login(an)

    client.post(f"{follow_up.get_absolute_url()}edit/", {"text": "Gửi lại", "confidentiality": "unit", "seen_revision": "1"})

    assert FollowUp.objects.get().text == "Gửi lại"


def test_the_partner_page_lists_those_about_it_and_about_its_exchanges(an: User, partner: Partner, client: Client) -> None:
    make_follow_up(partner, an, "Về đối tác")
    make_exchange(partner, by=an, on=date(2026, 11, 2), follow_up=FollowUp(text="Sau buổi làm việc"))
    client.force_login(an)

    page = get_counted(client, f"/activities/partners/{partner.public_id}/follow-ups/", name="partner follow-ups").content.decode()

    assert "Về đối tác" in page
    assert "Sau buổi làm việc" in page


def test_an_exchange_out_of_scope_is_not_named_by_its_follow_up(an: User, chau: User, partner: Partner, client: Client) -> None:
    exchange = make_exchange(partner, by=an, on=date(2026, 11, 2), title="Chỉ trong đơn vị")
    follow_up = save_follow_up(FollowUp(text="Nhờ Châu giúp", exchange=exchange, assignee=chau), by=an)
    client.force_login(chau)

    page = client.get(follow_up.get_absolute_url()).content.decode()

    assert "Nhờ Châu giúp" in page
    assert "Chỉ trong đơn vị" not in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", ""),
        ("text", "x" * 501),
        ("text", "a\x00b"),
        ("due_on", "31/02/2026"),
        ("assignee", "abc"),
        ("assignee", "\x00"),
        ("remark", "x" * 100_000),
    ],
    ids=lambda value: value[:8],
)
def test_bad_input_is_refused_at_its_field(field: str, value: str, an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    response = client.post(f"{NEW}?partner={partner.public_id}", {"text": "Việc", "confidentiality": "unit", field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize("query", ["?partner=abc", "?partner=00000000-0000-7000-8000-000000000000", "?exchange=%00"])
def test_one_about_nothing_is_not_found(query: str, an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get(f"{NEW}{query}").status_code == 404


def test_an_impossible_state_is_refused(an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an)
    client.force_login(an)

    assert client.post(f"{follow_up.get_absolute_url()}close/", {"state": "lost"}).status_code == 422
    assert client.get(f"{follow_up.get_absolute_url()}close/").status_code == 405


def test_a_viewer_may_not_tick(dung: User, an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an)
    client.force_login(dung)

    assert client.post(f"{follow_up.get_absolute_url()}close/", {"state": "done"}).status_code == 403
    assert client.get(f"{NEW}?partner={partner.public_id}").status_code == 403


def test_another_unit_may_not_tick(chau: User, an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an, confidentiality=Confidentiality.NETWORK)
    client.force_login(chau)

    assert client.get(follow_up.get_absolute_url()).status_code == 200
    assert client.post(f"{follow_up.get_absolute_url()}close/", {"state": "done"}).status_code == 404


def test_an_archived_one_can_be_restored(an: User, partner: Partner, client: Client) -> None:
    follow_up = make_follow_up(partner, an)
    address = follow_up.get_absolute_url()
    client.force_login(an)

    client.post(f"{address}archive/")
    assert FollowUp.objects.get().is_archived
    assert f"{address}restore/" in client.get(address).content.decode()
    client.post(f"{address}restore/")
    assert not FollowUp.objects.get().is_archived
