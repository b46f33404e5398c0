"""What is told of merging people goes to whole units and out by mail: it names nobody who is restricted."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from crm.actions.bulk_edits import discard_bulk_edit, start_bulk_edit
from crm.choices import ChangeKind, ChangeState, Confidentiality, PairState, Role
from crm.models import ChangeSet, Notification, Unit, User
from partners.actions.merges import merge_people
from partners.actions.pairs import decide_pair
from partners.models import PartnerPair, Person, PersonPair
from tests.factories import make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(an: User, nghe_an: Unit, quang_ninh: Unit, reference_data: None) -> tuple[Person, Person]:
    """Somebody An keeps secret, and the same one as Quảng Ninh entered him for all."""
    secret = Person.objects.create(full_name="Nguồn Kín", unit=nghe_an, created_by=an, confidentiality=Confidentiality.RESTRICTED)
    return secret, Person.objects.create(full_name="Nguồn K.", unit=quang_ninh)


def test_who_may_not_see_a_restricted_person_is_not_asked_about_it(an: User, quang_ninh: Unit, two: tuple[Person, Person]) -> None:
    make_user("lead-qn", unit=quang_ninh, role=Role.UNIT_LEAD)
    secretary = make_user("thuky", unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)
    lead = make_user("lead-na", unit=two[0].unit, role=Role.UNIT_LEAD)
    pair = PersonPair.objects.create(first=two[0], second=two[1], score=90)

    decide_pair(pair, PairState.ASKED, by=an)

    (line,) = Notification.objects.all()
    assert line.user in {lead, secretary}
    assert "Nguồn" not in line.text


def test_the_message_of_a_merge_names_no_restricted_person(an: User, nghe_an: Unit, two: tuple[Person, Person]) -> None:
    other = Person.objects.create(full_name="Nguồn Khác", unit=nghe_an)

    change_set = merge_people(two[0], other, by=an)

    assert "Nguồn" not in change_set.message


def test_what_is_no_bulk_edit_is_neither_started_nor_given_up_as_one(an: User, nghe_an: Unit) -> None:
    merge = ChangeSet.objects.create(kind=ChangeKind.MERGE, unit=nghe_an, created_by=an, updated_by=an, state=ChangeState.PREVIEW)
    with pytest.raises(PermissionDenied):
        start_bulk_edit(merge, by=an, message="x")
    with pytest.raises(PermissionDenied):
        discard_bulk_edit(merge, by=an)


def test_a_partner_that_is_a_restricted_person_does_not_tell_the_name(chau: User, two: tuple[Person, Person]) -> None:
    partner, other = make_partner("Ông K.", person=two[0]), make_partner("Ông K")
    client = Client()
    client.force_login(chau)

    for address in (partner.get_absolute_url(), f"{partner.get_absolute_url()}merge/?with={other.public_id}"):
        assert "Nguồn Kín" not in client.get(address).content.decode()


def test_whoever_may_not_ask_leaves_no_pair_behind(chau: User, nghe_an: Unit, reference_data: None) -> None:
    one, other = make_partner("Hội A", unit=nghe_an), make_partner("Hội A.", unit=nghe_an)
    client = Client()
    client.force_login(chau)

    assert client.post(f"{one.get_absolute_url()}merge/?with={other.public_id}", {"ask": "1"}).status_code == 403
    assert not PartnerPair.objects.exists()
