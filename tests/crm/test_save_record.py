"""Two people writing one record: the second one is told, and nothing is lost."""

import pytest
from django.core.exceptions import ValidationError

from crm.actions.records import archive_record, save_record
from crm.models import User
from partners.models import Partner
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


def test_each_save_is_the_next_revision(an: User) -> None:
    partner = make_partner()

    for city in ("Vinh", "Hà Nội"):
        partner.city = city
        save_record(partner, by=an)

    partner.refresh_from_db()
    assert (partner.revision, partner.city, partner.updated_by) == (3, "Hà Nội", an)


def test_a_record_saved_by_somebody_else_meanwhile_is_not_overwritten(an: User, binh: User) -> None:
    partner = make_partner()
    read_before = Partner.objects.get(pk=partner.pk)
    partner.city = "Vinh"
    save_record(partner, by=binh)

    read_before.website = "https://example.org"
    with pytest.raises(ValidationError, match="Trần Thị Bình") as refused:
        save_record(read_before, by=an)
    with pytest.raises(ValidationError):
        archive_record(read_before, by=an)

    assert refused.value.code == "changed-meanwhile"
    stored = Partner.objects.get(pk=partner.pk)
    assert (stored.city, stored.website, stored.is_archived) == ("Vinh", "", False)


def test_a_refused_save_can_be_corrected_and_tried_again(an: User) -> None:
    partner = make_partner()
    partner.founded_year = 1
    with pytest.raises(ValidationError):
        save_record(partner, by=an)

    partner.founded_year = 1975
    save_record(partner, by=an)

    assert Partner.objects.get(pk=partner.pk).revision == 2
