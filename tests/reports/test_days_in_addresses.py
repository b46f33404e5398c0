"""Days in addresses that no record can have are refused in words, on every page that takes them."""

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User
from reports.models import PolicyVersion

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["collision-list", "reporting", "gap-list"])
@pytest.mark.parametrize("query", ["as_of=0001-01-01", "as_of=9999-12-31", "start=0001-01-01"])
def test_a_day_before_all_calendars_is_no_error_of_ours(policy: PolicyVersion, secretary: User, name: str, query: str) -> None:
    client = Client()
    client.force_login(secretary)
    assert client.get(f"{reverse(f'reports:{name}')}?{query}").status_code in (200, 422)
