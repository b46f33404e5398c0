import pytest

from crm.models import User
from partners.models import Partner
from tests.api.caller import Caller, caller_for
from tests.cast import an, binh, centre, chau, dung, ha, khoa, nga, nghe_an, quang_ninh, son
from tests.factories import make_partner

__all__ = ["an", "binh", "centre", "chau", "dung", "ha", "khoa", "nga", "nghe_an", "quang_ninh", "son"]


@pytest.fixture
def reference_data(db: None) -> None:
    """The test database carries it; asking for it opens the database."""


@pytest.fixture
def api_of_an(an: User) -> Caller:
    return caller_for(an)


@pytest.fixture
def api_of_chau(chau: User) -> Caller:
    return caller_for(chau)


@pytest.fixture
def api_of_ha(ha: User) -> Caller:
    return caller_for(ha)


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner("Hội Hữu nghị Lào - Việt", country="LA", kind="FRIENDSHIP_ASSOCIATION")
