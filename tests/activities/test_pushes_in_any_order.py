"""Whatever a line does to words (repeats, drops, overtakes them), the end is that of a clean run: rows, facts, contacts, figures."""

import random
import threading
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from activities.actions.sources import push_exchanges
from activities.models import Exchange, ExchangeKind, ExternalExchangeId, Participation
from crm.actions.sources import Outcome, SourceItem
from crm.models import Field, Province, Unit, User
from partners.models import Partner
from reports.metrics.days import policy_on
from reports.metrics.engagement import engagement
from tests.factories import make_partner

KEYS = [f"K-{number}" for number in range(6)]
DAY = date(2026, 3, 16)


def history_of_a_source(chance: random.Random, partners: Sequence[Partner]) -> list[SourceItem]:
    """What a system says over time of its rows: made, changed, deleted, made again, each with a rising version."""
    kinds = list(ExchangeKind.objects.filter(code__in=["WORKING_MEETING", "ONLINE_MEETING"]))
    fields, provinces = list(Field.objects.all()[:4]), list(Province.objects.all()[:4])
    said: list[SourceItem] = []
    for key in KEYS:
        for version in range(1, chance.randint(2, 6)):
            if chance.random() < 0.25:
                said.append(SourceItem(external_id=key, version=version, withdraw=True))
                continue
            values = {
                "kind": chance.choice(kinds),
                "starts_on": DAY - timedelta(days=chance.randrange(200)),
                "partners": chance.sample(list(partners), chance.randint(1, 2)),
                "fields": chance.sample(fields, chance.randint(0, 2)),
            }
            optional = {
                "title": f"{key} {version}",
                "level": chance.randint(0, 2),
                "sides": chance.choice(["both", "ours"]),
                "status": chance.choice(["held", "cancelled"]),
                "provinces": chance.sample(provinces, chance.randint(0, 2)),
            }
            values |= {name: value for name, value in optional.items() if chance.random() < 0.6}
            said.append(SourceItem(external_id=key, version=version, values=values))
    return said


def in_use(unit: Unit) -> dict[str, Any]:
    """What stands of the source's rows, and all that follows from it."""
    exchanges = Exchange.objects.live().filter(host_unit=unit).prefetch_related("fields", "provinces", "participations")
    key_of = dict(ExternalExchangeId.objects.filter(unit=unit).values_list("exchange", "value"))
    facts = ("partner", "rank", "day_no", "merit", "two_way", "direction", "level", "counted", "field_mask", "host_unit")
    rows = {
        key_of[exchange.pk]: (
            exchange.kind_id, exchange.title, exchange.starts_on, exchange.level, exchange.sides, exchange.status,
            {field.pk for field in exchange.fields.all()},
            {province.pk for province in exchange.provinces.all()},
            list(exchange.participations.order_by("rank").values_list(*facts)),
        )
        for exchange in exchanges
    }  # fmt: skip
    keys = ExternalExchangeId.objects.filter(unit=unit).values_list("value", "version", "withdrawn_at", "pushed")
    return {
        "rows": rows,
        "keys": {value: (version, withdrawn is not None, None if withdrawn else pushed) for value, version, withdrawn, pushed in keys},
        "contacts": dict(Partner.objects.values_list("name", "last_contact_on")),
        "figures": figures(),
        "counted": Participation.objects.filter(counted=True).count(),
    }


def figures() -> Any:
    """Engagement of every partner, as the metrics work it out from the rows."""
    return list(engagement(policy_on(DAY), DAY))


def as_a_line_delivers(chance: random.Random, said: Sequence[SourceItem]) -> list[list[SourceItem]]:
    """Every word at least once, some twice, in any order, cut into batches anywhere."""
    words = [*said, *(word for word in said if chance.random() < 0.5)]
    chance.shuffle(words)
    parts = []
    while words:
        size = chance.randint(1, 7)
        parts.append(words[:size])
        words = words[size:]
    return parts


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_shuffled_and_repeated_words_end_as_a_clean_run(seed: int, an: User, nghe_an: Unit) -> None:
    chance = random.Random(seed)
    partners = [make_partner(), make_partner("Hội Campuchia", country="KH"), make_partner("Hội Nhật", country="JP")]
    said = history_of_a_source(chance, partners)
    for word in said:
        push_exchanges([word], unit=nghe_an, by=an)
    clean = in_use(nghe_an)
    start_over(nghe_an)
    for part in as_a_line_delivers(chance, said):
        push_exchanges(part, unit=nghe_an, by=an)
    assert in_use(nghe_an) == clean


def start_over(unit: Unit) -> None:
    """Forget the clean run, but not its partners, whose numbers figures are told by."""
    ExternalExchangeId.objects.filter(unit=unit).delete()
    Exchange.objects.filter(host_unit=unit).delete()
    Partner.objects.update(last_contact_on=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time.")
def test_programs_that_push_the_same_keys_at_once_double_nothing(an: User, nghe_an: Unit) -> None:
    partner = make_partner()
    kind = ExchangeKind.objects.get(code="WORKING_MEETING")
    ready = threading.Barrier(4)
    outcomes: list[Outcome] = []
    failures: list[BaseException] = []

    def program(seed: int) -> None:
        chance = random.Random(seed)
        items = [
            SourceItem(external_id=f"K-{number}", version=1, values={"kind": kind, "starts_on": DAY, "partners": [partner]})
            for number in range(20)
        ]
        chance.shuffle(items)
        try:
            ready.wait()
            outcomes.extend(result.outcome for result in push_exchanges(items, unit=nghe_an, by=an))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=program, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (outcomes.count(Outcome.CREATED), outcomes.count(Outcome.UNCHANGED)) == (20, 60)
    assert Exchange.objects.count() == ExternalExchangeId.objects.count() == 20
    partner.refresh_from_db()
    assert partner.last_contact_on == min(DAY, timezone.localdate())
