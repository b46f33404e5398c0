"""What must hold of risks, visits and promises for every set of rows, checked on random ones."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.choices import CommitmentState, Direction, Level, PointsClass, Side
from activities.models import Commitment
from crm.models import Country, Unit
from partners.models import Partner
from reports.metrics.commitments import Kept, Promises, kept, kept_by_partner, wilson
from reports.metrics.reciprocity import reciprocity, returns_owed
from reports.metrics.risks import risks
from reports.models import PlanLine, PolicyVersion
from tests.reports.book import AS_OF, Entry, some_partners, taken_back, write

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

any_exchange = st.builds(
    Entry,
    age=st.one_of(st.integers(-20, 60), st.integers(-20, 1500)),
    points_class=st.sampled_from([PointsClass.DELEGATION, PointsClass.DELEGATION, *PointsClass]),
    level=st.sampled_from(Level),
    one_sided=st.booleans(),
    partners=st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True).map(tuple),
    direction=st.sampled_from(Direction),
)
books = st.lists(any_exchange, max_size=30)
# (place of the partner, days promised before T, days due before T, days settled before T or None, state, side)
promises = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(-30, 900), st.integers(-60, 500), st.none() | st.integers(-60, 400),
        st.sampled_from([CommitmentState.DONE, CommitmentState.BROKEN, CommitmentState.DROPPED]), st.sampled_from(Side),
    ),
    max_size=25,
)  # fmt: skip


@pytest.fixture
def partners(policy: PolicyVersion) -> list[Partner]:
    """Three partners of a country that asks for an exchange every 60 days."""
    country = Country.objects.get(alpha2="LA")
    PlanLine.objects.create(country=country, required=6, cadence_days=60)
    partners = some_partners(3)
    Partner.objects.filter(pk__in=[partner.pk for partner in partners]).update(country=country)
    return partners


def promise(rows: list[tuple], partners: list[Partner], *, known_only: bool = False) -> None:
    unit = Unit.objects.order_by("pk")[0]
    made = []
    for place, promised, due, settled, state, side in rows:
        if known_only and promised < 0:
            continue
        ended = None if settled is None or settled > promised or (known_only and settled < 0) else settled
        made.append(
            Commitment(
                partner=partners[place], unit=unit, text="x", owed_by=side, reason="x",
                promised_on=AS_OF - timedelta(days=promised), due_on=AS_OF - timedelta(days=due),
                state=CommitmentState.OPEN if ended is None else state,
                settled_on=None if ended is None else AS_OF - timedelta(days=ended),
            )
        )  # fmt: skip
    Commitment.objects.bulk_create(made)


def masks(policy: PolicyVersion, partners: list[Partner]) -> dict[int, int]:
    places = {partner.pk: place for place, partner in enumerate(partners)}
    return {places[row.partner_id]: row.mask for row in risks(policy, AS_OF)}


@quick
@given(entries=books, rows=promises)
def test_one_partner_alone_is_its_row_in_the_batch(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry], rows: list[tuple]
) -> None:
    with taken_back():
        write(entries, partners)
        promise(rows, partners)
        assert [row for partner in partners for row in risks(policy, AS_OF, [partner.pk])] == list(risks(policy, AS_OF))
        together = kept_by_partner(AS_OF)
        assert {pk: found for partner in partners for pk, found in kept_by_partner(AS_OF, [partner.pk]).items()} == together
        assert all(kept(AS_OF, partner=partner) == together.get(partner.pk, Promises()) for partner in partners)
        assert [row for partner in partners for row in returns_owed(AS_OF, [partner.pk])] == returns_owed(AS_OF)
        alone = {pk: found for partner in partners for pk, found in reciprocity(AS_OF, [partner.pk]).items()}
        assert alone == reciprocity(AS_OF)


@quick
@given(entries=books, rows=promises, seed=st.integers(0, 1000))
def test_order_of_rows_is_irrelevant(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry], rows: list[tuple], seed: int
) -> None:
    dice = random.Random(seed)
    found = []
    for shuffled in (False, True):
        with taken_back():
            write(dice.sample(entries, len(entries)) if shuffled else entries, partners)
            promise(dice.sample(rows, len(rows)) if shuffled else rows, partners)
            found.append((masks(policy, partners), kept(AS_OF), reciprocity(AS_OF)))
    assert found[0] == found[1]


@quick
@given(entries=books, rows=promises)
def test_nothing_dated_later_changes_anything(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry], rows: list[tuple]
) -> None:
    found = []
    for known_only in (False, True):
        with taken_back():
            write([entry for entry in entries if entry.age >= 0 or not known_only], partners)
            promise(rows, partners, known_only=known_only)
            found.append((masks(policy, partners), kept(AS_OF), kept_by_partner(AS_OF), reciprocity(AS_OF)))
    assert found[0] == found[1]


@quick
@given(entries=books, rows=promises)
def test_a_merged_partner_has_the_promises_of_both_and_their_visits_less_what_was_shared(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry], rows: list[tuple]
) -> None:
    with_two = [replace(entry, partners=tuple(place % 2 for place in entry.partners)) for entry in entries]
    of_two = [(place % 2, *rest) for place, *rest in rows]
    with taken_back():
        write(with_two, partners)
        promise(of_two, partners)
        before, visits = kept_by_partner(AS_OF), reciprocity(AS_OF)
        write([replace(entry, partners=(2,)) for entry in with_two], partners)
        promise([(2, *rest) for _place, *rest in of_two], partners)
        a, b, merged = (kept_by_partner(AS_OF).get(partner.pk, Promises()) for partner in partners)
        assert before == {pk: found for pk, found in kept_by_partner(AS_OF).items() if pk != partners[2].pk}
        assert (merged.ours, merged.theirs) == (a.ours + b.ours, a.theirs + b.theirs)
        counts = [visits[partner.pk].visits_in if partner.pk in visits else 0 for partner in partners[:2]]
        shared = sum(
            1 for entry in with_two
            if len(set(entry.partners)) == 2 and entry.direction == Direction.IN and entry.points_class == PointsClass.DELEGATION
            and not entry.one_sided and 0 <= entry.age < 1095
        )  # fmt: skip
        after = reciprocity(AS_OF).get(partners[2].pk)
        assert (after.visits_in if after else 0) == sum(counts) - shared


@quick
@given(on_time=st.integers(0, 60), other=st.integers(0, 60))
def test_the_band_holds_the_share_and_narrows_with_more_cases(on_time: int, other: int) -> None:
    n = on_time + other
    if n == 0:
        assert Kept().share is None
        return
    low, high = wilson(on_time, n)
    share = Kept(on_time=on_time, late=other).share
    assert share is not None
    assert 0 <= low <= share <= high <= 1
    wide_low, wide_high = wilson(on_time * 4, n * 4)
    assert wide_high - wide_low <= high - low
