"""The first day: nothing is entered yet. Every page opens, and every list says what to do."""

import pytest
from django.test import Client

from crm.models import User
from tests.bed.pages import addresses, is_page

pytestmark = pytest.mark.django_db

LISTS = {
    "partners:partner-list",
    "partners:person-list",
    "partners:import-list",
    "partners:duplicate-list",
    "activities:exchange-list",
    "activities:event-list",
    "activities:follow-up-board",
    "activities:draft-list",
    "activities:tidy-up",
    "crm:notification-list",
    "crm:change-set-list",
}


def test_every_page_opens_on_the_first_day_and_every_list_says_what_to_do(an: User, client: Client) -> None:
    client.force_login(an)
    bare, broken = [], {}
    for address in addresses():
        if address.arguments:
            continue
        answer = client.get(address.url({}), follow=True)
        if answer.status_code >= 500:
            broken[address.name] = answer.status_code
        elif address.name in LISTS and not (is_page(answer) and 'class="empty' in answer.content.decode()):
            bare.append(address.name)
    assert (broken, bare) == ({}, [])
