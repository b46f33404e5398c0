"""One unit leads a partner on any day; the same on both databases."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from crm.actions.records import save_record
from crm.models import Unit, User
from partners.choices import StewardRole
from partners.models import Stewardship
from tests.factories import make_partner

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("start", "end", "allowed"),
    [
        (date(2020, 1, 1), date(2021, 1, 1), True),
        (date(2020, 1, 1), date(2021, 1, 2), False),
        (date(2022, 1, 1), None, True),
        (date(2021, 12, 31), None, False),
        (None, date(2021, 1, 1), True),
        (None, None, False),
    ],
)
def test_a_lead_begins_when_the_one_before_has_ended(
    start: date | None, end: date | None, allowed: bool, an: User, nghe_an: Unit, quang_ninh: Unit
) -> None:
    partner = make_partner()
    save_record(Stewardship(partner=partner, unit=nghe_an, valid_from=date(2021, 1, 1), valid_to=date(2022, 1, 1)), by=an)
    other = Stewardship(partner=partner, unit=quang_ninh, valid_from=start, valid_to=end)

    if allowed:
        save_record(other, by=an)
    else:
        with pytest.raises(ValidationError) as refused:
            save_record(other, by=an)
        assert "lead-overlap" in {error.code for error in refused.value.error_dict["__all__"]}


def test_support_and_archived_leads_stand_in_nobody_s_way(an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    partner = make_partner()
    lead = Stewardship(partner=partner, unit=nghe_an, valid_from=date(2021, 1, 1))
    save_record(lead, by=an)
    save_record(Stewardship(partner=partner, unit=quang_ninh, role=StewardRole.SUPPORT, valid_from=date(2021, 6, 1)), by=an)

    lead.archived_at, lead.archived_by = lead.updated_at, an
    save_record(lead, by=an)
    save_record(Stewardship(partner=partner, unit=nghe_an, valid_from=date(2021, 6, 1)), by=an)
