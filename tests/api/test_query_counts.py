"""How many statements a list takes does not depend on how many rows it has."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.actions.commitments import save_commitment
from activities.actions.follow_ups import save_follow_up
from activities.models import Commitment, FollowUp
from crm.models import Field, Province, Unit, User
from partners.actions.partners import OtherName, save_partner
from partners.models import Partner, PartnerKind, Person, Post
from tests.activities.agreeing import make_agreement
from tests.api.caller import Caller
from tests.factories import make_exchange

# Of these, one reads the token and two the scope of its account.
COUNTS = {
    "/partners/?kind=FOREIGN_NGO": 8,
    "/partners/": 7,
    "/people/": 5,
    "/exchanges/": 8,
    "/follow-ups/": 4,
    "/commitments/": 4,
    "/agreements/": 6,
    "/countries/": 4,
    "/tiers/": 5,
}


def fill(rows: int, *, by: User) -> None:
    kind, fields = PartnerKind.objects.get(code="FOREIGN_NGO"), list(Field.objects.all()[:3])
    for number in range(rows):
        names = [OtherName(f"Tên khác {number}"), OtherName(f"Other name {number}")]
        partner = save_partner(Partner(name=f"Tổ chức {number}", kind=kind), by=by, names=names, fields=fields)
        person = Person.objects.create(full_name=f"Người {number}", unit=partner.unit)
        Post.objects.create(person=person, partner=partner, title_en="President")
        exchange = make_exchange(
            partner,
            by=by,
            on=date(2026, 11, 1) - timedelta(days=number),
            fields=fields,
            provinces=Province.objects.all()[:2],
            co_units=Unit.objects.filter(code="PU-22"),
        )
        save_follow_up(FollowUp(text="Việc", exchange=exchange, partner=partner), by=by)
        make_agreement(partner, by=by, title=f"Thỏa thuận {number}", exchange=exchange)
        promise = Commitment(text="Hứa", exchange=exchange, partner=partner, person=person, promised_on=exchange.starts_on)
        save_commitment(promise, by=by)


@pytest.mark.parametrize(("path", "expected"), COUNTS.items())
def test_a_list_takes_as_many_statements_for_twelve_rows_as_for_two(path: str, expected: int, api_of_an: Caller, an: User) -> None:
    counts = []
    for rows in (2, 10):
        fill(rows, by=an)
        api_of_an.get("/tiers/")
        with CaptureQueriesContext(connection) as queries:
            assert api_of_an.get(path).json()["items"]
        counts.append(len(queries))
    assert counts == [expected, expected]
