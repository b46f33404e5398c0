"""Posts handed over, notes kept at their level, consent withdrawn: what a desk does with people."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from activities.actions.follow_ups import save_follow_up
from activities.models import FollowUp
from crm.actions.undoing import undo_change_set
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, Country, User
from partners.actions.consent import keep_the_least
from partners.actions.merges import merge_people
from partners.actions.notes import save_note
from partners.actions.people import save_person
from partners.actions.succession import name_successor
from partners.choices import Consent, NoteKind
from partners.models import Partner, Person, PersonNote, Post, Stewardship
from tests.factories import make_partner, make_steward

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


@pytest.fixture
def partner(an: User, nghe_an: Any) -> Partner:
    partner = make_partner()
    make_steward(partner, nghe_an)
    return partner


@pytest.fixture
def chair(an: User, partner: Partner) -> Post:
    laos = Country.objects.get(alpha2="LA")
    post = Post(partner=partner, title_vi="Chủ tịch", title_en="President", rank=1, valid_from=date(2021, 1, 1))
    save_person(Person(full_name="Bounmy Vongsa", country=laos), by=an, post=post)
    return post


def hand_over(client: Client, post: Post, **sent: str) -> Any:
    answers = {"on": "01/03/2026", "title_vi": post.title_vi, "title_en": post.title_en, "title_native": "", **sent}
    return client.post(f"/partners/posts/{post.public_id}/succession/", answers)


# --- Succession --------------------------------------------------------------------------------------


def test_a_post_ends_and_a_new_person_follows_in_one_step(chair: Post, partner: Partner, an: User, client: Client) -> None:
    save_follow_up(FollowUp(text="Gửi danh sách", partner=partner, assignee=an), by=an)
    client.force_login(an)

    response = hand_over(client, chair, full_name="Somchit Keola")

    chair.refresh_from_db()
    following = chair.successors.get()
    assert response["Location"] == following.person.get_absolute_url()
    assert chair.valid_to == following.valid_from == DAY
    assert (following.title_vi, following.title_en, following.rank, following.partner) == ("Chủ tịch", "President", 1, partner)
    assert (following.person.given_name, following.person.family_name) == ("Somchit", "Keola")
    assert following.person.country == chair.person.country
    assert FollowUp.objects.get().assignee == an
    assert Stewardship.objects.filter(partner=partner, valid_to=None).count() == 1


def test_both_people_and_the_timeline_show_the_succession(chair: Post, partner: Partner, an: User, client: Client) -> None:
    following = name_successor(chair, successor=Person(full_name="Somchit Keola"), on=DAY, by=an)
    client.force_login(an)

    assert "Somchit Keola" in client.get(chair.person.get_absolute_url()).content.decode()
    assert "Bounmy Vongsa" in client.get(following.person.get_absolute_url()).content.decode()
    timeline = client.get(f"/activities/partners/{partner.public_id}/timeline/?sort=post").content.decode()
    assert timeline.count("Bounmy Vongsa") == 2, "took up and left the post"
    assert "Somchit Keola" in timeline


def test_somebody_known_may_follow(chair: Post, an: User, client: Client) -> None:
    known = save_person(Person(full_name="Somchit Keola"), by=an)
    client.force_login(an)

    assert hand_over(client, chair, successor=str(known.public_id), title_vi="Quyền Chủ tịch").status_code == 302
    assert chair.successors.get().title_vi == "Quyền Chủ tịch"
    assert Person.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "successor"),
        ({"full_name": "A", "on": "01/01/2021"}, "on"),
        ({"full_name": "A", "on": ""}, "on"),
        ({"successor": "x\x00"}, "successor"),
    ],
)
def test_a_succession_that_cannot_be_saves_nothing(sent: dict[str, str], field: str, chair: Post, an: User, client: Client) -> None:
    client.force_login(an)

    response = hand_over(client, chair, **sent)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    chair.refresh_from_db()
    assert (chair.valid_to, Person.objects.count()) == (None, 1)


def test_a_namesake_is_asked_about_first(chair: Post, an: User, client: Client) -> None:
    save_person(Person(full_name="Sômchit  Keola"), by=an)
    client.force_login(an)

    assert hand_over(client, chair, full_name="Somchit Keola").status_code == 422
    assert hand_over(client, chair, full_name="Somchit Keola", overrule_warnings="on").status_code == 302


def test_there_is_one_successor_and_nobody_succeeds_oneself(chair: Post, an: User) -> None:
    with pytest.raises(ValidationError):
        name_successor(chair, successor=chair.person, on=DAY, by=an)
    name_successor(chair, successor=Person(full_name="Somchit Keola"), on=DAY, by=an)
    with pytest.raises(ValidationError):
        name_successor(chair, successor=Person(full_name="Ba"), on=DAY, by=an)
    assert Person.objects.count() == 2


def test_another_unit_hands_nothing_over(chair: Post, chau: User, client: Client) -> None:
    client.force_login(chau)

    assert hand_over(client, chair, full_name="A").status_code == 404
    with pytest.raises(PermissionDenied):
        name_successor(chair, successor=Person(full_name="A"), on=DAY, by=chau)


# --- Notes -------------------------------------------------------------------------------------------


def keep(person: Person, by: User, text: str, level: str = Confidentiality.UNIT) -> PersonNote:
    return save_note(PersonNote(person=person, kind=NoteKind.GIFT_GIVEN, text=text, confidentiality=level), by=by)


def test_each_reads_the_notes_of_the_own_level(chair: Post, an: User, binh: User, chau: User, dung: User, ha: User, client: Client) -> None:
    for level in Confidentiality.values:
        keep(chair.person, an, f"Tranh sơn mài {level}", level)
    expected = {
        an: {"network", "unit", "restricted"},
        binh: {"network", "unit", "restricted"},
        dung: {"network", "unit"},
        chau: {"network"},
    }

    for user, levels in {**expected, ha: {"network", "unit", "restricted"}}.items():
        client.force_login(user)
        page = client.get(chair.person.get_absolute_url()).content.decode()
        assert {level for level in Confidentiality.values if f"Tranh sơn mài {level}" in page} == levels, user


def test_reading_a_restricted_note_leaves_a_trace_without_its_text(chair: Post, an: User, client: Client) -> None:
    note = keep(chair.person, an, "đang ốm nặng", Confidentiality.RESTRICTED)
    keep(chair.person, an, "thích trà", Confidentiality.UNIT)
    client.force_login(an)

    client.get(chair.person.get_absolute_url())

    traced = AuditEvent.objects.get(verb=AuditVerb.READ_RESTRICTED)
    assert traced.subject_id == str(note.public_id)
    assert "ốm" not in f"{traced.subject}{traced.details}"


def test_a_note_stands_nowhere_but_on_the_page_of_its_person(chair: Post, partner: Partner, an: User, client: Client) -> None:
    keep(chair.person, an, "nhạy cảm về biên giới", Confidentiality.NETWORK)
    chair.person.protocol_notes = "ngồi bên phải"
    save_person(chair.person, by=an)
    client.force_login(an)
    person = chair.person.get_absolute_url()

    for address in ("/partners/people/", f"{person}vcard/", f"{partner.get_absolute_url()}vcards/", "/partners/people/options/?q=bounmy"):
        page = b"".join(client.get(address)).decode()
        assert "Bounmy" in page, address
        assert "nhạy cảm" not in page, address
        assert "bên phải" not in page, address
    assert not Person.objects.search("nhạy cảm").exists()
    assert "nhạy cảm" not in client.get(partner.get_absolute_url()).content.decode()


def test_a_note_is_written_changed_and_archived_by_its_unit(chair: Post, an: User, chau: User, client: Client) -> None:
    chair.person.confidentiality = Confidentiality.NETWORK
    save_person(chair.person, by=an)
    sent = {"kind": "interest", "text": "bóng đá", "on": "02/09/2026", "confidentiality": "network"}
    client.force_login(chau)
    assert client.post(f"{chair.person.get_absolute_url()}notes/new/", sent).status_code == 302
    note = PersonNote.objects.get()
    assert note.unit.code == "PU-22"

    client.force_login(an)
    assert client.get(f"/partners/notes/{note.public_id}/edit/").status_code == 404
    client.force_login(chau)
    assert client.post(f"/partners/notes/{note.public_id}/edit/", {**sent, "text": "bóng bàn"}).status_code == 302
    assert client.post(f"/partners/notes/{note.public_id}/archive/").status_code == 302
    assert "bóng bàn" not in client.get(chair.person.get_absolute_url()).content.decode()


def test_a_viewer_keeps_no_notes(chair: Post, dung: User, client: Client) -> None:
    client.force_login(dung)

    assert client.post(f"{chair.person.get_absolute_url()}notes/new/", {"text": "x"}).status_code == 403
    with pytest.raises(PermissionDenied):
        keep(chair.person, dung, "x")


# --- Consent -----------------------------------------------------------------------------------------


def test_withdrawn_consent_erases_contact_data_and_notes_for_good(chair: Post, an: User, client: Client) -> None:
    person = chair.person
    person.email, person.phone, person.languages, person.protocol_notes = "b@example.la", "+856 20 5555", "lo", "dị ứng hải sản"
    save_person(person, by=an)
    keep(person, an, "dị ứng hải sản")
    client.force_login(an)
    address = f"{person.get_absolute_url()}consent-withdrawn/"

    assert client.get(address).status_code == 200
    assert Person.objects.get().email == "b@example.la", "asked, not done"
    assert client.post(address).status_code == 302

    person.refresh_from_db()
    assert (person.email, person.phone, person.languages, person.protocol_notes) == ("", "", "", "")
    assert (person.consent, person.consent_on) == (Consent.WITHDRAWN, timezone.localdate())
    assert person.full_name == "Bounmy Vongsa"
    assert Post.objects.live().filter(person=person).exists()
    assert not PersonNote.objects.exclude(text="").exists()
    kept = [*Person.history.values_list("email", "phone", "protocol_notes"), *PersonNote.history.values_list("text")]
    assert not any("".join(row) for row in kept)
    history = client.get(f"{person.get_absolute_url()}history/").content.decode()
    assert "b@example.la" not in history
    assert "hải sản" not in history


def test_contact_data_do_not_come_back_by_any_door(chair: Post, an: User) -> None:
    keep_the_least(chair.person, by=an)
    chair.person.phone = "+856 20 5555"

    with pytest.raises(ValidationError):
        save_person(chair.person, by=an)


def test_what_was_merged_into_the_person_is_erased_too_and_taking_apart_brings_nothing_back(chair: Post, khoa: User) -> None:
    survivor = chair.person
    double, first = (Person(full_name=name, phone="+856 20 7777", protocol_notes="dị ứng") for name in ("Bounmi Vongsa", "B. Vongsa"))
    for person in (double, first):
        save_person(person, by=khoa)
    merge_people(double, first, by=khoa)
    double.refresh_from_db()
    merge = merge_people(survivor, double, by=khoa)
    survivor.refresh_from_db()

    keep_the_least(survivor, by=khoa)
    undo_change_set(merge, by=khoa)

    assert set(Person.objects.values_list("phone", "protocol_notes", "consent")) == {("", "", Consent.WITHDRAWN)}
    assert not Person.history.exclude(phone="", protocol_notes="").exists()
    assert Person.objects.get(pk=double.pk).merged_into is None


def test_another_unit_erases_nothing(chair: Post, chau: User) -> None:
    with pytest.raises(PermissionDenied):
        keep_the_least(chair.person, by=chau)


def test_people_whose_review_is_due_are_listed(an: User, client: Client) -> None:
    for name, day in (("Đến hạn", date(2026, 1, 1)), ("Còn hạn", date(2030, 1, 1)), ("Không hạn", None)):
        save_person(Person(full_name=name, review_on=day), by=an)
    client.force_login(an)

    page = client.get("/partners/people/?review_by=2026-06-01").content.decode()

    assert "Đến hạn" in page
    assert "Còn hạn" not in page
    assert "Không hạn" not in page


# --- The form proposes -------------------------------------------------------------------------------


def test_the_card_name_proposes_the_parts_and_a_correction_stays(an: User, client: Client) -> None:
    client.force_login(an)
    vietnam = str(Country.objects.get(alpha2="VN").pk)
    ask = "/partners/people/name-parts/"

    proposed = client.get(ask, {"full_name": "Nguyễn Anh Tuấn", "country": vietnam}).context["form"].initial
    assert (proposed["family_name"], proposed["middle_name"], proposed["given_name"]) == ("Nguyễn", "Anh", "Tuấn")

    again: dict[str, Any] = {**proposed, "full_name": "Trần Hà", "country": vietnam, "split_name": "Nguyễn Anh Tuấn", "split_country": "VN"}
    assert client.get(ask, again).context["form"].initial["given_name"] == "Hà"
    corrected: dict[str, Any] = {**again, "middle_name": "Ánh"}
    assert client.get(ask, corrected).context["form"].initial["given_name"] == "Tuấn"
    assert client.get(ask, {"full_name": "\x00", "country": "9" * 40}).status_code == 200


def test_a_namesake_is_warned_of_on_entry(an: User, client: Client) -> None:
    save_person(Person(full_name="Nguyễn Thị Hòa"), by=an)
    client.force_login(an)
    sent = {"full_name": "Nguyen Thi Hoà", "name_order": "family_first", "confidentiality": "network", "post-rank": "100"}

    first = client.post("/partners/people/new/", sent)
    assert first.status_code == 422
    assert "Nguyễn Thị Hòa" in first.content.decode()
    assert client.post("/partners/people/new/", {**sent, "overrule_warnings": "on"}).status_code == 302


def test_a_name_with_a_slip_is_warned_of_where_the_partner_agrees(chair: Post, partner: Partner, an: User, client: Client) -> None:
    client.force_login(an)
    sent = {"full_name": "Bounmi Vongsa", "name_order": "given_first", "confidentiality": "network", "post-rank": "100"}
    at_the_partner = {"post-partner": str(partner.public_id), "post-title_vi": "Chủ tịch"}

    warned = client.post("/partners/people/new/", {**sent, **at_the_partner})

    assert warned.status_code == 422
    assert chair.person.get_absolute_url() in warned.content.decode()
    assert client.post("/partners/people/new/", sent).status_code == 302, "elsewhere it is another name"
