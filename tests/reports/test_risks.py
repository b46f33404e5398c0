"""M6: each reason code at its edge, who is asked, and what they add up to."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from activities.choices import AgreementState, CommitmentState, Direction, Level, Side, Sides
from activities.models import Agreement, AgreementKind, AgreementParty, Attendance, Commitment
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.choices import PartnerStatus
from partners.models import Partner, Person, Post, Registration, Stewardship
from reports.choices import Alarm, Risk
from reports.metrics.risks import risk_of, risks
from reports.models import PlanLine, PolicyVersion
from tests.factories import make_exchange, make_partner, make_user

pytestmark = pytest.mark.django_db
T = date(2026, 6, 30)


def before(days: int) -> date:
    return T - timedelta(days=days)


def at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(8)))


@pytest.fixture
def lao(reference_data: None) -> Partner:
    """Asked by a plan line of its country for an exchange every 100 days; verified lately."""
    partner = make_partner(verified_on=before(10))
    PlanLine.objects.create(country=partner.country, required=4, cadence_days=100)
    return partner


def codes(partner: Partner, policy: PolicyVersion, day: date = T) -> set[Risk]:
    found = risk_of(policy, day, partner.pk)
    return set(found.codes) if found else set()


def meet(partner: Partner, by: User, days: int, **values: Any) -> Any:
    return make_exchange(partner, by=by, on=before(days), **values)


def test_a_partner_without_anything_has_no_code(lao: Partner, policy: PolicyVersion) -> None:
    assert list(risks(policy, T)) == []


@pytest.mark.parametrize(("days", "silent"), [(150, False), (151, True)])
def test_r1_holds_after_three_halves_of_the_cadence(days: int, silent: bool, lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, days)
    assert (Risk.SILENT in codes(lao, policy)) is silent
    meet(lao, an, 3, sides=Sides.OURS)
    assert (Risk.SILENT in codes(lao, policy)) is silent, "a letter without an answer breaks no silence"


def test_r1_is_asked_only_where_a_cadence_is(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 500)
    PlanLine.objects.update(exempt=True)
    assert Risk.SILENT not in codes(lao, policy)
    nowhere = make_partner("Nobody's", country=None, verified_on=before(1))
    meet(nowhere, an, 500)
    assert Risk.SILENT not in codes(nowhere, policy)


def test_r2_needs_a_fall_and_something_to_fall_from(lao: Partner, an: User, policy: PolicyVersion) -> None:
    for days in (370, 400, 430):
        meet(lao, an, days, kind="DELEGATION_IN", level=Level.LEADER, direction="in")
    assert Risk.FADING in codes(lao, policy)
    for days in (5, 35, 65):
        meet(lao, an, days, kind="DELEGATION_IN", level=Level.LEADER, direction="in")
    assert Risk.FADING not in codes(lao, policy)
    small = make_partner("Small", verified_on=before(1))
    meet(small, an, 370)
    assert Risk.FADING not in codes(small, policy)


def person(partner: Partner, name: str, **post: Any) -> Person:
    who = Person.objects.create(full_name=name)
    Post.objects.create(person=who, partner=partner, title_vi="Chủ tịch", **post)
    return who


def colleague(partner: Partner, name: str) -> User:
    user = make_user(name, unit=Unit.objects.get(code="VUFO"))
    Stewardship.objects.create(partner=partner, unit=Unit.objects.get(code="VUFO"), officer=user, role="support", valid_to=date(2099, 1, 1))
    return user


def test_r3_is_no_data_where_nobody_is_named(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 5)
    assert Risk.SINGLE_THREAD not in codes(lao, policy)


def test_r3_holds_with_one_live_person_on_their_side(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 5)
    person(lao, "Bà Một")
    assert Risk.SINGLE_THREAD in codes(lao, policy)
    second = person(lao, "Ông Hai", valid_to=before(-30))
    assert Risk.SINGLE_THREAD not in codes(lao, policy)
    Post.objects.filter(person=second).update(valid_to=before(1))
    assert Risk.SINGLE_THREAD in codes(lao, policy), "who left the post is no thread any more"


def test_r3_counts_people_met_also_without_a_record(lao: Partner, an: User, policy: PolicyVersion) -> None:
    met = meet(lao, an, 5)
    person(lao, "Bà Một")
    Attendance.objects.create(exchange=met, side=Side.THEIRS, name="Ông Ba")
    assert Risk.SINGLE_THREAD not in codes(lao, policy)


def test_r3_does_not_tell_of_restricted_people(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 5)
    person(lao, "Bà Một")
    hidden = person(lao, "Ông Kín")
    Person.objects.filter(pk=hidden.pk).update(confidentiality=Confidentiality.RESTRICTED)
    assert Risk.SINGLE_THREAD in codes(lao, policy)


def test_r3_holds_with_one_live_colleague(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 5)
    colleague(lao, "one")
    assert Risk.SINGLE_THREAD in codes(lao, policy)
    left = colleague(lao, "two")
    assert Risk.SINGLE_THREAD not in codes(lao, policy)
    left.memberships.update(valid_to=before(0))
    assert Risk.SINGLE_THREAD in codes(lao, policy), "who has left the network is no thread any more"


def promise(partner: Partner, due: int, **values: Any) -> Commitment:
    unit = Unit.objects.get(code="VUFO")
    return Commitment.objects.create(
        partner=partner, unit=unit, **{"text": "gửi sách", "promised_on": before(200), "due_on": before(due), **values}
    )


@pytest.mark.parametrize(
    ("due", "values", "held"),
    [
        (30, {}, False),
        (31, {}, True),
        (31, {"owed_by": Side.THEIRS}, False),
        (31, {"confidentiality": Confidentiality.RESTRICTED}, False),
        (31, {"state": CommitmentState.DONE, "settled_on": T}, False),
        (31, {"state": CommitmentState.DONE, "settled_on": T + timedelta(days=1)}, True),
        (31, {"promised_on": T + timedelta(days=1)}, False),
    ],
)
def test_r4_holds_30_days_after_a_promise_of_ours_was_due(
    due: int, values: dict[str, Any], held: bool, lao: Partner, policy: PolicyVersion
) -> None:
    promise(lao, due, **values)
    assert codes(lao, policy) == ({Risk.PROMISE_OVERDUE} if held else set())


def agree(partner: Partner, ends_in: int, **values: Any) -> Agreement:
    kind = AgreementKind.objects.get_or_create(code="MOU-R5", defaults={"label_vi": "BGN", "label_en": "MOU", "family": "memorandum"})[0]
    defaults = {
        "title": "BGN", "unit": Unit.objects.get(code="VUFO"), "signed_on": before(900),
        "valid_from": before(900), "valid_to": before(-ends_in),
    }  # fmt: skip
    agreement = Agreement.objects.create(kind=kind, **{**defaults, **values})
    AgreementParty.objects.create(agreement=agreement, side=Side.THEIRS, partner=partner)
    return agreement


@pytest.mark.parametrize(
    ("ends_in", "values", "held"),
    [
        (0, {}, False),
        (1, {}, True),
        (180, {}, True),
        (181, {}, False),
        (90, {"renews_itself": True}, False),
        (90, {"state": AgreementState.ENDED_EARLY}, False),
        (90, {"state": AgreementState.NEGOTIATED}, False),
        (90, {"confidentiality": Confidentiality.RESTRICTED}, False),
    ],
)
def test_r5_holds_half_a_year_before_an_agreement_ends(
    ends_in: int, values: dict[str, Any], held: bool, lao: Partner, policy: PolicyVersion
) -> None:
    agree(lao, ends_in, **values)
    assert codes(lao, policy) == ({Risk.ENDING} if held else set())


def test_r5_falls_with_a_step_to_a_renewal(lao: Partner, policy: PolicyVersion) -> None:
    old = agree(lao, 90)
    renewal = agree(lao, 900, renews=old, signed_on=None, state=AgreementState.NEGOTIATED, valid_from=None)
    assert codes(lao, policy) == {Risk.ENDING}, "the step is on record since today alone"
    Agreement.objects.filter(pk=renewal.pk).update(created_at=at(T))
    assert codes(lao, policy) == set()
    Agreement.objects.filter(pk=renewal.pk).update(confidentiality=Confidentiality.RESTRICTED)
    assert codes(lao, policy) == {Risk.ENDING}, "a restricted step tells nobody"


def test_r5_holds_for_registrations_too(lao: Partner, policy: PolicyVersion) -> None:
    old = Registration.objects.create(partner=lao, number="1", valid_from=before(1000), valid_to=before(-100))
    assert codes(lao, policy) == {Risk.ENDING}
    Registration.objects.create(partner=lao, number="2", valid_from=T, renews=old)
    assert codes(lao, policy) == set()


def test_r6_holds_when_three_contacts_of_ours_had_no_answer(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 60)
    for days in (50, 40):
        meet(lao, an, days, kind="LETTER_EXCHANGE", sides=Sides.OURS)
    assert Risk.UNANSWERED not in codes(lao, policy)
    meet(lao, an, 30, kind="LETTER_EXCHANGE", sides=Sides.OURS)
    assert Risk.UNANSWERED in codes(lao, policy)
    meet(lao, an, 20, kind="LETTER_EXCHANGE", sides=Sides.THEIRS)
    assert Risk.UNANSWERED not in codes(lao, policy)


@pytest.mark.parametrize(("days", "held"), [(365, False), (366, True)])
def test_r7_holds_a_year_after_the_profile_was_verified(days: int, held: bool, lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 5)
    Partner.objects.update(verified_on=before(days))
    assert codes(lao, policy) == ({Risk.NOT_VERIFIED} if held else set())
    Partner.objects.update(verified_on=None, created_at=at(before(days)))
    assert codes(lao, policy) == ({Risk.NOT_VERIFIED} if held else set())


def test_r7_knows_on_which_day_it_was_verified_before_the_last_time(lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, 5)
    for day in (before(400), before(-5)):
        lao.verified_on = day
        lao.save()
    assert Risk.NOT_VERIFIED not in codes(lao, policy), "the version of ten days ago"
    lao.history.filter(verified_on=before(10)).delete()
    assert Risk.NOT_VERIFIED in codes(lao, policy), "as of the day it was verified 400 days ago"


@pytest.mark.parametrize(("days", "held"), [(730, False), (731, True), (1094, True), (1095, False)])
def test_r8_holds_two_years_after_a_visit_without_return(days: int, held: bool, lao: Partner, an: User, policy: PolicyVersion) -> None:
    meet(lao, an, days, kind="DELEGATION_IN", direction=Direction.IN, level=Level.DEPUTY)
    meet(lao, an, 5)
    meet(lao, an, 6, kind="DELEGATION_IN", direction=Direction.IN, level=Level.DEPUTY)
    assert (Risk.RETURN_OWED in codes(lao, policy)) is held
    meet(lao, an, 4, kind="DELEGATION_OUT", direction=Direction.OUT, level=Level.DEPUTY)
    assert Risk.RETURN_OWED not in codes(lao, policy)


def test_partners_that_are_archived_or_no_longer_exist_are_asked_nothing(lao: Partner, an: User, policy: PolicyVersion) -> None:
    promise(lao, 90)
    Partner.objects.update(status=PartnerStatus.CLOSED)
    assert codes(lao, policy) == set()
    Partner.objects.update(status=PartnerStatus.ACTIVE, archived_at=at(before(5)), archived_by=an)
    assert codes(lao, policy) == set()
    Partner.objects.update(archived_at=None, archived_by=None)
    assert codes(lao, policy) == {Risk.PROMISE_OVERDUE}


def test_one_code_is_amber_two_or_silence_are_red(lao: Partner, an: User, policy: PolicyVersion) -> None:
    promise(lao, 90)
    assert [row.alarm for row in risks(policy, T)] == [Alarm.AMBER]
    agree(lao, 90)
    assert [row.alarm for row in risks(policy, T)] == [Alarm.RED]
    silent = make_partner("Silent", verified_on=before(1))
    meet(silent, an, 200)
    assert [(row.mask, row.alarm) for row in risks(policy, T, [silent.pk])] == [(Risk.SILENT, Alarm.RED)]
