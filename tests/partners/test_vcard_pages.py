"""Cards out and in over the pages: one person's, a partner's, and a file looked at before anything is stored."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.actions.undoing import undo_change_set
from crm.choices import AuditVerb, ChangeKind, ChangeState, Confidentiality
from crm.models import AuditEvent, ChangeSet, Country, User
from partners.actions.people import save_person
from partners.models import Partner, Person, Post
from partners.vcards.read import read_cards
from tests.factories import make_partner
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
IMPORT, SAVE = "/partners/people/vcards/", "/partners/people/vcards/save/"
CARDS = (
    "BEGIN:VCARD\nVERSION:3.0\nFN:Nguyễn Anh Tuấn\nORG:Hội Hữu nghị Lào - Việt\nTITLE:Phó Chủ tịch\nEMAIL:tuan@example.vn\nEND:VCARD\n"
    "BEGIN:VCARD\nVERSION:2.1\nFN:Trần Hà\nTEL;CELL:091\nEND:VCARD\n"
)


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


def preview(client: Client, cards: str | bytes = CARDS, **more: Any) -> Any:
    data = cards.encode() if isinstance(cards, str) else cards
    return client.post(IMPORT, {"file": SimpleUploadedFile("danh-ba.vcf", data), "country": Country.objects.get(alpha2="VN").pk, **more})


def sent_from(response: Any, **changed: str) -> dict[str, Any]:
    """What a browser would send back from the preview."""
    cards = response.context["cards"]
    sent: dict[str, Any] = {"of_country": "VN", "source": "danh-ba.vcf"}
    for form in (cards.management_form, *cards.forms):
        for field in form:
            value = field.value()
            if value not in (None, False, ""):
                sent[field.html_name] = "on" if value is True else str(value)
    return {**sent, **changed}


def test_a_card_of_a_person_is_downloaded(partner: Partner, an: User, client: Client) -> None:
    person = save_person(
        Person(full_name="Bounmy Vongsa", native_name="ບຸນມີ ວົງສາ", family_name="Vongsa", given_name="Bounmy", email="b@example.la"),
        by=an, post=Post(partner=partner, title_vi="Chủ tịch", title_native="ປະທານ"),
    )  # fmt: skip
    client.force_login(an)

    answer = client.get(f"{person.get_absolute_url()}vcard/")

    assert answer["Content-Type"] == "text/vcard; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="bounmy-vongsa.vcf"'
    card = read_cards(b"".join(answer)).cards[0].card
    assert (card.uid, card.native_name, card.emails) == (str(person.public_id), "ບຸນມີ ວົງສາ", ("b@example.la",))
    assert (card.posts[0].organisation, dict(card.posts[0].titles)) == (partner.name, {"vi": "Chủ tịch", "lo": "ປະທານ"})


def test_cards_of_a_partners_people_stand_in_protocol_order_and_are_traced(partner: Partner, an: User, chau: User, client: Client) -> None:
    for rank, (name, level) in enumerate((("Hai", "network"), ("Kín", "restricted"), ("Ba", "network"))):
        save_person(Person(full_name=name, confidentiality=level), by=an, post=Post(partner=partner, title_vi="Uỷ viên", rank=9 - rank))
    client.force_login(chau)

    answer = client.get(f"{partner.get_absolute_url()}vcards/")

    assert [read.card.full_name for read in read_cards(b"".join(answer)).cards] == ["Ba", "Hai"]
    assert AuditEvent.objects.get(verb=AuditVerb.EXPORTED).details == {"rows": 2, "format": "vcard"}


def test_reading_the_card_of_a_restricted_person_is_traced_and_hidden_from_others(an: User, chau: User, client: Client) -> None:
    person = save_person(Person(full_name="Kín", confidentiality=Confidentiality.RESTRICTED), by=an)
    client.force_login(chau)
    assert client.get(f"{person.get_absolute_url()}vcard/").status_code == 404
    client.force_login(an)
    assert b"FN" in b"".join(client.get(f"{person.get_absolute_url()}vcard/"))
    assert AuditEvent.objects.filter(verb=AuditVerb.READ_RESTRICTED).count() == 1


def test_cards_are_looked_at_before_anything_is_stored(partner: Partner, an: User, client: Client) -> None:
    save_person(Person(full_name="Tran Ha"), by=an)
    client.force_login(an)

    page = preview(client)

    assert page.status_code == 200
    assert Person.objects.count() == 1
    first, second = page.context["cards"].forms
    assert (first["family_name"].value(), first["middle_name"].value(), first["given_name"].value()) == ("Nguyễn", "Anh", "Tuấn")
    assert (first["partner"].value(), first["title_vi"].value()) == (partner.public_id, "Phó Chủ tịch")
    assert (first["take"].value(), second["take"].value()) == (True, False), "somebody known is not ticked"
    assert "Tran Ha" in page.content.decode()


def test_the_ticked_cards_become_one_change_set_that_is_taken_back(partner: Partner, an: User, client: Client) -> None:
    client.force_login(an)
    sent = sent_from(preview(client))

    response = client.post(SAVE, sent)

    change_set = ChangeSet.objects.get()
    assert response["Location"] == change_set.get_absolute_url()
    assert (change_set.kind, change_set.state, change_set.message) == (ChangeKind.IMPORT, ChangeState.APPLIED, "danh-ba.vcf")
    assert set(Person.objects.values_list("full_name", "given_name", "country__alpha2")) == {
        ("Nguyễn Anh Tuấn", "Tuấn", "VN"), ("Trần Hà", "Hà", "VN"),
    }  # fmt: skip
    assert Post.objects.get().title_vi == "Phó Chủ tịch"

    undo_change_set(change_set, by=an)
    assert not Person.objects.live().exists()
    assert not Post.objects.live().exists()
    assert change_set.undo_report == []


def test_one_wrong_card_stores_none_and_says_which(partner: Partner, an: User, client: Client) -> None:
    client.force_login(an)
    sent = sent_from(preview(client))

    for wrong in ({"cards-1-email": "x"}, {"cards-1-full_name": ""}, {"cards-1-full_name": "A\u202eB"}, {"cards-0-title_vi": ""}):
        assert client.post(SAVE, {**sent, **wrong}).status_code == 422, wrong
    assert not Person.objects.exists()
    assert not ChangeSet.objects.exists()
    none = {name: value for name, value in sent.items() if not name.endswith("-take")}
    assert client.post(SAVE, none).status_code == 422


@pytest.mark.parametrize("broken", [b"", b"no card", b"\x00" * 100, b"BEGIN:VCARD\nTEL:1\nEND:VCARD"])
def test_a_file_without_people_is_refused_with_words(broken: bytes, an: User, client: Client) -> None:
    client.force_login(an)

    page = preview(client, broken)

    assert page.status_code == 422
    assert page.context["form"].errors


def test_pasted_cards_are_read_too(an: User, client: Client) -> None:
    client.force_login(an)

    assert client.post(IMPORT, {"pasted": CARDS}).status_code == 200
    assert client.post(IMPORT, {}).status_code == 422
    assert client.post(SAVE, {"cards-TOTAL_FORMS": "100000", "cards-INITIAL_FORMS": "0"}).status_code == 422


def test_two_hundred_cards_cost_no_more_queries_than_two(
    partner: Partner, an: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(an)
    many = "".join(CARDS.replace("Tuấn", f"Tuấn{number}").replace("Hà", f"Hà{number}") for number in range(100))

    with django_assert_max_num_queries(20):
        assert len(preview(client, many).context["cards"].forms) == 200


def test_a_viewer_brings_no_cards(dung: User, client: Client) -> None:
    client.force_login(dung)

    assert client.get(IMPORT).status_code == 403
    assert client.post(SAVE).status_code == 403


def test_the_page_that_asks_for_cards(an: User, client: Client) -> None:
    client.force_login(an)

    page = get_counted(client, IMPORT, name="vcard import")

    assert "multipart/form-data" in page.content.decode()
