"""What may be the same exchange is asked before a line is saved: open it, join it, or say that it is a different one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from activities.actions.exchanges import change_exchange
from activities.models import Exchange
from crm.actions.bulk_edits import plan_bulk_edit
from crm.choices import Confidentiality
from crm.models import Notification, Unit, User
from partners.models import Partner
from tests.activities.drawer import HTMX, QUICK, send, today
from tests.factories import make_exchange, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt")


@pytest.mark.parametrize(
    ("whose", "theirs", "line", "state"),
    [
        ("an", "ONLINE_MEETING", "gửi thư mừng Hội HN Lào-Việt", "logged"),
        ("khoa", "ONLINE_MEETING", "gửi thư mừng Hội HN Lào-Việt", "logged"),
        ("an", "CONGRATULATION", "gửi thư mừng Hội HN Lào-Việt", "kept"),
        ("khoa", "CONGRATULATION", "gửi thư mừng Hội HN Lào-Việt", "kept"),
        ("khoa", "CONGRATULATION", "họp với Hội HN Lào-Việt", "logged"),
        ("an", "DELEGATION_IN", "họp với Hội HN Lào-Việt", "logged"),
        ("an", "ONLINE_MEETING", "họp với Hội HN Lào-Việt", "kept"),
        ("khoa", "DELEGATION_IN", "họp với Hội HN Lào-Việt", "kept"),
    ],
)
def test_only_what_may_be_the_same_holds_an_entry_up(
    whose: str, theirs: str, line: str, state: str, an: User, khoa: User, partner: Partner, client: Client
) -> None:
    by = {"an": an, "khoa": khoa}[whose]
    make_exchange(partner, by=by, on=today() - timedelta(days=1), kind=theirs, confidentiality=Confidentiality.NETWORK)

    assert send(client, an, line)["Entry-State"] == state


def test_an_exchange_of_another_unit_nearby_is_asked_before_saving(an: User, khoa: User, partner: Partner, client: Client) -> None:
    theirs = make_exchange(
        partner, by=khoa, on=today() - timedelta(days=2), confidentiality=Confidentiality.NETWORK, title="Họp ở trung ương"
    )
    key = uuid4()

    answer = send(client, an, "họp với Hội HN Lào-Việt", key=key)

    assert answer["Entry-State"] == "kept"
    assert theirs.title in answer.content.decode()
    assert f"/activities/quick/{theirs.public_id}/join/" in answer.content.decode()

    assert send(client, an, "họp với Hội HN Lào-Việt", key=key, different=[str(theirs.public_id)])["Entry-State"] == "logged"
    assert Exchange.objects.count() == 2


def test_of_a_closed_exchange_only_unit_and_day_are_told(an: User, chau: User, quang_ninh: Unit, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=chau, on=today(), title="Chuyện riêng của Quảng Ninh")

    page = send(client, an, "họp với Hội HN Lào-Việt", address=f"{QUICK}read/").content.decode()

    assert quang_ninh.display in page
    assert "Chuyện riêng" not in page


def test_a_restricted_exchange_is_not_even_hinted_at(an: User, chau: User, quang_ninh: Unit, partner: Partner, client: Client) -> None:
    make_exchange(partner, by=chau, on=today(), confidentiality=Confidentiality.RESTRICTED)

    assert send(client, an, "họp với Hội HN Lào-Việt")["Entry-State"] == "logged"


def test_joining_enters_the_own_unit_and_tells_the_host(an: User, nghe_an: Unit, khoa: User, partner: Partner, client: Client) -> None:
    theirs = make_exchange(partner, by=khoa, on=today(), confidentiality=Confidentiality.NETWORK)
    client.force_login(an)

    for _time in range(2):
        assert client.post(f"{QUICK}{theirs.public_id}/join/", **HTMX).status_code == 200

    assert [row.unit for row in theirs.co_units.all()] == [nghe_an]
    assert [line.user for line in Notification.objects.all()] == [khoa]
    assert Exchange.objects.editable_by(an).filter(pk=theirs.pk).exists()


def test_whoever_joined_completes_the_record_but_does_not_hide_archive_or_take_it(
    an: User, nghe_an: Unit, khoa: User, partner: Partner, client: Client
) -> None:
    theirs = make_exchange(partner, by=khoa, on=today(), confidentiality=Confidentiality.NETWORK)
    client.force_login(an)
    client.post(f"{QUICK}{theirs.public_id}/join/", **HTMX)

    theirs.refresh_from_db()
    theirs.place = "Vinh"
    change_exchange(theirs, by=an)
    for column, value in (("confidentiality", Confidentiality.RESTRICTED), ("host_unit", nghe_an)):
        mine = Exchange.objects.get(pk=theirs.pk)
        setattr(mine, column, value)
        with pytest.raises(ValidationError) as refused:
            change_exchange(mine, by=an)
        assert list(refused.value.message_dict) == [column]
    assert client.post(f"/activities/{theirs.public_id}/archive/").status_code == 422

    edit = plan_bulk_edit("activities:exchange-list", Exchange.objects.all(), {"confidentiality": Confidentiality.RESTRICTED}, by=an)
    assert edit.plan["targets"] == []
    theirs.refresh_from_db()
    assert (theirs.place, theirs.confidentiality, theirs.is_archived) == ("Vinh", Confidentiality.NETWORK, False)


def test_of_a_closed_exchange_one_can_only_ask(an: User, chau: User, partner: Partner, client: Client) -> None:
    theirs = make_exchange(partner, by=chau, on=today(), title="Chuyện riêng của Quảng Ninh")
    client.force_login(an)

    answer = client.post(f"{QUICK}{theirs.public_id}/join/", **HTMX)

    assert "Chuyện riêng" not in answer.content.decode()
    assert not theirs.co_units.exists()
    assert not Exchange.objects.visible_to(an).exists()
    assert [line.user for line in Notification.objects.all()] == [chau]


def test_a_restricted_exchange_can_neither_be_joined_nor_asked_about(an: User, chau: User, partner: Partner, client: Client) -> None:
    theirs = make_exchange(partner, by=chau, on=today(), confidentiality=Confidentiality.RESTRICTED)
    client.force_login(an)

    assert client.post(f"{QUICK}{theirs.public_id}/join/", **HTMX).status_code == 404
    assert not Notification.objects.exists()
