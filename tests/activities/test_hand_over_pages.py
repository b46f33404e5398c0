"""Hand-over through its pages, and the dossier that each receiver gets."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from docx import Document
from docx.shared import Cm, Pt

from activities.actions.follow_ups import save_follow_up
from activities.models import FollowUp
from crm.choices import AuditVerb, Confidentiality
from crm.models import AuditEvent, ChangeSet, Unit, User
from partners.models import Partner
from tests.activities.handing_over import keys, make_person, met, pass_all
from tests.factories import make_exchange, make_partner, make_steward, make_user
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db
START = "/activities/hand-over/"


@pytest.fixture
def partner(reference_data: None, an: User, nghe_an: Unit) -> Partner:
    partner = make_partner("Hội Hữu nghị Lào - Việt")
    make_steward(partner, nghe_an, officer=an)
    return partner


@pytest.fixture
def yen(nghe_an: Unit) -> User:
    return make_user("yen", unit=nghe_an, full_name="Phan Hải Yến")


# --- Pages --------------------------------------------------------------------------------------------


def test_the_page_passes_on_what_it_shows(an: User, binh: User, yen: User, partner: Partner, client: Client) -> None:
    save_follow_up(FollowUp(text="Gửi danh sách", partner=partner, assignee=an), by=an)
    client.force_login(binh)
    page = get_counted(client, f"{START}{an.public_id}/", name="hand-over page")
    assert "Gửi danh sách" in page.content.decode()

    sent = dict.fromkeys(keys(an, binh), "1") | {"receiver": str(yen.public_id)}
    done = client.post(f"{START}{an.public_id}/pass/", sent)

    page = client.get(done["Location"])
    assert page.status_code == 200
    assert page.context["may_undo"] is True
    assert {row.assignee for row in FollowUp.objects.all()} == {yen}


def test_a_second_receiver_must_be_named(an: User, binh: User, yen: User, partner: Partner, client: Client) -> None:
    client.force_login(binh)

    sent = dict.fromkeys(keys(an, binh), "2") | {"receiver": str(yen.public_id)}
    answer = client.post(f"{START}{an.public_id}/pass/", sent)

    assert answer.status_code == 422
    assert "second" in answer.context["form"].errors


@pytest.mark.parametrize("receiver", ["", "abc", "\x00"])
def test_a_receiver_that_is_none_is_refused(receiver: str, an: User, binh: User, partner: Partner, client: Client) -> None:
    client.force_login(binh)
    assert client.post(f"{START}{an.public_id}/pass/", {"receiver": receiver}).status_code == 422


def test_one_sees_ones_own_page_but_not_that_of_others(an: User, yen: User, chau: User, binh: User, client: Client) -> None:
    client.force_login(an)
    assert client.get(START)["Location"] == f"{START}{an.public_id}/"
    assert client.get(f"{START}{an.public_id}/").status_code == 200
    assert client.get(f"{START}{yen.public_id}/").status_code == 404
    assert client.post(f"{START}{an.public_id}/pass/").status_code == 403
    client.force_login(binh)
    assert client.get(f"{START}{chau.public_id}/").status_code == 404
    assert {person.username for person in client.get(START).context["people"]} == {"an", "yen"}
    assert [person.username for person in client.get(f"{START}?q=hai yen").context["people"]] == ["yen"]


# --- The dossier --------------------------------------------------------------------------------------


def dossier_text(client: Client, change_set: ChangeSet, receiver: User) -> tuple[Any, str]:
    answer = client.get(f"{START}done/{change_set.public_id}/{receiver.public_id}/")
    assert answer.status_code == 200
    document = Document(BytesIO(answer.content))
    return document, "\n".join(paragraph.text for paragraph in document.paragraphs)


def test_the_dossier_opens_in_word_and_says_what_the_receiver_needs(
    an: User, binh: User, yen: User, partner: Partner, client: Client
) -> None:
    person = make_person("Khăm-phủi", partner, how_to_address="Ngài Chủ tịch", email="k@example.org")
    met(partner, person, an, by=an)
    save_follow_up(FollowUp(text="Gửi danh sách\x0bđoàn", partner=partner, assignee=an, due_on=date(2026, 12, 24)), by=an)
    change_set = pass_all(an, yen, binh)
    client.force_login(yen)

    document, text = dossier_text(client, change_set, yen)

    for words in ("Nguyễn Văn An", "Phan Hải Yến", partner.name, "Khăm-phủi", "Ngài Chủ tịch", "k@example.org", "24/12/2026", "02/11/2026"):
        assert words in text
    section = document.sections[0]
    assert (round(section.page_width / Cm(1), 1), round(section.page_height / Cm(1), 1)) == (21.0, 29.7)
    normal = document.styles["Normal"].font
    assert (normal.name, normal.size) == ("Times New Roman", Pt(13))
    assert f"{timezone.localdate():%d/%m/%Y}" in section.footer.paragraphs[0].text
    assert AuditEvent.objects.filter(verb=AuditVerb.EXPORTED).count() == 1


def test_what_the_receiver_or_the_reader_may_not_see_is_left_out(an: User, binh: User, yen: User, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=binh, on=date(2026, 11, 3), title="Kín với Yến", confidentiality=Confidentiality.RESTRICTED)
    save_follow_up(FollowUp(text="Việc kín", partner=partner, assignee=yen, confidentiality=Confidentiality.RESTRICTED), by=yen)
    change_set = pass_all(an, yen, binh)

    client.force_login(binh)
    _document, text = dossier_text(client, change_set, yen)
    assert "Kín với Yến" not in text

    chief = make_user("truong", unit=yen.memberships.get().unit)
    client.force_login(chief)
    _document, text = dossier_text(client, change_set, yen)
    assert "Việc kín" not in text


def test_reading_restricted_records_in_the_dossier_is_traced(an: User, binh: User, yen: User, partner: Partner, client: Client) -> None:
    secret = save_follow_up(FollowUp(text="Việc kín", partner=partner, assignee=an, confidentiality=Confidentiality.RESTRICTED), by=an)
    change_set = pass_all(an, yen, binh)
    client.force_login(yen)

    _document, text = dossier_text(client, change_set, yen)

    assert "Việc kín" in text
    traced = AuditEvent.objects.filter(verb=AuditVerb.READ_RESTRICTED, actor_id=yen.pk, subject_id=str(secret.public_id))
    assert traced.exists()


def test_the_dossier_is_closed_to_strangers_of_the_hand_over(
    an: User, binh: User, yen: User, chau: User, partner: Partner, client: Client
) -> None:
    change_set = pass_all(an, yen, binh)
    client.force_login(chau)

    assert client.get(f"{START}done/{change_set.public_id}/").status_code == 404
    assert client.get(f"{START}done/{change_set.public_id}/{yen.public_id}/").status_code == 404
    client.force_login(binh)
    assert client.get(f"{START}done/{change_set.public_id}/{chau.public_id}/").status_code == 404
