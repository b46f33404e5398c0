"""A generated network whose figures were computed once: the suite runs on PostgreSQL and SQLite, both must give these."""

import hashlib
import random
from dataclasses import astuple

from activities.choices import Level, PointsClass
from activities.models import ExchangeUnit, Participation
from crm.models import Unit
from reports.metrics.engagement import engagement
from reports.models import PolicyVersion
from tests.reports.book import AS_OF, Entry, some_partners, write

STRENGTHS = [38238812954835, 19398909192625, 13537258027250]
DIGEST = "97fab74750907d77df1a25adae2ef677ab74ed5c52d2a9b1218ab81632a1b721"


def test_every_figure_of_a_generated_network_is_the_same_to_the_last_digit(policy: PolicyVersion) -> None:
    dice = random.Random(20250930)  # noqa: S311  (a data set, not a secret)
    partners = some_partners(30)
    entries = [
        Entry(
            age=int(dice.paretovariate(0.4)) * 3 % 1500,
            points_class=dice.choice(list(PointsClass)),
            level=dice.choice(list(Level)),
            one_sided=dice.random() < 0.2,
            partners=tuple(int(dice.random() ** 3 * 30) for _ in range(dice.choice([1, 1, 2]))),
        )
        for _ in range(900)
    ]
    exchanges = write(entries, partners)
    for number, exchange in enumerate(exchanges):
        Participation.objects.filter(exchange=exchange).update(field_mask=1 << (number * number % 63))
    units = list(Unit.objects.order_by("code")[:5])
    ExchangeUnit.objects.bulk_create(
        ExchangeUnit(exchange=exchange, unit=units[number % 5]) for number, exchange in enumerate(exchanges[:200])
    )
    places = {partner.pk: place for place, partner in enumerate(partners)}
    rows = [(places[row.partner_id], *astuple(row)[1:]) for row in engagement(policy, AS_OF)]
    assert [row[1] for row in rows[:3]] == STRENGTHS
    assert hashlib.sha256(repr(rows).encode()).hexdigest() == DIGEST
