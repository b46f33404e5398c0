"""What holds for every address of the product: it opens, it is light, and the checks for all pages know it."""

import pytest

from tests.bed.pages import addresses, client_of, samples

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo_data")]

# Addresses that answer the secretariat neither a page, a part, a file nor "that is an action".
SHUT = {
    "activities:calendar-feed": 404,  # The secret of no address.
}


def test_every_address_opens_for_the_secretariat_or_is_an_action() -> None:
    client, records = client_of(), samples()
    answers = {address.name: client.get(address.url(records)).status_code for address in addresses()}
    assert {name: code for name, code in answers.items() if code not in {200, 204, 301, 302, 405}} == SHUT
