"""A program repeats itself, and its words overtake each other: the youngest one stands, whatever comes when."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.actions.sources import Age, SourceItem, age_of, note_word, refuse_future, source_key
from partners.models import ExternalId

NOON = datetime.fromisoformat("2026-03-01T12:00:00+07:00")


def word(**said: Any) -> SourceItem:
    return SourceItem(external_id="A-1", **said)


def heard(item: SourceItem, body: dict[str, Any] | None = None) -> ExternalId:
    """A key about which one word was said."""
    key = ExternalId(value="A-1", withdrawn_at=timezone.now())
    note_word(key, item, body or {})
    return key


def code_of(refusal: pytest.ExceptionInfo[ValidationError]) -> tuple[str, str | None]:
    ((name, errors),) = refusal.value.error_dict.items()
    return name, errors[0].code


@pytest.mark.parametrize(
    ("last", "next_", "age"),
    [
        ({"version": 2}, {"version": 3}, Age.NEWER),
        ({"version": 2}, {"version": 1}, Age.OLDER),
        ({"changed_at": NOON}, {"changed_at": NOON + timedelta(seconds=1)}, Age.NEWER),
        ({"changed_at": NOON}, {"changed_at": NOON - timedelta(microseconds=1)}, Age.OLDER),
        ({"version": 2, "changed_at": NOON}, {"version": 2, "changed_at": NOON + timedelta(hours=1)}, Age.NEWER),
        ({"version": 2, "changed_at": NOON}, {"version": 3, "changed_at": NOON - timedelta(hours=1)}, Age.NEWER),
        ({"version": 2}, {"changed_at": NOON}, Age.NEWER),
        ({}, {}, Age.NEWER),
        ({"version": 2}, {}, Age.NEWER),
    ],
)
def test_the_version_says_which_word_is_younger_and_then_the_moment(last: Any, next_: Any, age: Age) -> None:
    assert age_of(word(**next_), heard(word(**last), {"city": "Huế"}), {"city": "Vinh"}) is age


def test_the_same_word_again_is_a_repetition() -> None:
    assert age_of(word(version=2), heard(word(version=2), {"city": "Huế", "year": 1990}), {"city": "Huế"}) is Age.REPEATED


@pytest.mark.parametrize("said", [{"version": 2}, {"changed_at": NOON}])
def test_other_values_under_the_same_version_are_refused(said: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        age_of(word(**said), heard(word(**said), {"city": "Huế"}), {"city": "Vinh"})
    assert code_of(refusal) == (next(iter(said)), "version_reused")


def test_other_values_under_the_same_version_stand_for_who_has_seen_the_record() -> None:
    assert age_of(word(version=2, if_match=7), heard(word(version=2), {"city": "Huế"}), {"city": "Vinh"}) is Age.NEWER


@pytest.mark.parametrize(
    ("deleted", "put", "age"),
    [
        ({"version": 5}, {"version": 4}, Age.OLDER),
        ({"version": 5}, {"version": 5}, Age.OLDER),
        ({"version": 5}, {"version": 6}, Age.NEWER),
        ({}, {}, Age.OLDER),
        ({}, {"version": 1}, Age.OLDER),
    ],
)
def test_a_withdrawn_key_wakes_only_for_a_word_that_is_younger(deleted: Any, put: Any, age: Age) -> None:
    assert age_of(word(**put), heard(word(withdraw=True, **deleted)), {"city": "Huế"}) is age


def test_of_a_put_and_a_delete_of_one_version_the_delete_stands() -> None:
    assert age_of(word(version=2, withdraw=True), heard(word(version=2), {"city": "Huế"}), {}) is Age.NEWER
    assert age_of(word(version=2, withdraw=True), heard(word(version=2, withdraw=True)), {}) is Age.REPEATED


def test_in_whatever_order_words_come_and_however_often_the_same_stands_at_the_end() -> None:
    words = [
        (word(version=1), {"city": "Huế"}),
        (word(version=2), {"city": "Vinh"}),
        (word(version=3, withdraw=True), {}),
        (word(version=4), {"city": "Hội An"}),
    ]
    ends = set()
    for order in permutations(words):
        key = ExternalId(value="A-1", withdrawn_at=timezone.now())
        for item, body in [*order, *order]:
            if age_of(item, key, body) is Age.NEWER:
                note_word(key, item, body)
        ends.add((key.version, key.pushed["city"], key.withdrawn_at))
    assert ends == {(4, "Hội An", None)}


def test_a_field_that_a_later_word_leaves_out_keeps_what_was_said_of_it() -> None:
    key = heard(word(version=1), {"city": "Huế", "year": 1990})
    note_word(key, word(version=2), {"city": "Vinh"})
    assert key.pushed == {"city": "Vinh", "year": 1990}


def test_a_clock_that_runs_a_little_fast_is_borne_and_one_that_is_wrong_is_told() -> None:
    refuse_future(word(changed_at=timezone.now() + timedelta(minutes=4)))
    with pytest.raises(ValidationError) as refusal:
        refuse_future(word(changed_at=timezone.now() + timedelta(minutes=6)))
    assert code_of(refusal) == ("changed_at", "in_the_future")


def test_both_ways_to_write_a_letter_are_one_key() -> None:
    assert source_key("Huế/12 b") == source_key("Hue\u0302\u0301/12 b") == "Huế/12 b"


@pytest.mark.parametrize(
    ("text", "code"), [("", "blank"), ("  ", "blank"), ("x" * 201, "max_length"), ("a\x00b", "control_characters_not_allowed")]
)
def test_an_identifier_that_cannot_be_one_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        source_key(text)
    assert code_of(refusal) == ("external_id", code)
