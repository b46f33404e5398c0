"""A list of agreements: brought as it is, checked, applied as one change, taken back; a second run changes nothing."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.actions.agreements import save_agreement
from activities.actions.import_agreement_plans import AgreementRow, AgreementRun, plan_agreements
from activities.choices import Side
from activities.models import Agreement, AgreementKind, AgreementParty
from activities.resources.agreements import AgreementResource
from crm.actions.undoing import undo_change_set
from crm.choices import ImportNoun, ImportState
from crm.models import ImportJob, Unit, User
from partners import tasks
from partners.actions import import_jobs
from partners.models import Partner
from partners.resources import guess_mapping
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
LIST = """Tên thỏa thuận,Số,Đối tác,Nước,Loại,Cấp,Ngày ký,Hiệu lực đến,Nơi ký,Tỉnh,Ghi chú
Bản ghi nhớ hợp tác 2024,07/TT,Hội Sen,Lào,,Tổ chức,18/3/2024,18/3/2029,Vinh,,Trao đổi đoàn
Thỏa thuận kết nghĩa,,Huyện Tha Mương,,Thỏa thuận kết nghĩa cấp tỉnh,,18/4/2009,,,Quảng Nam,
Bản ghi nhớ hợp tác 2024,07/TT,Hội Sen,Lào,,Tổ chức,18/3/2024,18/3/2029,Vinh,,Trao đổi đoàn
Kế hoạch hợp tác,,Hội Sen; Huyện Tha Mương,,,,1/1/2026,,,,
Bản ghi nhớ X,,Hội không có,,,,1/1/2024,,,,
Giấy gì đó,,Hội Sen,,,,1/1/2024,,,,
Bản ghi nhớ Y,,Hội Tre,,,,1/1/2024,,,,
Bản ghi nhớ Z,,Hội Sen,,,,31/2/2024,,,,
Thỏa thuận kết nghĩa B,,Hội Sen,,TWINNING_PROVINCE,,1/1/2024,,,,
Bản ghi nhớ T,,Hội Sen,,,,1/1/2090,,,,
"""


@pytest.fixture
def known(reference_data: None) -> Partner:
    make_partner("Huyện Tha Mương", kind="LOCAL_GOVERNMENT")
    for country in ("LA", "KH"):
        make_partner("Hội Tre", country=country)
    return make_partner("Hội Sen")


def brought(by: User, unit: Unit, content: str = LIST) -> ImportJob:
    """Bring the list and check it, with the columns as guessed."""
    job = import_jobs.bring_list(io.BytesIO(content.encode()), name="thoa-thuan.csv", by=by, unit=unit, noun=ImportNoun.AGREEMENTS)
    assert import_jobs.start_check(job, by=by, mapping=guess_mapping(AgreementResource, tuple(job.columns)))
    tasks.check_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.CHECKED, job.failure
    return job


def applied(by: User, unit: Unit, content: str = LIST) -> Any:
    job = brought(by, unit, content)
    import_jobs.start_apply(job, by=by)
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.DONE, job.failure
    return job


def counts(job: ImportJob) -> dict[str, int]:
    return {name: job.counts[name] for name in ("rows", "created", "updated", "unchanged", "restored", "repeated", "refused")}


def test_a_check_says_what_each_row_becomes_and_writes_nothing(ha: User, centre: Unit, known: Partner) -> None:
    job = brought(ha, centre)
    assert counts(job) == {"rows": 10, "created": 3, "updated": 0, "unchanged": 1, "restored": 0, "repeated": 1, "refused": 6}
    assert [(error["row"], error["code"]) for error in job.errors] == [
        (6, "not-found"), (7, "required"), (8, "ambiguous"), (9, "invalid"), (10, "province-required"), (11, "future-signed"),
    ]  # fmt: skip
    assert job.preview["rows"][0]["changes"]
    assert not Agreement.objects.exists()


def test_applied_it_enters_them_and_a_second_run_changes_nothing(ha: User, centre: Unit, known: Partner) -> None:
    applied(ha, centre)
    first = Agreement.objects.get(number="07/TT")
    assert (first.kind.code, first.signed_on, first.valid_from, first.valid_to) == (
        "MEMORANDUM_COOPERATION", date(2024, 3, 18), date(2024, 3, 18), date(2029, 3, 18),
    )  # fmt: skip
    assert [str(party) for party in first.parties.all()] == [str(centre), "Hội Sen"]
    twinning = Agreement.objects.get(kind__code="TWINNING_PROVINCE")
    assert (twinning.level, str(twinning.parties.get(side="ours"))) == ("provincial", "Quảng Nam")
    assert Agreement.objects.get(kind__code="PLAN").parties.filter(side="theirs").count() == 2
    before = list(Agreement.objects.order_by("pk").values())

    again = applied(ha, centre)

    assert counts(again) == {"rows": 10, "created": 0, "updated": 0, "unchanged": 4, "restored": 0, "repeated": 1, "refused": 6}
    assert list(Agreement.objects.order_by("pk").values()) == before
    assert not again.change_set.entries.exists()


def test_taken_back_and_brought_again_it_is_the_same_record(ha: User, centre: Unit, known: Partner) -> None:
    first = applied(ha, centre)
    undo_change_set(first.change_set, by=ha)
    assert not Agreement.objects.live().exists()
    again = applied(ha, centre)
    assert again.counts["restored"] == 3
    assert Agreement.objects.count() == Agreement.objects.live().count() == 3


def test_a_row_that_says_more_changes_it_and_the_undo_puts_it_back(ha: User, centre: Unit, known: Partner) -> None:
    applied(ha, centre)
    changed = applied(ha, centre, "Số,Tên thỏa thuận,Đối tác,Hiệu lực đến\n07/TT,Bản ghi nhớ hợp tác 2024,Hội Sen,1/1/2030\n")
    assert changed.counts["updated"] == 1
    assert Agreement.objects.get(number="07/TT").valid_to == date(2030, 1, 1)
    undo_change_set(changed.change_set, by=ha)
    assert Agreement.objects.get(number="07/TT").valid_to == date(2029, 3, 18)


def test_two_rows_about_one_agreement_that_differ_are_refused(ha: User, centre: Unit, known: Partner) -> None:
    run = AgreementRun(unit=centre)
    rows: list[Any] = [
        AgreementRow(number, title="Bản ghi nhớ", partner="Hội Sen", number="07", signed_on=date(2024, 1, 1), signed_at=place)
        for number, place in ((2, "Vinh"), (3, "Huế"))
    ]
    planned = plan_agreements(rows, by=ha, run=run)
    assert [plan.outcome for plan in planned] == ["created", "refused"]


def test_nobody_brings_a_list_for_another_unit_or_without_the_right(an: User, dung: User, quang_ninh: Unit, nghe_an: Unit) -> None:
    for user, unit in ((an, quang_ninh), (dung, nghe_an)):
        with pytest.raises(PermissionDenied):
            plan_agreements([], by=user, run=AgreementRun(unit=unit))


@pytest.mark.parametrize("stored", [False, True])
def test_a_longer_list_asks_no_more_queries(ha: User, centre: Unit, known: Partner, stored: bool) -> None:
    kind = AgreementKind.objects.get(code="MOU")
    if stored:
        for number in range(12):
            save_agreement(
                Agreement(title=f"Bản ghi nhớ {number}", kind=kind, unit=centre, state="signed", signed_on=date(2024, 1, 1)),
                by=ha, parties=[AgreementParty(side=Side.OURS, unit=centre), AgreementParty(side=Side.THEIRS, partner=known)],
            )  # fmt: skip

    def asked(rows: int) -> int:
        said = [
            AgreementRow(number_of_row=n, title=f"Bản ghi nhớ {n}", partner="Hội Sen", kind_id=kind.pk, signed_on=date(2024, 1, 1))
            for n in range(rows)
        ]
        with CaptureQueriesContext(connection) as queries:
            plan_agreements(said, by=ha, run=AgreementRun(unit=centre))
        return len(queries)

    assert ha.scope.permissions  # read before, once for the account
    assert asked(12) == asked(2)
