from datetime import date

import pytest

from crm.choices import Role
from crm.models import Unit, User
from partners.models import Partner
from reports.models import PolicyVersion
from tests.factories import make_exchange, make_partner, make_user


@pytest.fixture
def policy(db: None) -> PolicyVersion:
    return PolicyVersion.objects.get(code="2025")


@pytest.fixture
def secretary(db: None) -> User:
    return make_user("secretary", unit=Unit.objects.get(code="VUFO"), role=Role.SECRETARIAT)


@pytest.fixture
def example(secretary: User) -> Partner:
    """The partner of the worked example, its five exchanges logged as people log them."""
    partner = make_partner("Hội Hữu nghị mẫu", country="JP")
    make_exchange(partner, by=secretary, on=date(2025, 9, 2), kind="DELEGATION_IN", level=2, direction="in")
    make_exchange(partner, by=secretary, on=date(2025, 6, 15), kind="ONLINE_MEETING")
    make_exchange(partner, by=secretary, on=date(2025, 3, 20), kind="LETTER_EXCHANGE", sides="ours")
    make_exchange(partner, by=secretary, on=date(2024, 11, 18), kind="FRIENDSHIP_EXCHANGE", level=1)
    make_exchange(partner, by=secretary, on=date(2024, 5, 5), kind="DELEGATION_OUT", level=1, direction="out")
    return partner
