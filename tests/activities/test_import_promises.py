"""A list of commitments: brought as it is, checked, applied as one change, taken back; a second run changes nothing."""

import io
from datetime import date

import pytest

from activities.models import Commitment
from activities.resources.promises import PromiseResource
from crm.actions.undoing import undo_change_set
from crm.choices import ImportNoun, ImportState
from crm.models import ImportJob, Unit, User
from partners import tasks
from partners.actions import import_jobs
from partners.models import Partner
from partners.resources import guess_mapping
from tests.activities.promising import make_commitment
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
LIST = """Nội dung cam kết,Đối tác,Bên,Ngày hứa,Hạn,Trạng thái,Ngày xong,Lý do,Minh chứng,Phụ trách
Gửi thư mời,Hội Sen,ta,1/9/2026,12/2026,chưa,,,,An
Gửi danh sách,hoi sen,bạn,1/9/2026,30/9/2026,đã xong,2/10/2026,,Công văn 7,
Gửi thư mời,Hội Sen,ta,1/9/2026,12/2026,chưa,,,,An
In sách,Hội không có,ta,,,,,,,
Đón đoàn,Hội Sen,cả hai,,,,,,,
Cử giáo viên,Hội Sen,bạn,1/9/2026,1/8/2026,,,,,
Họp lại,Hội Sen,bạn,1/9/2026,,không thực hiện,2/10/2026,,,
Tặng quà,Hội Sen,ta,31/2/2026,,,,,,
Trả lời,Hội Sen,bạn,1/9/2026,,xong,,,,
"""


@pytest.fixture
def sen(reference_data: None) -> Partner:
    return make_partner("Hội Sen")


def checked(by: User, unit: Unit, content: str = LIST) -> ImportJob:
    job = import_jobs.bring_list(io.BytesIO(content.encode()), name="cam-ket.csv", by=by, unit=unit, noun=ImportNoun.PROMISES)
    assert import_jobs.start_check(job, by=by, mapping=guess_mapping(PromiseResource, tuple(job.columns)))
    tasks.check_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.CHECKED, job.failure
    return job


def applied(by: User, unit: Unit, content: str = LIST) -> ImportJob:
    job = checked(by, unit, content)
    import_jobs.start_apply(job, by=by)
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.DONE, job.failure
    return job


def test_the_rows_become_commitments_of_the_unit(an: User, nghe_an: Unit, sen: Partner) -> None:
    job = applied(an, nghe_an)

    assert (job.counts["created"], job.counts["repeated"], job.counts["refused"]) == (2, 1, 6)
    rows = Commitment.objects.order_by("pk").values_list("text", "owed_by", "due_on", "state", "settled_on", "proof", "assignee__username")
    assert list(rows) == [
        ("Gửi thư mời", "ours", date(2026, 12, 31), "open", None, "", "an"),
        ("Gửi danh sách", "theirs", date(2026, 9, 30), "done", date(2026, 10, 2), "Công văn 7", None),
    ]
    assert set(Commitment.objects.values_list("partner", "unit")) == {(sen.pk, nghe_an.pk)}
    assert Commitment.objects.search("thu moi").exists()


def test_each_refused_row_names_its_column(an: User, nghe_an: Unit, sen: Partner) -> None:
    job = checked(an, nghe_an)

    assert [(error["row"], error["column"]) for error in job.errors] == [
        (5, "Đối tác"),
        (6, "Bên"),
        (7, "Hạn"),
        (8, "Lý do"),
        (9, "Ngày hứa"),
        (10, "Trạng thái"),
    ]


def test_the_same_list_again_changes_nothing_and_taken_back_nothing_is_left(an: User, nghe_an: Unit, sen: Partner) -> None:
    job = applied(an, nghe_an)
    again = checked(an, nghe_an).counts
    assert (again["unchanged"], again["repeated"], again["created"]) == (3, 1, 0)  # A repeated row changes nothing either.

    assert job.change_set is not None
    undo_change_set(job.change_set, by=an)

    assert not Commitment.objects.live().exists()


def test_a_row_that_says_more_changes_what_is_there(an: User, nghe_an: Unit, sen: Partner) -> None:
    commitment = make_commitment(sen, an, "Gửi danh sách", owed_by="theirs", due_on=date(2026, 12, 1))

    job = applied(an, nghe_an, "Nội dung cam kết,Đối tác,Trạng thái,Ngày xong,Minh chứng\ngửi danh sách,Hội Sen,xong,5/11/2026,Thư\n")

    commitment.refresh_from_db()
    assert job.counts["updated"] == 1
    assert (commitment.state, commitment.settled_on, commitment.proof, commitment.revision) == ("done", date(2026, 11, 5), "Thư", 2)
    assert commitment.due_on == date(2026, 12, 1)


def test_what_another_unit_keeps_is_left_alone(an: User, chau: User, quang_ninh: Unit, sen: Partner) -> None:
    commitment = make_commitment(sen, an, "Gửi danh sách", confidentiality="network")

    job = applied(chau, quang_ninh, "Nội dung cam kết,Đối tác,Hạn\nGửi danh sách,Hội Sen,5/1/2027\n")

    commitment.refresh_from_db()
    assert (job.counts["refused"], commitment.due_on) == (1, None)
