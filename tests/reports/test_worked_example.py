"""The worked example of the definitions, to the digit."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from crm.models import User
from partners.models import Partner
from reports.metrics.documents import engagement_document
from reports.metrics.engagement import engagement_of
from reports.models import PlanLine, PolicyVersion
from tests.factories import make_exchange

AS_OF = date(2025, 9, 30)


@pytest.fixture
def plan(example: Partner) -> PlanLine:
    return PlanLine.objects.create(country=example.country, required=4, cadence_days=90, least_level=2)


def index_on(day: date, partner: Partner, policy: PolicyVersion) -> Decimal:
    figures = engagement_of(policy, day, partner.pk)
    assert figures
    return figures.index(policy)


def test_ledger_rows_are_those_of_the_definition_and_add_up_exactly(example: Partner) -> None:
    document = engagement_document(example, AS_OF)
    assert [(row["day"], row["points"], row["weight"], row["adds"]) for row in document["ledger"]] == [
        ("2025-09-02", 12.0, 0.8978, 10.77),
        ("2025-06-15", 3.0, 0.6623, 1.99),
        ("2025-03-20", 0.5, 0.4738, 0.24),
        ("2024-11-18", 9.6, 0.2962, 2.84),
        ("2024-05-05", 9.6, 0.1387, 1.33),
    ]
    assert sum(row["adds_exact"] for row in document["ledger"]) == document["E_exact"]


def test_strength_index_band_and_momentum(example: Partner) -> None:
    document = engagement_document(example, AS_OF)
    assert (document["E"], document["EI"], document["band"]) == (17.17, 46.2, "kept")
    assert document["momentum"] == {"sequential": 0.163, "seasonal": 0.182}


def test_attainment_leaves_out_the_unanswered_letter(example: Partner, plan: PlanLine) -> None:
    attainment = engagement_document(example, AS_OF)["attainment"]
    assert (attainment["done"], attainment["required"], attainment["value"], attainment["level_reached"]) == (3, 4, 0.75, True)
    assert attainment["status"] == "covered"


def test_a_deputy_level_meeting_tomorrow_lifts_the_index(example: Partner, policy: PolicyVersion, secretary: User) -> None:
    tomorrow = AS_OF + timedelta(days=1)
    make_exchange(example, by=secretary, on=tomorrow, level=1)
    assert index_on(tomorrow, example, policy) == Decimal("53.6")
    assert index_on(AS_OF, example, policy) == Decimal("46.2")


def test_ninety_silent_days_lower_the_index(example: Partner, policy: PolicyVersion) -> None:
    assert index_on(AS_OF + timedelta(days=90), example, policy) == Decimal("37.8")


def test_a_meeting_entered_later_counts_from_its_own_day(example: Partner, policy: PolicyVersion, secretary: User) -> None:
    make_exchange(example, by=secretary, on=date(2025, 8, 10), level=1)
    assert index_on(AS_OF, example, policy) == Decimal("52.5")


def test_the_command_prints_it(example: Partner, plan: PlanLine, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("engagement", str(example.public_id), "--as-of", "2025-09-30", "--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["partner"], document["as_of"], document["policy"]) == (str(example.public_id), "2025-09-30", "2025")
    assert (document["E"], document["EI"]) == (17.17, 46.2)
    assert document["facts"] == {
        "recency_days": 28,
        "frequency": 3,
        "depth": 0.899,
        "fields": None,
        "people_met": None,
        "units_involved": 1,
        "first_exchange": "2024-05-05",
        "longest_gap_days": 197,
    }
