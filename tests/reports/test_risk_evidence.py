"""Each reason code opens the very rows that make it, and to nobody a row that is not theirs to read."""

from datetime import date, timedelta
from typing import Any

import pytest

from activities.choices import Direction, Level, Side, Sides
from activities.models import Agreement, AgreementKind, AgreementParty, Attendance, Commitment, Exchange
from crm.choices import Confidentiality
from crm.models import Unit, User
from partners.models import Partner, Person, Post, Registration
from reports.choices import Risk
from reports.metrics.risk_evidence import Evidence, evidence_of
from reports.models import PlanLine, PolicyVersion
from tests.factories import make_exchange, make_partner, make_unit, make_user

pytestmark = pytest.mark.django_db
T = date(2026, 6, 30)


def before(days: int) -> date:
    return T - timedelta(days=days)


@pytest.fixture
def risky(policy: PolicyVersion, an: User) -> Partner:
    """A partner with all eight codes."""
    partner = make_partner(verified_on=before(500))
    PlanLine.objects.create(country=partner.country, required=4, cadence_days=60)
    for days in (370, 400, 430, 460, 800):
        make_exchange(partner, by=an, on=before(days), kind="DELEGATION_IN", direction=Direction.IN, level=Level.LEADER)
    for days in (90, 60, 30):
        make_exchange(partner, by=an, on=before(days), kind="LETTER_EXCHANGE", sides=Sides.OURS, title=f"Thư {days}")
    Post.objects.create(person=Person.objects.create(full_name="Bà Một"), partner=partner, title_vi="Chủ tịch")
    unit = Unit.objects.get(code="VUFO")
    Commitment.objects.create(partner=partner, unit=unit, text="gửi sách", promised_on=before(100), due_on=before(50))
    kind = AgreementKind.objects.get_or_create(code="MOU-R5", defaults={"label_vi": "BGN", "label_en": "MOU", "family": "memorandum"})[0]
    values: dict[str, Any] = {"signed_on": before(900), "valid_from": before(900), "valid_to": before(-60)}
    agreement = Agreement.objects.create(kind=kind, title="Bản ghi nhớ", unit=unit, **values)
    AgreementParty.objects.create(agreement=agreement, side=Side.THEIRS, partner=partner)
    Registration.objects.create(partner=partner, number="12", valid_from=before(900), valid_to=before(-90))
    return partner


def proofs(partner: Partner, reader: User) -> dict[Risk, Evidence]:
    return {row.code: row for row in evidence_of(partner, T, reader)}


def test_every_code_is_proved_by_its_rows(risky: Partner, secretary: User) -> None:
    found = proofs(risky, secretary)

    assert list(found) == list(Risk)
    assert [row.day for row in found[Risk.SILENT].rows] == [before(370)]
    assert "370" in found[Risk.SILENT].because
    assert {row.day for row in found[Risk.FADING].rows} == {before(days) for days in (30, 60, 90, 370, 400, 430, 460)}
    assert [row.text for row in found[Risk.SINGLE_THREAD].rows] == ["Bà Một, Chủ tịch"]
    assert [(row.text, row.day) for row in found[Risk.PROMISE_OVERDUE].rows] == [("gửi sách", before(50))]
    assert next((row.text, row.day) for row in found[Risk.ENDING].rows) == ("Bản ghi nhớ", before(-60))
    assert len(found[Risk.ENDING].rows) == 2
    assert [row.text for row in found[Risk.UNANSWERED].rows] == ["Thư 30", "Thư 60", "Thư 90"]
    assert [row.day for row in found[Risk.NOT_VERIFIED].rows] == [before(500)]
    assert [row.day for row in found[Risk.RETURN_OWED].rows] == [before(800)]
    assert all(row.url for evidence in found.values() for row in evidence.rows)
    assert [row.short for row in found.values()] == [f"R{number}" for number in range(1, 9)]


def test_who_may_not_read_a_row_is_told_that_there_is_one_and_no_more(risky: Partner) -> None:
    stranger = make_user("stranger", unit=make_unit("PU-99"))
    Exchange.objects.update(confidentiality=Confidentiality.UNIT)
    Person.objects.update(confidentiality=Confidentiality.UNIT)

    found = proofs(risky, stranger)

    assert list(found) == list(Risk)
    told = " ".join(row.text + row.url for evidence in found.values() for row in evidence.rows)
    for hidden in ("Thư", "gửi sách", "Bà Một", "Bản ghi nhớ", "/exchanges/", "/commitments/"):
        assert hidden not in told
    assert found[Risk.PROMISE_OVERDUE].rows[0].day is None


def test_somebody_present_whom_the_reader_may_not_see_is_not_named_though_the_exchange_is_open(risky: Partner, an: User) -> None:
    hidden = Person.objects.create(full_name="Ông Kín", confidentiality=Confidentiality.UNIT, unit=an.memberships.get().unit)
    Post.objects.all().delete()
    exchange = Exchange.objects.filter(kind__code="DELEGATION_IN").latest("starts_on")
    Attendance.objects.create(exchange=exchange, side=Side.THEIRS, person=hidden, partner=risky)
    stranger = make_user("stranger", unit=make_unit("PU-99"))

    assert "Ông Kín" in [row.text for row in proofs(risky, an)[Risk.SINGLE_THREAD].rows]
    assert "Ông Kín" not in [row.text for row in proofs(risky, stranger)[Risk.SINGLE_THREAD].rows]


def test_restricted_rows_stand_in_no_proof(risky: Partner, secretary: User) -> None:
    agreement = Agreement.objects.get()
    Agreement.objects.update(confidentiality=Confidentiality.RESTRICTED)
    assert agreement.title not in [row.text for row in proofs(risky, secretary)[Risk.ENDING].rows]


def test_without_a_code_there_is_nothing_to_prove(policy: PolicyVersion, secretary: User) -> None:
    assert evidence_of(make_partner(), T, secretary) == []
