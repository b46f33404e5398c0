"""A generated network whose figures were computed once: the suite runs on PostgreSQL and SQLite, both must give these."""

import hashlib
import random
from dataclasses import astuple
from datetime import timedelta

from activities.choices import CommitmentState, Direction, Level, PointsClass, Side
from activities.models import Commitment, ExchangeUnit, Participation
from crm.models import Country, Unit
from partners.models import Partner
from reports.metrics.commitments import kept_by_partner
from reports.metrics.engagement import engagement
from reports.metrics.risks import risks
from reports.models import PlanLine, PolicyVersion
from tests.reports.book import AS_OF, Entry, some_partners, write

STRENGTHS = [38238812954835, 19398909192625, 13537258027250]
DIGEST = "97fab74750907d77df1a25adae2ef677ab74ed5c52d2a9b1218ab81632a1b721"


RISKS = "43d0c764cde7575738b568d4ad25e8408eb8f17cb2f65b48d622f3fe61d7d82f"


def test_every_figure_of_a_generated_network_is_the_same_to_the_last_digit(policy: PolicyVersion) -> None:
    dice = random.Random(20250930)
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


def test_risks_and_promises_of_a_generated_network_are_the_same(policy: PolicyVersion) -> None:
    dice = random.Random(6)
    partners = some_partners(20)
    Partner.objects.filter(pk__in=[partner.pk for partner in partners]).update(country=Country.objects.get(alpha2="LA"))
    PlanLine.objects.create(country=Country.objects.get(alpha2="LA"), required=6, cadence_days=60)
    write(
        [
            Entry(
                age=dice.randrange(1200),
                points_class=dice.choice([PointsClass.DELEGATION, *PointsClass]),
                level=dice.choice(list(Level)),
                one_sided=dice.random() < 0.3,
                partners=(int(dice.random() ** 2 * 20),),
                direction=dice.choice(list(Direction)),
            )
            for _ in range(400)
        ],
        partners,
    )
    unit = Unit.objects.order_by("pk")[0]
    for number in range(200):
        due = AS_OF - timedelta(days=dice.randrange(-30, 500))
        settled = dice.choice([None, due, due + timedelta(days=40)])
        Commitment.objects.create(
            partner=partners[int(dice.random() ** 2 * 20)], unit=unit, text=str(number), owed_by=dice.choice(list(Side)),
            promised_on=due - timedelta(days=60), due_on=due, reason="x", settled_on=settled,
            state=CommitmentState.OPEN if settled is None else CommitmentState.DONE,
        )  # fmt: skip
    places = {partner.pk: place for place, partner in enumerate(partners)}
    found = [(places[row.partner_id], row.mask, str(row.alarm)) for row in risks(policy, AS_OF)]
    promises = [(places[pk], astuple(row)) for pk, row in kept_by_partner(AS_OF).items()]
    assert hashlib.sha256(repr((found, promises)).encode()).hexdigest() == RISKS
