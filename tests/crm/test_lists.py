"""Choosing columns and order, saving views of lists, and being told of rows that enter them."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils.http import urlencode

from crm import tasks
from crm.actions import saved_views
from crm.choices import ViewAudience
from crm.models import Notification, SavedView, User, ViewSubscription
from partners.choices import PartnerStatus
from partners.models import Partner, Person
from tests.factories import make_partner, make_user

pytestmark = pytest.mark.django_db
LIST = "/partners/"
NOUN = "partners:partner-list"


@pytest.fixture
def partners(reference_data: None) -> list[Partner]:
    days = {"Bạn bè": date(2026, 3, 1), "Anh em": None, "Cầu nối": date(2025, 1, 1), "Đồng chí": date(2026, 3, 1)}
    return [make_partner(name, last_contact_on=day) for name, day in days.items()]


def names_on(response: Any) -> list[str]:
    return [row.name for row in response.context["page"].rows]


def heads_on(response: Any) -> list[str]:
    return [head.column.name for head in response.context["heads"]]


def make_view(by: User, **values: Any) -> SavedView:
    given = {"noun": NOUN, "name": "Tạm lắng", "query": "status=dormant", "columns": ["name", "status"], "order": "-last_contact"}
    return saved_views.save_view(SavedView(**{**given, **values}), by=by)


def test_columns_and_their_order_are_the_readers_and_stand_in_the_address(an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)

    assert heads_on(client.get(f"{LIST}?columns=name,status,city")) == ["name", "status", "city"]
    assert heads_on(client.get(f"{LIST}?columns=city&columns=status")) == ["name", "city", "status"]
    assert heads_on(client.get(f"{LIST}?columns=nonsense")) == heads_on(client.get(LIST))


def test_a_filter_form_sent_without_script_leaves_what_was_not_chosen_alone(an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)
    partners[0].status = PartnerStatus.DORMANT
    partners[0].save()

    sent = "kind=&family=&country=&tier=&tier_on=&field=&steward=&active_on=&silent_since=&archived="

    assert names_on(client.get(f"{LIST}?{sent}&status=dormant")) == ["Bạn bè"]
    assert client.get(f"/activities/?{sent}&status=").status_code == 200


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["Anh em", "Bạn bè", "Cầu nối", "Đồng chí"]),
        ("-name", ["Đồng chí", "Cầu nối", "Bạn bè", "Anh em"]),
        ("last_contact", ["Anh em", "Cầu nối", "Bạn bè", "Đồng chí"]),
        ("-last_contact", ["Đồng chí", "Bạn bè", "Cầu nối", "Anh em"]),
        ("kind", ["Anh em", "Bạn bè", "Cầu nối", "Đồng chí"]),
    ],
)
def test_rows_are_sorted_with_a_place_for_those_without_a_value(
    order: str, expected: list[str], an: User, partners: list[Partner], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partners.views.lists import PartnerList

    monkeypatch.setattr(PartnerList, "page_size", 2)
    client.force_login(an)

    first = client.get(LIST, {"order": order})
    second = client.get(LIST, {"order": order, "cursor": first.context["page"].next_cursor})
    back = client.get(LIST, {"order": order, "cursor": second.context["page"].previous_cursor})

    assert [*names_on(first), *names_on(second)] == expected
    assert names_on(back) == expected[:2]


def test_the_head_says_how_it_is_sorted_and_turns_it_round(an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)

    page = client.get(f"{LIST}?order=-name&status=active").content.decode()

    assert 'aria-sort="descending"><a href="/partners/?order=name&amp;status=active">' in page
    assert '<caption id="rows-caption"' in page


def test_a_saved_view_opens_by_its_address_and_parameters_override_it(an: User, partners: list[Partner], client: Client) -> None:
    Partner.objects.filter(name__in=["Bạn bè", "Cầu nối"]).update(status=PartnerStatus.DORMANT)
    view = make_view(an)
    client.force_login(an)

    page = client.get(view.get_absolute_url())

    assert names_on(page) == ["Bạn bè", "Cầu nối"]
    assert heads_on(page) == ["name", "status"]
    assert [chip.remove_url for chip in page.context["chips"]] == [f"/partners/?view={view.public_id}&status="]
    assert len(names_on(client.get(f"{view.get_absolute_url()}&status="))) == 4
    assert names_on(client.get(f"{view.get_absolute_url()}&order=last_contact")) == ["Cầu nối", "Bạn bè"]


def test_a_view_is_saved_edited_pinned_and_archived_on_the_pages(an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)
    look = urlencode({"list": NOUN, "query": "status=active", "columns": "name,city", "order": "-name"})
    assert client.get(f"/views/new/?{look}").status_code == 200

    answer = client.post(f"/views/new/?{look}", {"name": "Đang quan hệ", "audience": "private"})

    view = SavedView.objects.get()
    assert answer["Location"] == view.get_absolute_url()
    assert (view.query, view.columns, view.order) == ("status=active", ["name", "city"], "-name")
    client.post(f"/views/{view.public_id}/pin/")
    assert f'<a href="{view.get_absolute_url()}">Đang quan hệ' in client.get(LIST).content.decode()
    client.post(f"/views/{view.public_id}/edit/?{look}", {"name": "Bạn cũ", "audience": "private", "seen_revision": 1})
    view.refresh_from_db()
    assert view.name == "Bạn cũ"
    client.post(f"/views/{view.public_id}/archive/")
    assert client.get(view.get_absolute_url()).status_code == 404


def test_a_view_is_shared_with_a_unit_or_everyone_and_never_widens_a_scope(
    an: User, binh: User, chau: User, ha: User, nghe_an: Any, client: Client
) -> None:
    Person.objects.create(full_name="Người của Nghệ An", unit=nghe_an, confidentiality="unit")
    people = {"noun": "partners:person-list", "query": "", "columns": [], "order": ""}
    of_unit = make_view(an, audience=ViewAudience.UNIT, unit=nghe_an, **people)
    of_all = make_view(ha, audience=ViewAudience.EVERYONE, **people)

    client.force_login(chau)
    assert client.get(of_unit.get_absolute_url()).status_code == 404
    assert client.get(of_all.get_absolute_url()).context["page"].rows == []
    client.force_login(binh)
    assert len(client.get(of_unit.get_absolute_url()).context["page"].rows) == 1


@pytest.mark.parametrize("sent", [{"audience": "everyone"}, {"audience": "unit", "unit": "PU-22"}, {"name": ""}, {"name": "a\x00b"}])
def test_a_view_for_others_than_ones_own_is_refused(sent: dict[str, str], an: User, quang_ninh: Any, client: Client) -> None:
    client.force_login(an)

    answer = client.post(f"/views/new/?list={NOUN}&query=", {"name": "Của tôi", "audience": "private", **sent})

    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_a_view_whose_filters_make_no_sense_any_more_says_so(an: User, client: Client) -> None:
    view = make_view(an)
    SavedView.objects.update(query="status=lost")
    client.force_login(an)

    page = client.get(view.get_absolute_url())

    assert page.status_code == 422
    assert view.name in page.content.decode()


def test_a_subscriber_is_told_once_how_many_rows_entered(an: User, partners: list[Partner], client: Client) -> None:
    view = make_view(an)
    client.force_login(an)
    client.post(f"/views/{view.public_id}/subscribe/")

    tasks.tell_of_entries()
    assert not Notification.objects.exists()
    Partner.objects.filter(name__in=["Bạn bè", "Cầu nối"]).update(status=PartnerStatus.DORMANT)
    tasks.tell_of_entries()
    tasks.tell_of_entries()

    told = Notification.objects.get()
    assert (told.user, told.link) == (an, view.get_absolute_url())
    assert "2" in told.text
    client.post(f"/views/{view.public_id}/subscribe/")
    assert not ViewSubscription.objects.exists()


def test_a_subscriber_is_told_only_of_what_is_in_the_own_scope(an: User, chau: User, ha: User, nghe_an: Any) -> None:
    view = make_view(ha, noun="partners:person-list", query="", columns=[], order="", audience=ViewAudience.EVERYONE)
    for user in (an, chau):
        saved_views.toggle_subscription(view, by=user)
    Person.objects.create(full_name="Người của Nghệ An", unit=nghe_an, confidentiality="unit")

    tasks.tell_of_entries()

    assert [told.user for told in Notification.objects.all()] == [an]


def test_a_view_that_cannot_be_watched_any_more_is_given_up_with_a_word(
    an: User, partners: list[Partner], monkeypatch: pytest.MonkeyPatch
) -> None:
    view = make_view(an, query="")
    monkeypatch.setattr(saved_views, "MOST_WATCHED", 4)
    saved_views.toggle_subscription(view, by=an)
    make_partner("Một đối tác nữa")

    tasks.tell_of_entries()

    assert not ViewSubscription.objects.exists()
    assert view.name in Notification.objects.get().text


def test_a_chip_tells_a_record_by_its_name_to_those_who_may_see_it(an: User, partners: list[Partner], client: Client) -> None:
    client.force_login(an)

    page = client.get(f"/partners/people/?partner={partners[0].public_id}&country=LA&country=CU")

    chips = [(str(chip.operator), chip.value) for chip in page.context["chips"]]
    assert ("là", "Bạn bè") in chips or ("is", "Bạn bè") in chips
    assert len(chips) == 3


@pytest.mark.parametrize("address", ["?view=nonsense", "?view=00000000-0000-0000-0000-000000000000"])
def test_a_view_that_is_not_there_is_not_found(address: str, an: User, client: Client) -> None:
    client.force_login(an)

    assert client.get(LIST + address).status_code == 404


def test_an_inactive_subscriber_is_not_told(partners: list[Partner], nghe_an: Any) -> None:
    leaving = make_user("di", unit=nghe_an)
    saved_views.toggle_subscription(make_view(leaving, query=""), by=leaving)
    User.objects.filter(pk=leaving.pk).update(is_active=False)
    make_partner("Mới")

    tasks.tell_of_entries()

    assert not Notification.objects.exists()
