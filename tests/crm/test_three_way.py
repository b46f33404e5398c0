"""Nothing that either side changed is lost, and nothing that both changed is overwritten unseen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from crm.three_way import Conflict, Merged, is_blank, merge, same

NAMES = ("name", "city", "year", "fields")
LISTS = frozenset({"fields"})
PLAIN = some.sampled_from(["", "a", "b", "c", None, 0, 1])
ROWS = some.fixed_dictionaries(
    {"name": PLAIN, "city": PLAIN, "year": PLAIN, "fields": some.lists(some.sampled_from(["x", "y", "z", {"name": "n"}]), max_size=4)}
)


def after(current: dict[str, Any], merged: Merged) -> dict[str, Any]:
    return {**current, **merged.apply}


def items(values: Any) -> list[str]:
    return sorted({repr(value) for value in values})


@given(base=ROWS, theirs=ROWS, current=ROWS)
def test_every_field_named_has_one_fate(base: Any, theirs: Any, current: Any) -> None:
    merged = merge(base, theirs, current, as_sets=LISTS)
    fates = [*merged.apply, *merged.conflicts, *merged.same, *merged.kept]
    assert sorted(fates) == sorted(theirs)


@given(base=ROWS, theirs=ROWS, current=ROWS)
def test_what_they_changed_is_applied_or_told_as_a_conflict(base: Any, theirs: Any, current: Any) -> None:
    merged = merge(base, theirs, current, as_sets=LISTS)
    stored = after(current, merged)
    for name in set(NAMES) - LISTS:
        if not same(theirs[name], base[name]):
            assert same(stored[name], theirs[name]) or merged.conflicts[name] == Conflict(base[name], theirs[name], current[name])


@given(base=ROWS, theirs=ROWS, current=ROWS)
def test_what_was_changed_here_is_never_overwritten(base: Any, theirs: Any, current: Any) -> None:
    merged = merge(base, theirs, current, as_sets=LISTS)
    for name in set(NAMES) - LISTS:
        if not same(current[name], base[name]):
            assert name not in merged.apply


@given(base=ROWS, theirs=ROWS, current=ROWS)
def test_without_a_conflict_it_does_not_matter_who_comes_first(base: Any, theirs: Any, current: Any) -> None:
    one, other = merge(base, theirs, current, as_sets=LISTS), merge(base, current, theirs, as_sets=LISTS)
    assert one.conflicts.keys() == other.conflicts.keys()
    stored, turned = after(current, one), after(theirs, other)
    for name in set(NAMES) - LISTS - one.conflicts.keys():
        assert same(stored[name], turned[name])
    assert items(stored["fields"]) == items(turned["fields"])


@given(theirs=ROWS, current=ROWS)
def test_nor_where_the_two_never_agreed_on_anything(theirs: Any, current: Any) -> None:
    one, other = merge({}, theirs, current, as_sets=LISTS), merge({}, current, theirs, as_sets=LISTS)
    assert one.conflicts.keys() == other.conflicts.keys()
    stored, turned = after(current, one), after(theirs, other)
    for name in set(NAMES) - LISTS - one.conflicts.keys():
        assert same(stored[name], turned[name]) or (is_blank(stored[name]) and is_blank(turned[name]))


@given(base=ROWS, theirs=ROWS, current=ROWS)
def test_in_a_list_both_sides_additions_and_removals_stand(base: Any, theirs: Any, current: Any) -> None:
    stored = items(after(current, merge(base, theirs, current, as_sets=LISTS))["fields"])
    began, wanted, standing = (set(items(row["fields"])) for row in (base, theirs, current))
    assert set(stored) == (standing - (began - wanted)) | (wanted - began)


@given(base=ROWS, theirs=ROWS, current=ROWS)
def test_saying_it_again_changes_nothing_more(base: Any, theirs: Any, current: Any) -> None:
    stored = after(current, merge(base, theirs, current, as_sets=LISTS))
    assert merge(theirs, theirs, stored, as_sets=LISTS).apply == {}


@pytest.mark.parametrize(
    ("theirs", "current", "fate"),
    [
        ("Huế", "", "apply"),
        ("", "Huế", "kept"),
        ("Huế", "Huế", "same"),
        ("Huế", "Vinh", "conflicts"),
        (None, "", "kept"),
        (0, None, "apply"),
    ],
)
def test_a_field_never_spoken_of_fills_an_empty_place_and_takes_nothing_away(theirs: Any, current: Any, fate: str) -> None:
    assert "city" in getattr(merge({}, {"city": theirs}, {"city": current}), fate)


def test_a_field_that_is_not_named_is_left_alone() -> None:
    assert merge({"city": "Huế"}, {}, {"city": "Vinh"}) == Merged()


def test_a_list_in_another_order_is_the_same_set() -> None:
    assert merge({"fields": ["x"]}, {"fields": ["y", "x"]}, {"fields": ["x", "y"]}, as_sets=LISTS).same == {"fields"}
