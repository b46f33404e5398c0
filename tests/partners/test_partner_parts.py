"""What hangs on a partner: protocol order, relations, who keeps it, certificates; done from its page."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.actions.notes import save_note
from partners.actions.people import save_person
from partners.actions.protocol import order_posts
from partners.choices import NoteKind, RelationKind, StewardRole
from partners.models import Partner, Person, PersonNote, Post, Registration, Relation, Stewardship
from tests.factories import make_partner, make_steward
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(an: User, nghe_an: Unit) -> Partner:
    partner = make_partner()
    make_steward(partner, nghe_an)
    return partner


def seat(partner: Partner, by: User, name: str, rank: int = 100, **person: Any) -> Post:
    post = Post(partner=partner, title_vi="Uỷ viên", rank=rank)
    save_person(Person(full_name=name, **person), by=by, post=post)
    return post


def names_in_order(partner: Partner) -> list[str]:
    return [post.person.full_name for post in Post.objects.filter(partner=partner).order_by("rank", "id").select_related("person")]


# --- Protocol order ----------------------------------------------------------------------------------


def test_people_stand_in_the_order_they_were_dragged_into(partner: Partner, an: User, client: Client) -> None:
    posts = [seat(partner, an, name) for name in ("Ba", "Hai", "Một")]
    client.force_login(an)
    address = f"{partner.get_absolute_url()}protocol-order/"

    answer = client.post(address, {"post": [str(post.public_id) for post in reversed(posts)]}, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert names_in_order(partner) == ["Một", "Hai", "Ba"]
    page = client.get(partner.get_absolute_url()).content.decode()
    assert page.index(">Một<") < page.index(">Hai<") < page.index(">Ba<")
    assert Post.history.filter(history_change_reason="protocol order").count() == 3
    assert {post.revision for post in Post.objects.all()} == {2}


@pytest.mark.parametrize(("button", "moved", "expected"), [("up", "Ba", ["Ba", "Một", "Hai"]), ("down", "Một", ["Ba", "Hai", "Một"])])
def test_the_arrows_move_by_one_place_without_script(
    button: str, moved: str, expected: list[str], partner: Partner, an: User, client: Client
) -> None:
    start = ["Một", "Ba", "Hai"] if button == "up" else ["Ba", "Một", "Hai"]
    posts = {name: seat(partner, an, name, rank) for rank, name in enumerate(start)}
    client.force_login(an)
    sent = {"post": [str(posts[name].public_id) for name in start], button: str(posts[moved].public_id)}

    response = client.post(f"{partner.get_absolute_url()}protocol-order/", sent)

    assert response["Location"] == f"{partner.get_absolute_url()}?tab=people"
    assert names_in_order(partner) == expected


@pytest.mark.parametrize(
    ("button", "moved", "stays_on"), [("down", "A", "down"), ("down", "B", "up"), ("up", "B", "down"), ("up", "C", "up")]
)
def test_the_keyboard_stays_on_the_line_that_it_moves(
    button: str, moved: str, stays_on: str, partner: Partner, an: User, client: Client
) -> None:
    posts = {name: seat(partner, an, name, rank) for rank, name in enumerate("ABC")}
    client.force_login(an)
    sent = {"post": [str(post.public_id) for post in posts.values()], button: str(posts[moved].public_id)}

    page = client.post(f"{partner.get_absolute_url()}protocol-order/", sent, headers={"HX-Request": "true"}).content.decode()

    assert re.findall(r'name="(\w+)" value="([^"]+)" data-focus', page) == [(stays_on, str(posts[moved].public_id))]


def test_those_whom_one_may_not_see_keep_their_places(partner: Partner, an: User, ha: User) -> None:
    first, hidden, last = (
        seat(partner, an, "A"),
        seat(partner, ha, "Kín", confidentiality=Confidentiality.RESTRICTED),
        seat(partner, an, "B"),
    )

    order_posts(partner, wanted=[last.public_id, hidden.public_id, first.public_id], by=an)

    assert names_in_order(partner) == ["B", "Kín", "A"]


def test_an_order_from_elsewhere_or_broken_changes_nothing_else(partner: Partner, an: User, chau: User, dung: User, client: Client) -> None:
    seat(partner, an, "A")
    address = f"{partner.get_absolute_url()}protocol-order/"
    for user, status in ((chau, 404), (dung, 403)):
        client.force_login(user)
        assert client.post(address, {"post": "x"}).status_code == status
    client.force_login(an)
    assert client.post(address, {"post": ["x\x00", "0" * 40], "up": "?"}).status_code == 302
    assert names_in_order(partner) == ["A"]


def test_the_tab_of_people_costs_the_same_for_one_and_many(partner: Partner, an: User, client: Client) -> None:
    for number in range(12):
        seat(partner, an, f"Người {number}")
    client.force_login(an)

    page = get_counted(client, f"{partner.get_absolute_url()}people/", name="partner people", headers={"HX-Request": "true"})

    assert page.content.decode().count('draggable="true"') == 12


# --- Relations ---------------------------------------------------------------------------------------


def relate(client: Client, partner: Partner, other: Partner, how: str, **more: str) -> Any:
    return client.post(f"{partner.get_absolute_url()}relations/new/", {"how": how, "other": str(other.public_id), **more})


def test_a_relation_is_said_from_either_side_and_shown_on_both(partner: Partner, an: User, client: Client) -> None:
    other = make_partner("Liên hiệp Hữu nghị Lào")
    client.force_login(an)
    client.cookies["django_language"] = "en"

    assert relate(client, partner, other, "part_of<").status_code == 302

    relation = Relation.objects.get()
    assert (relation.source, relation.target, relation.kind) == (other, partner, RelationKind.PART_OF)
    assert "has as a part" in client.get(partner.get_absolute_url()).content.decode()
    assert "is part of" in client.get(other.get_absolute_url()).content.decode()


def test_a_relation_is_changed_ended_and_archived(partner: Partner, an: User, client: Client) -> None:
    other, third = make_partner("Một hội khác"), make_partner("Hội thứ ba")
    client.force_login(an)
    relate(client, partner, other, "funds")
    relation = Relation.objects.get()
    address = f"/partners/relations/{relation.public_id}/"

    sent = {"how": "funds<", "other": str(third.public_id), "valid_to": "01/01/2030"}
    assert client.post(f"{address}edit/?of={partner.public_id}", sent)["Location"] == partner.get_absolute_url()
    relation.refresh_from_db()
    assert (relation.source, relation.target, relation.valid_to) == (third, partner, date(2030, 1, 1))
    assert client.post(f"{address}archive/?of={partner.public_id}").status_code == 302
    assert Relation.objects.live().count() == 0


@pytest.mark.parametrize(("first", "second"), [("sister", "sister"), ("part_of", "part_of"), ("part_of", "part_of<"), ("funds", "funds<")])
def test_the_same_relation_or_a_circle_is_refused(
    first: str, second: str, partner: Partner, an: User, nghe_an: Unit, client: Client
) -> None:
    other = make_partner("Một hội khác")
    make_steward(other, nghe_an)
    client.force_login(an)
    relate(client, partner, other, first)

    assert relate(client, other, partner, second).status_code == 422
    assert Relation.objects.count() == 1


def test_a_partner_has_no_relation_to_itself(partner: Partner, an: User, client: Client) -> None:
    client.force_login(an)

    assert relate(client, partner, partner, "sister").status_code == 422


def test_relations_of_others_are_theirs(partner: Partner, an: User, chau: User, client: Client) -> None:
    client.force_login(an)
    relate(client, partner, make_partner("Một hội khác"), "sister")
    client.force_login(chau)

    assert client.get(f"{partner.get_absolute_url()}relations/new/").status_code == 404
    assert client.post(f"/partners/relations/{Relation.objects.get().public_id}/archive/").status_code == 404


# --- Who keeps it ------------------------------------------------------------------------------------


def keep(client: Client, partner: Partner, unit: Unit, **more: str) -> Any:
    return client.post(f"{partner.get_absolute_url()}stewardships/new/", {"unit": unit.code, "role": "support", "officer": "", **more})


def test_another_unit_supports_with_an_officer(partner: Partner, an: User, chau: User, quang_ninh: Unit, client: Client) -> None:
    client.force_login(an)

    assert keep(client, partner, quang_ninh, officer=str(chau.public_id), valid_from="01/01/2026").status_code == 302

    added = Stewardship.objects.get(unit=quang_ninh)
    assert (added.role, added.officer) == (StewardRole.SUPPORT, chau)
    assert str(chau) in client.get(partner.get_absolute_url()).content.decode()


def test_a_second_lead_and_an_officer_from_elsewhere_are_refused_with_words(
    partner: Partner, an: User, nghe_an: Unit, quang_ninh: Unit, client: Client
) -> None:
    client.force_login(an)
    client.cookies["django_language"] = "en"

    second = keep(client, partner, quang_ninh, role="lead")
    twice = keep(client, partner, nghe_an)
    stranger = keep(client, partner, quang_ninh, officer=str(an.public_id))

    assert second.status_code == twice.status_code == stranger.status_code == 422
    assert "This unit already keeps the partner" in twice.content.decode()
    assert "Another unit already leads this partner" in second.content.decode()
    assert "is no active member of this unit" in stranger.content.decode()
    assert Stewardship.objects.count() == 1


def test_the_lead_passes_on_when_the_first_has_ended(partner: Partner, an: User, quang_ninh: Unit, client: Client) -> None:
    client.force_login(an)
    first = Stewardship.objects.get()
    client.post(
        f"/partners/stewardships/{first.public_id}/edit/", {"unit": "PU-40", "role": "lead", "officer": "", "valid_to": "01/12/2099"}
    )

    assert keep(client, partner, quang_ninh, role="lead", valid_from="01/12/2099").status_code == 302


# --- Certificates ------------------------------------------------------------------------------------


def certify(client: Client, partner: Partner, query: str = "", **more: str) -> Any:
    sent = {"kind": "registration", "number": "12/CNV", "valid_from": "01/01/2024", "valid_to": "01/01/2027", "renews": "", **more}
    return client.post(f"{partner.get_absolute_url()}registrations/new/{query}", sent)


def test_a_renewal_stands_beside_the_certificate_it_renews(partner: Partner, an: User, client: Client) -> None:
    client.force_login(an)
    certify(client, partner, representative="Bà Smith", provinces="Nghệ An, Hà Tĩnh")
    old = Registration.objects.get()

    form = client.get(f"{partner.get_absolute_url()}registrations/new/?renews={old.public_id}").context["form"]
    assert (form["valid_from"].value(), form["representative"].value(), form["renews"].value()) == (old.valid_to, "Bà Smith", old.pk)
    certify(client, partner, number="13/CNV", valid_from="01/01/2027", valid_to="01/01/2030", renews=str(old.pk))

    new = Registration.objects.get(number="13/CNV")
    assert new.renews == old
    assert [row.number for row, _left in client.get(partner.get_absolute_url()).context["registrations"]] == ["13/CNV"]
    assert certify(client, partner, number="14/CNV", renews=str(old.pk)).status_code == 422, "renewed once"


def test_days_left_are_told(partner: Partner, an: User, client: Client) -> None:
    end = timezone.localdate() + timedelta(days=30)
    client.force_login(an)
    certify(client, partner, valid_to=f"{end:%d/%m/%Y}", valid_from="")

    assert client.get(partner.get_absolute_url()).context["registrations"][0][1] == 30


def test_more_than_three_years_is_asked_about(partner: Partner, an: User, client: Client) -> None:
    client.force_login(an)

    assert certify(client, partner, valid_to="02/01/2027").status_code == 422
    assert certify(client, partner, valid_to="02/01/2027", overrule_warnings="on").status_code == 302


def test_parts_of_a_partner_kept_by_others_are_out_of_reach(partner: Partner, an: User, chau: User, dung: User, client: Client) -> None:
    client.force_login(an)
    certify(client, partner)
    own = f"/partners/registrations/{Registration.objects.get().public_id}/edit/"
    client.force_login(chau)
    assert client.get(own).status_code == 404
    assert client.get(f"{partner.get_absolute_url()}stewardships/new/").status_code == 404
    client.force_login(dung)
    assert client.get(own).status_code == 403


# --- History -----------------------------------------------------------------------------------------


def test_the_history_tells_of_posts_stewardships_relations_and_certificates_with_their_own_savers(
    partner: Partner, an: User, ha: User, client: Client
) -> None:
    post = seat(partner, an, "Bounmy Vongsa")
    client.force_login(ha)
    relate(client, partner, make_partner("Một hội khác"), "sister")
    certify(client, partner)
    client.post(f"/partners/posts/{post.public_id}/archive/")

    versions = client.get(f"{partner.get_absolute_url()}history/").context["versions"]

    told = [(version.by, change.before, change.after) for version in versions for change in version.changes]
    assert any(by == an and "Bounmy Vongsa" in after for by, _before, after in told)
    assert any(by == ha and "Bounmy Vongsa" in before and "Bounmy" not in after for by, before, after in told)
    assert any(by == ha and "Một hội khác" in after for by, _before, after in told)
    assert any(by == ha and "12/CNV" in after for by, _before, after in told)
    assert [version.at for version in versions] == sorted((version.at for version in versions), reverse=True)


def test_the_history_of_a_person_shows_notes_to_their_readers_only(partner: Partner, an: User, chau: User, client: Client) -> None:
    person = seat(partner, an, "Bounmy Vongsa").person
    note = save_note(PersonNote(person=person, kind=NoteKind.SENSITIVITY, text="đang ốm", confidentiality="restricted"), by=an)
    note.text, note.confidentiality = "thích trà", Confidentiality.NETWORK
    save_note(note, by=an)

    pages = {}
    for user in (an, chau):
        client.force_login(user)
        pages[user] = client.get(f"{person.get_absolute_url()}history/").content.decode()

    assert "đang ốm" in pages[an]
    assert "đang ốm" not in pages[chau], "what was closed when it was written stays closed"
    assert "thích trà" in pages[chau]
