"""What must hold for every set of exchanges, checked on random ones, with the caps computed plainly beside."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.choices import Level, PointsClass
from activities.models import Exchange
from partners.models import Partner
from reports.metrics.engagement import Engagement, engagement
from reports.metrics.ledger import ledger
from reports.models import PolicyVersion
from tests.reports.book import AS_OF, Entry, some_partners, taken_back, write

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

BASE = {0: 800, 1: 800, 2: 500, 3: 400, 4: 300, 5: 200, 6: 100}
LEVEL = {0: 10, 1: 12, 2: 15}

any_exchange = st.builds(
    Entry,
    age=st.one_of(st.integers(-20, 60), st.integers(-20, 1200)),
    points_class=st.sampled_from(PointsClass),
    level=st.sampled_from(Level),
    one_sided=st.booleans(),
    partners=st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True).map(tuple),
)
any_letter = st.builds(
    Entry, age=st.integers(0, 90), points_class=st.just(PointsClass.LETTER), level=st.sampled_from(Level), partners=st.just((0,))
)
books = st.lists(any_exchange | any_letter, max_size=40)
sparse_books = st.lists(
    st.builds(
        Entry, age=st.integers(0, 30).map(lambda month: month * 35), points_class=st.sampled_from(PointsClass), partners=st.just((0,))
    ),
    max_size=8,
    unique_by=lambda entry: entry.age,
)


def points(entry: Entry) -> int:
    return BASE[entry.points_class] * LEVEL[entry.level] // (20 if entry.one_sided else 10)


def plain_strength(entries: list[Entry], place: int, weights: dict[int, int]) -> int:
    """E by the words of the definition: day by day, letters against what letters counted in the 29 days before."""
    letters: dict[int, int] = defaultdict(int)
    others: dict[int, int] = defaultdict(int)
    for entry in entries:
        if place in entry.partners and entry.age >= 0:
            (letters if entry.points_class == PointsClass.LETTER else others)[entry.age] += points(entry)
    counted: dict[int, int] = {}
    for age in sorted(letters, reverse=True):
        counted[age] = min(letters[age], 400 - sum(counted.get(age + before, 0) for before in range(1, 30)))
    ages = letters.keys() | others.keys()
    return sum(min(1200, others[age] + counted.get(age, 0)) * weights.get(age, 0) for age in ages)


def figures_of(policy: PolicyVersion, partners: list[Partner], days_later: int = 0) -> dict[int, Engagement]:
    places = {partner.pk: place for place, partner in enumerate(partners)}
    return {places[row.partner_id]: row for row in engagement(policy, AS_OF + timedelta(days=days_later))}


@pytest.fixture
def partners(db: None) -> list[Partner]:
    return some_partners(3)


@quick
@given(entries=books)
def test_strength_is_what_the_definition_says_and_the_ledger_adds_up_to_it(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry]
) -> None:
    weights = dict(policy.weights.values_list("age", "billionths"))
    with taken_back():
        write(entries, partners)
        found = figures_of(policy, partners)
        for place, partner in enumerate(partners):
            expected = plain_strength(entries, place, weights)
            assert sum(row.adds for row in ledger(policy, AS_OF, partner)) == expected
            assert (found[place].strength if place in found else 0) == expected


@quick
@given(entries=books)
def test_caps_hold_on_every_day_and_in_every_thirty(policy: PolicyVersion, partners: list[Partner], entries: list[Entry]) -> None:
    with taken_back():
        write(entries, partners)
        rows = ledger(policy, AS_OF, partners[0])
    for day in {row.day for row in rows}:
        assert sum(row.counted for row in rows if row.day == day) <= 1200
        letters = [row for row in rows if row.exchange.kind.points_class == PointsClass.LETTER]
        assert sum(row.counted for row in letters if 0 <= (day - row.day).days < 30) <= 400


@quick
@given(entries=books, seed=st.integers(0, 1000))
def test_order_of_rows_is_irrelevant(policy: PolicyVersion, partners: list[Partner], entries: list[Entry], seed: int) -> None:
    with taken_back():
        write(entries, partners)
        first = figures_of(policy, partners)
    with taken_back():
        shuffled = random.Random(seed).sample(entries, len(entries))
        write(shuffled, partners)
        assert figures_of(policy, partners) == first


@quick
@given(entries=books)
def test_one_partner_alone_is_its_row_in_the_batch(policy: PolicyVersion, partners: list[Partner], entries: list[Entry]) -> None:
    with taken_back():
        write(entries, partners)
        together = list(engagement(policy, AS_OF))
        alone = [row for partner in partners for row in engagement(policy, AS_OF, [partner.pk])]
    assert alone == together


@quick
@given(entries=books)
def test_nothing_dated_later_changes_anything(policy: PolicyVersion, partners: list[Partner], entries: list[Entry]) -> None:
    with taken_back():
        write([entry for entry in entries if entry.age >= 0], partners)
        without = figures_of(policy, partners)
    with taken_back():
        write(entries, partners)
        assert figures_of(policy, partners) == without


@quick
@given(entries=books)
def test_silence_strictly_lowers_strength(policy: PolicyVersion, partners: list[Partner], entries: list[Entry]) -> None:
    with taken_back():
        write([entry for entry in entries if entry.age >= 0], partners)
        now, later = figures_of(policy, partners), figures_of(policy, partners, days_later=1)
    assert all(later[place].strength < row.strength or row.strength == 0 for place, row in now.items())


@quick
@given(entries=sparse_books, added=st.integers(0, 30))
def test_a_past_two_way_exchange_never_lowers_strength_below_the_caps(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry], added: int
) -> None:
    with taken_back():
        write(entries, partners)
        before = figures_of(policy, partners)
        write([Entry(age=added * 35 + 1, points_class=PointsClass.FORUM)], partners)
        after = figures_of(policy, partners)
    assert after[0].strength >= (before[0].strength if before else 0)


@quick
@given(entries=sparse_books, shared=st.sets(st.integers(0, 7)))
def test_a_merged_partner_has_the_sum_less_what_was_shared(
    policy: PolicyVersion, partners: list[Partner], entries: list[Entry], shared: set[int]
) -> None:
    a_and_b = [(0, 1) if number in shared else (number % 2,) for number in range(len(entries))]
    weights = dict(policy.weights.values_list("age", "billionths"))
    with taken_back():
        write([Entry(entry.age, entry.points_class, partners=with_) for entry, with_ in zip(entries, a_and_b, strict=True)], partners)
        write([Entry(entry.age, entry.points_class, partners=(2,)) for entry in entries], partners)
        found = figures_of(policy, partners)
    strengths = [found[place].strength if place in found else 0 for place in range(3)]
    both = sum(points(entry) * weights[entry.age] for number, entry in enumerate(entries) if number in shared)
    assert strengths[2] == strengths[0] + strengths[1] - both


def test_archived_and_planned_exchanges_count_for_nothing(policy: PolicyVersion, partners: list[Partner]) -> None:
    exchanges = write([Entry(age=3)], partners)
    Exchange.objects.filter(pk=exchanges[0].pk).update(status="planned")
    exchanges[0].participations.update(counted=False)
    assert figures_of(policy, partners) == {}
