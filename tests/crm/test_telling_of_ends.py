"""Whoever left the page of long work is told when it has ended; of short work the page itself has told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.actions import bulk_edits
from crm.actions.undoing import start_undo, undo_next
from crm.choices import ChangeKind, ChangeState, ImportState, NotificationTopic
from crm.models import ChangeSet, ImportJob, Notification, Unit, User
from partners.actions import import_jobs

pytestmark = pytest.mark.django_db


def begun(by: User, unit: Unit, *, minutes_ago: int, state: ChangeState = ChangeState.APPLIED) -> ChangeSet:
    started_at = timezone.now() - timedelta(minutes=minutes_ago)
    kind = ChangeKind.BULK_EDIT
    return ChangeSet.objects.create(kind=kind, unit=unit, message="Sửa", state=state, created_by=by, started_at=started_at)


def told(user: User) -> list[tuple[str, str]]:
    return list(Notification.objects.filter(user=user, topic=NotificationTopic.JOB).values_list("text", "link"))


@pytest.mark.parametrize("minutes", [0, 5])
def test_who_asked_to_take_back_is_told_of_the_end_once_if_it_took_long(minutes: int, binh: User, centre: Unit) -> None:
    change_set = begun(binh, centre, minutes_ago=0)
    start_undo(change_set, by=binh)
    ChangeSet.objects.filter(pk=change_set.pk).update(started_at=timezone.now() - timedelta(minutes=minutes))

    while undo_next(change_set):
        pass
    undo_next(change_set)

    assert told(binh) == ([("Sửa: Đã hoàn tác", change_set.get_absolute_url())] if minutes else [])


def test_a_bulk_edit_that_stopped_is_told_of(binh: User, centre: Unit) -> None:
    change_set = begun(binh, centre, minutes_ago=5, state=ChangeState.RUNNING)
    bulk_edits.fail(change_set, "Hỏng")
    assert [text for text, _link in told(binh)] == ["Sửa: Không thành công"]


def test_an_import_that_ended_is_told_of_with_its_page(khoa: User, centre: Unit) -> None:
    started_at = timezone.now() - timedelta(minutes=5)
    job = ImportJob.objects.create(
        unit=centre, original_name="ds.xlsx", state=ImportState.RUNNING, created_by=khoa, updated_by=khoa, started_at=started_at
    )
    import_jobs.finish_apply(job, by=khoa, counts={})
    assert told(khoa) == [(f"ds.xlsx: {ImportState.DONE.label}", f"/partners/imports/{job.public_id}/")]
