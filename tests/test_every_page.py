"""What holds for every address of the product: it opens, it is light, and the checks for all pages know it."""

import re
from html import unescape

import pytest

from tests.bed.pages import addresses, client_of, pages, samples, sections

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo_data")]

MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
FOREIGN_FORMATS = re.compile(rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}} (?:{MONTHS})[a-z]* \d{{4}}\b|\b[1-9]\d{{0,2}}(?:,\d{{3}}){{2,}}\b")
# Addresses that answer the secretariat neither a page, a part, a file nor "that is an action".
SHUT = {
    "activities:calendar-feed": 404,  # The secret of no address.
}


def test_every_address_opens_for_the_secretariat_or_is_an_action() -> None:
    client, records = client_of(), samples()
    answers = {address.name: client.get(address.url(records)).status_code for address in addresses()}
    assert {name: code for name, code in answers.items() if code not in {200, 204, 301, 302, 405}} == SHUT


@pytest.mark.parametrize("section", sections())
def test_a_vietnamese_page_writes_days_and_numbers_the_vietnamese_way(section: str) -> None:
    """No day as programs write it, none with an English month, no millions with commas, in what the reader sees."""
    client = client_of()
    odd = {}
    for name, address in pages(client, section).items():
        seen = visible_text(client.get(address).content.decode())
        if found := FOREIGN_FORMATS.findall(seen):
            odd[name] = found[:5]
    assert odd == {}


def visible_text(html: str) -> str:
    body = re.sub(r"<(script|style|template|textarea|code|title)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", body))
