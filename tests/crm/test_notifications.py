"""The bell, its page, and what people choose for themselves."""

from typing import Any

import pytest
from django.test import Client

from crm.actions.notifications import notify, settle
from crm.choices import NotificationTopic
from crm.models import Notification, User
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
PAGE = "/notifications/"


def tell(user: User, key: str = "a", **values: Any) -> Notification:
    notify([user], topic=NotificationTopic.JOB, key=key, text=f"Việc {key}", **values)
    return Notification.objects.get(user=user, key=key)


def test_the_bell_counts_what_is_unread(an: User, binh: User, client: Client) -> None:
    tell(an, "a")
    tell(an, "b")
    tell(binh, "c")
    client.force_login(an)

    page = get_counted(client, PAGE, name="notification list")

    assert '<span class="count" aria-hidden="true">2</span>' in page.content.decode()
    assert [line.key for line in page.context["page"].rows] == ["b", "a"]


def test_what_was_told_once_is_not_told_again(an: User) -> None:
    tell(an, "a")
    tell(an, "a")
    assert Notification.objects.count() == 1


def test_opening_one_reads_it_and_goes_where_it_points(an: User, client: Client) -> None:
    line = tell(an, link="/partners/")
    client.force_login(an)

    assert client.get(f"{PAGE}{line.pk}/")["Location"] == "/partners/"
    assert not Notification.objects.visible_to(an).unread().exists()


def test_a_link_to_another_site_is_not_followed(an: User, client: Client) -> None:
    line = tell(an, link="//elsewhere.example/")
    client.force_login(an)

    assert client.get(f"{PAGE}{line.pk}/")["Location"] == PAGE


def test_nobody_reads_or_marks_the_lines_of_others(an: User, binh: User, client: Client) -> None:
    line = tell(binh, link="/partners/")
    client.force_login(an)

    assert client.get(f"{PAGE}{line.pk}/")["Location"] == PAGE
    client.post(f"{PAGE}mark/", {"line": str(line.pk)})

    assert Notification.objects.visible_to(binh).unread().exists()


def test_all_are_marked_and_it_is_taken_back(an: User, client: Client) -> None:
    lines = [tell(an, key) for key in "ab"]
    client.force_login(an)

    answer = client.post(f"{PAGE}mark/", {"all": "1"}, headers={"HX-Request": "true"})
    assert not Notification.objects.unread().exists()
    client.post(f"{PAGE}mark/", {"unread": "1", "line": [str(pk) for pk in answer.context["undone"]]})

    assert Notification.objects.unread().count() == len(lines)


def test_a_broken_number_or_cursor_changes_nothing(an: User, client: Client) -> None:
    tell(an)
    client.force_login(an)

    assert client.post(f"{PAGE}mark/", {"line": ["x", "9" * 30, "٣"]})["Location"] == PAGE
    assert client.get(f"{PAGE}?cursor=xyz")["Location"] == PAGE
    assert Notification.objects.unread().count() == 1


def test_settling_closes_only_what_is_about_the_matter(an: User) -> None:
    tell(an, "follow-up:1:due")
    tell(an, "follow-up:11:due")

    assert settle([an], key="follow-up:1:") == 1
    assert Notification.objects.unread().get().key == "follow-up:11:due"


def test_preferences_are_saved_and_the_language_follows_at_once(an: User, client: Client) -> None:
    User.objects.filter(pk=an.pk).update(email="an@example.org")
    client.force_login(an)

    answer = client.post("/preferences/", {"language": "en", "digest": "weekly"})

    an.refresh_from_db()
    assert (an.language, an.digest, an.single_key_shortcuts) == ("en", "weekly", False)
    assert "My settings" in client.get(answer["Location"]).content.decode()


def test_a_digest_needs_an_address(an: User, client: Client) -> None:
    client.force_login(an)

    answer = client.post("/preferences/", {"language": "vi", "digest": "daily"})

    assert answer.status_code == 422
    assert "digest" in answer.context["form"].errors
    an.refresh_from_db()
    assert an.digest == "never"


def test_a_rhythm_that_is_none_is_refused(an: User, client: Client) -> None:
    client.force_login(an)
    assert client.post("/preferences/", {"language": "vi", "digest": "hourly"}).status_code == 422
