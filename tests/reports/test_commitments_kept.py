"""M7: of what was promised, how much was kept, with the band that few cases leave open."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from activities.choices import CommitmentState, Side
from activities.models import Commitment
from crm.choices import Confidentiality
from crm.models import Country, Tier, TierMembership, Unit, User
from partners.models import Partner
from reports.choices import Outcome
from reports.metrics.commitments import Kept, Promises, due_in_a_year, kept, kept_by_partner, wilson
from tests.factories import make_partner, make_unit

pytestmark = pytest.mark.django_db
T = date(2026, 6, 30)


@pytest.fixture
def lao(reference_data: None) -> Partner:
    return make_partner()


def promise(partner: Partner, due: int | None = 100, **values: Any) -> Commitment:
    """A commitment due so many days before T; settled ones are done unless said otherwise."""
    settled = values.pop("settled", None)
    if settled is not None:
        values = {"state": CommitmentState.DONE, "settled_on": T - timedelta(days=settled), "reason": "vì mưa", **values}
    defaults: dict[str, Any] = {
        "text": "gửi danh sách đoàn",
        "unit": Unit.objects.get(code="VUFO"),
        "promised_on": T - timedelta(days=400),
        "due_on": None if due is None else T - timedelta(days=due),
    }
    return Commitment.objects.create(partner=partner, **{**defaults, **values})


def test_three_of_five_kept_may_be_anything_from_a_quarter_to_nine_tenths() -> None:
    assert wilson(3, 5) == (Decimal("0.23"), Decimal("0.88"))
    assert wilson(0, 1) == (Decimal("0.00"), Decimal("0.79"))
    assert wilson(1, 1) == (Decimal("0.21"), Decimal("1.00"))


def test_without_commitments_there_are_no_data(lao: Partner) -> None:
    found = kept(T).ours
    assert (found.n, found.share, found.low, found.high) == (0, None, None, None)
    assert kept_by_partner(T) == {}


def test_each_commitment_counts_as_what_became_of_it(lao: Partner) -> None:
    for settled in (100, 101, 150):
        promise(lao, settled=settled)
    promise(lao, settled=99)
    promise(lao)
    promise(lao, settled=20, state=CommitmentState.BROKEN)
    promise(lao, settled=120, state=CommitmentState.DROPPED)
    promise(lao, settled=110, owed_by=Side.THEIRS)

    found = kept(T)

    assert found == Promises(ours=Kept(on_time=3, late=1, overdue=1, broken=1), theirs=Kept(on_time=1))
    assert (found.ours.n, found.ours.share) == (6, Decimal("0.50"))
    assert kept_by_partner(T) == {lao.pk: found}
    assert kept_by_partner(T, [lao.pk + 1]) == {}
    assert [row.outcome for row in due_in_a_year(T)].count(Outcome.ON_TIME) == 4  # type: ignore[attr-defined]  # annotated


@pytest.mark.parametrize(("due", "n"), [(365, 0), (364, 1), (1, 1), (0, 0), (-1, 0), (None, 0)])
def test_open_commitments_of_the_last_year_count_from_the_day_after_they_were_due(due: int | None, n: int, lao: Partner) -> None:
    promise(lao, due, promised_on=T - timedelta(days=900))
    assert kept(T).ours.n == n


def test_one_kept_on_its_day_counts_that_day(lao: Partner) -> None:
    promise(lao, 0, settled=0)
    assert kept(T).ours == Kept(on_time=1)


def test_what_happened_after_the_day_is_not_known_on_it(lao: Partner) -> None:
    promise(lao, 50, settled=10)
    promise(lao, 50, promised_on=T - timedelta(days=20))
    earlier = T - timedelta(days=30)
    assert kept(earlier).ours == Kept(overdue=1)
    assert kept(T).ours == Kept(late=1, overdue=1)


def test_restricted_and_archived_commitments_count_nowhere(lao: Partner, an: User) -> None:
    promise(lao, confidentiality=Confidentiality.RESTRICTED)
    promise(lao, archived_at=timezone.now(), archived_by=an)
    assert kept(T).ours.n == 0


def test_a_country_a_tier_and_a_unit_count_their_own(lao: Partner) -> None:
    nghe_an, elsewhere = make_unit("PU-40"), make_partner("Somewhere", country="JP")
    promise(lao, unit=nghe_an)
    promise(elsewhere)
    laos = Country.objects.get(alpha2="LA")
    tier = Tier.objects.get(pk=TierMembership.objects.on(T).filter(country=laos).values("tier")[:1])

    assert kept(T).ours.n == 2
    assert kept(T, partner=elsewhere).ours.n == 1
    assert kept(T, country=laos).ours.n == 1
    assert kept(T, tier=tier).ours.n == 1
    assert kept(T, unit=nghe_an).ours.n == 1
    assert kept(T, unit=Unit.objects.get(code="VUFO")).ours.n == 2
