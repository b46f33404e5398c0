"""Pages go compressed; what must stay byte for byte does not."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
ACCEPTS = {"accept-encoding": "gzip"}


def test_a_page_is_compressed_for_a_browser_that_takes_it(an: User, client: Client) -> None:
    client.force_login(an)
    answer = client.get(reverse("desk"), headers=ACCEPTS)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"<html" in gzip.decompress(answer.content)
    assert "Content-Encoding" not in client.get(reverse("desk")).headers


def test_what_programs_read_keeps_its_strong_tag(an: User, client: Client) -> None:
    client.force_login(an)
    partner = make_partner()
    answer = client.get(reverse("api:partner-detail", args=[partner.public_id]), headers=ACCEPTS)
    assert answer.headers["ETag"] == f'"rev-{partner.revision}"'
    assert "Content-Encoding" not in answer.headers
