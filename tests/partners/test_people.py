"""People on a partner's side: recorded with a post, found in any spelling, changed and archived."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Unit, User
from partners.actions.people import save_person
from partners.models import Partner, Person, Post
from tests.factories import make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
NEW = "/partners/people/new/"
LIST = "/partners/people/"


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def answers(**more: Any) -> dict[str, Any]:
    return {
        "full_name": "Bounthavy Keo", "name_order": "given_first", "confidentiality": "network",
        "post-partner": "", "post-title_vi": "", "post-title_en": "", "post-title_native": "", "post-rank": "100",
        "post-valid_from": "", "post-valid_to": "", **more,
    }  # fmt: skip


def record(client: Client, by: User, **more: Any) -> Any:
    client.force_login(by)
    return client.post(NEW, answers(**more))


def test_a_person_is_recorded_with_a_post(an: User, partner: Partner, nghe_an: Unit, client: Client) -> None:
    response = record(client, an, **{"post-partner": str(partner.public_id), "post-title_vi": "Chủ tịch", "post-valid_from": "01/01/2024"})

    person, post = Person.objects.get(), Post.objects.get()
    assert response["Location"] == person.get_absolute_url()
    assert (person.unit, person.created_by) == (nghe_an, an)
    assert (post.person, post.partner, post.title_vi, post.valid_from) == (person, partner, "Chủ tịch", date(2024, 1, 1))


def test_the_partner_and_its_country_come_filled_in(an: User, partner: Partner, client: Client) -> None:
    client.force_login(an)

    page = client.get(f"{NEW}?partner={partner.public_id}")

    assert f'name="post-partner" value="{partner.public_id}"' in page.content.decode()
    assert page.context["form"]["country"].value() == partner.country_id


def test_a_person_without_a_post_is_recorded_too(an: User, partner: Partner, client: Client) -> None:
    record(client, an, **{"post-partner": str(partner.public_id)})

    assert Person.objects.count() == 1
    assert not Post.objects.exists()


@pytest.mark.parametrize("words", ["keo", "bounthavy", "ບຸນ", "BOUNTHAVY KEO"])
def test_a_person_is_found_in_any_spelling(words: str, an: User, client: Client) -> None:
    save_person(Person(full_name="Bounthavy Keo", native_name="ບຸນທະວີ"), by=an)
    save_person(Person(full_name="Nguyễn Thị Hoa"), by=an)
    client.force_login(an)

    assert [row.full_name for row in client.get(LIST, {"q": words}).context["page"].rows] == ["Bounthavy Keo"]


def test_the_list_shows_todays_posts_and_pages(an: User, partner: Partner, client: Client) -> None:
    for number in range(55):
        person = save_person(Person(full_name=f"Người {number:02d}"), by=an)
        Post.objects.create(person=person, partner=partner, title_vi=f"Uỷ viên {number:02d}")
    client.force_login(an)

    first = get_counted(client, LIST, name="person list")
    second = client.get(f"{LIST}?cursor={first.context['page'].next_cursor}")

    assert "Uỷ viên 00" in first.content.decode()
    assert [row.full_name for row in second.context["page"].rows] == [f"Người {number:02d}" for number in range(50, 55)]


def test_the_page_shows_posts_and_how_to_address(an: User, partner: Partner, client: Client) -> None:
    person = save_person(
        Person(full_name="Bounthavy Keo", how_to_address="Đồng chí"), by=an, post=Post(partner=partner, title_vi="Chủ tịch")
    )
    client.force_login(an)

    page = get_counted(client, person.get_absolute_url(), name="person page").content.decode()

    for words in ("Bounthavy Keo", "Đồng chí", "Chủ tịch", partner.name):
        assert words in page


def test_a_post_is_added_ended_and_archived(an: User, partner: Partner, client: Client) -> None:
    person = save_person(Person(full_name="Bounthavy Keo"), by=an)
    client.force_login(an)
    sent = {"partner": str(partner.public_id), "title_vi": "Chủ tịch", "rank": "1", "valid_from": "01/01/2024"}

    assert client.post(f"{person.get_absolute_url()}posts/new/", sent)["Location"] == person.get_absolute_url()
    post = Post.objects.get()
    assert client.post(f"/partners/posts/{post.public_id}/edit/", {**sent, "valid_to": "01/01/2026"}).status_code == 302
    assert Post.objects.get().valid_to == date(2026, 1, 1)
    assert client.post(f"/partners/posts/{post.public_id}/archive/").status_code == 302
    assert Post.objects.get().is_archived
    assert "Chủ tịch" not in client.get(person.get_absolute_url()).content.decode()


def test_reading_a_restricted_person_is_traced(an: User, client: Client) -> None:
    person = save_person(Person(full_name="Người kín", confidentiality=Confidentiality.RESTRICTED), by=an)
    client.force_login(an)

    client.get(person.get_absolute_url())

    assert AuditEvent.objects.get(verb=AuditVerb.READ_RESTRICTED).subject_id == str(person.public_id)


def test_a_change_stands_in_the_history(an: User, client: Client) -> None:
    person = save_person(Person(full_name="Tên cũ"), by=an)
    client.force_login(an)

    client.post(f"{person.get_absolute_url()}edit/", answers(full_name="Tên mới", seen_revision="1"))

    history = client.get(f"{person.get_absolute_url()}history/").content.decode()
    assert "Tên cũ" in history
    assert "Tên mới" in history


def test_archiving_can_be_undone(an: User, client: Client) -> None:
    person = save_person(Person(full_name="Bounthavy Keo"), by=an)
    client.force_login(an)

    client.post(f"{person.get_absolute_url()}archive/")
    assert Person.objects.get().is_archived
    client.post(f"{person.get_absolute_url()}restore/")
    assert not Person.objects.get().is_archived


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", ""),
        ("full_name", "x" * 100_000),
        ("full_name", "a\x00b"),
        ("native_name", "a\x00b"),
        ("email", "không phải thư"),
        ("phone", "1" * 41),
        ("country", "9" * 40),
        ("protocol_notes", "x" * 100_000),
        ("confidentiality", "secret"),
        ("review_on", "30/02/2027"),
    ],
    ids=lambda value: value[:12],
)
def test_bad_input_is_refused_at_its_field_and_nothing_is_saved(field: str, value: str, an: User, client: Client) -> None:
    response = record(client, an, **{field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("partner", "abc"),
        ("partner", ""),
        ("valid_from", "31/02/2024"),
        ("valid_to", "01/01/2020"),
        ("rank", "-1"),
        ("title_en", "x" * 201),
    ],
    ids=lambda value: value[:12],
)
def test_a_bad_post_is_refused_and_the_person_is_not_half_saved(field: str, value: str, an: User, partner: Partner, client: Client) -> None:
    post = {"post-partner": str(partner.public_id), "post-title_vi": "Chủ tịch", "post-valid_from": "01/01/2024", f"post-{field}": value}

    response = record(client, an, **post)

    assert response.status_code == 422
    assert field in response.context["form"].post.errors
    assert not Person.objects.exists()


def test_a_viewer_may_not_record(dung: User, client: Client) -> None:
    assert record(client, dung).status_code == 403


def test_posts_of_people_of_another_unit_are_out_of_reach(an: User, chau: User, partner: Partner, client: Client) -> None:
    person = save_person(Person(full_name="Bounthavy Keo"), by=an, post=Post(partner=partner, title_vi="Chủ tịch"))
    client.force_login(chau)

    assert client.get(f"/partners/posts/{person.posts.get().public_id}/edit/").status_code == 404
    assert client.get(f"{person.get_absolute_url()}posts/new/").status_code == 404
