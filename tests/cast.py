"""The people of the tests. An works in Nghệ An, Châu in Quảng Ninh; Bình leads An's union; Dung only reads.

Hà is at the secretariat, Khoa a desk officer at the centre, Nga the NGO officer, Sơn the administrator.
"""

import pytest

from crm.choices import Role
from crm.models import Unit, User
from tests.factories import make_user


@pytest.fixture
def centre(reference_data: None) -> Unit:
    return Unit.objects.get(code="VUFO")


@pytest.fixture
def nghe_an(reference_data: None) -> Unit:
    return Unit.objects.get(code="PU-40")


@pytest.fixture
def quang_ninh(reference_data: None) -> Unit:
    return Unit.objects.get(code="PU-22")


@pytest.fixture
def an(nghe_an: Unit) -> User:
    return make_user("an", unit=nghe_an, full_name="Nguyễn Văn An")


@pytest.fixture
def binh(nghe_an: Unit) -> User:
    return make_user("binh", unit=nghe_an, role=Role.UNIT_LEAD, full_name="Trần Thị Bình")


@pytest.fixture
def chau(quang_ninh: Unit) -> User:
    return make_user("chau", unit=quang_ninh, full_name="Lê Minh Châu")


@pytest.fixture
def dung(nghe_an: Unit) -> User:
    return make_user("dung", unit=nghe_an, role=Role.VIEWER, full_name="Phạm Thùy Dung")


@pytest.fixture
def ha(centre: Unit) -> User:
    return make_user("ha", unit=centre, role=Role.SECRETARIAT, full_name="Đỗ Thu Hà")


@pytest.fixture
def khoa(centre: Unit) -> User:
    return make_user("khoa", unit=centre, full_name="Hoàng Đăng Khoa")


@pytest.fixture
def nga(centre: Unit) -> User:
    return make_user("nga", unit=centre, role=Role.NGO_OFFICER, full_name="Vũ Hằng Nga")


@pytest.fixture
def son(centre: Unit) -> User:
    return make_user("son", unit=centre, role=Role.ADMINISTRATOR, full_name="Bùi Thái Sơn")
