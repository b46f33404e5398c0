"""What the tests of the hand-over share: people somebody met, and everything passed on at once."""

from datetime import date
from typing import Any

from activities.actions.burdens import burden_of
from activities.actions.hand_overs import hand_over
from activities.choices import Side
from activities.models import Attendance, Exchange
from crm.models import ChangeSet, User
from partners.models import Partner, Person, Post
from tests.factories import make_exchange


def make_person(name: str, partner: Partner, **values: Any) -> Person:
    person = Person.objects.create(full_name=name, **values)
    Post.objects.create(person=person, partner=partner, title_vi="Chủ tịch", rank=1)
    return person


def met(partner: Partner, person: Person, *users: User, by: User, on: date = date(2026, 11, 2)) -> Exchange:
    rows = [Attendance(side=Side.OURS, user=user) for user in users] + [Attendance(side=Side.THEIRS, person=person, partner=partner)]
    return make_exchange(partner, by=by, on=on, attendances=rows)


def keys(person: User, reader: User) -> list[str]:
    """Every item that hangs on the person, as the form names them."""
    burden = burden_of(person, reader=reader)
    nouns: dict[str, list[Any]] = {
        "stewardship": burden.stewardships,
        "follow-up": burden.follow_ups,
        "planned": burden.planned,
        "contact": burden.contacts,
    }
    return [f"{noun}:{row.public_id}" for noun, rows in (nouns | {"view": burden.views}).items() for row in rows]


def pass_all(person: User, to: User, by: User, **options: Any) -> ChangeSet:
    change_set: ChangeSet = hand_over(person, by=by, choices=dict.fromkeys(keys(person, by), to), **options)
    return change_set
