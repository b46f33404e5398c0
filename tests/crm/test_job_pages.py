"""The pages of jobs: for those who look after them, with what failed and why, and a button to run it again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions.job_kinds import KINDS, JobKind
from crm.actions.job_runs import claim_job, fail_job, finish_job, progress, split_job, start_job
from crm.choices import JobState
from crm.models import JobRun, User
from tests.query_counts import get_counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, label, routine in (("t.night", "Số liệu ban đêm", False), ("t.part", "Một phần", False), ("t.often", "Cập nhật", True)):
        monkeypatch.setitem(KINDS, name, JobKind(name, label, lambda run: None, is_routine=routine))


def running(**values: Any) -> JobRun:
    run = claim_job(start_job("t.night", **values).pk)
    assert run
    return run


def page(client: Client, user: User, address: str) -> str:
    client.force_login(user)
    return client.get(address).content.decode()


def test_only_those_who_look_after_jobs_open_them(client: Client, ha: User, son: User, an: User, khoa: User) -> None:
    run = running()
    for user, status in ((ha, 200), (son, 200), (an, 403), (khoa, 403)):
        client.force_login(user)
        for address in (reverse("crm:job-list"), run.get_absolute_url()):
            assert client.get(address).status_code == status
    assert client.get(reverse("crm:job-detail", args=[10**9])).status_code == 403


def test_the_list_shows_state_progress_duration_and_error_newest_first(client: Client, ha: User) -> None:
    failed = running(key="đêm-21")
    fail_job(failed, "Chưa có chính sách\n\nTraceback …")
    done = running(key="đêm-22", total=40)
    finish_job(done)
    JobRun.objects.filter(pk=done.pk).update(started_at=timezone.now() - timedelta(seconds=75), finished_at=timezone.now())
    text = page(client, ha, reverse("crm:job-list"))
    assert text.index("đêm-22") < text.index("đêm-21")
    assert "Chưa có chính sách" in text
    assert "Traceback" not in text
    assert "40 / 40" in text
    assert "15 giây" in text
    only = page(client, ha, reverse("crm:job-list") + "?state=failed")
    assert "đêm-21" in only
    assert "đêm-22" not in only


def test_routine_jobs_that_went_well_are_counted_and_not_listed(client: Client, ha: User) -> None:
    for number in range(3):
        run = claim_job(start_job("t.often", key=f"lần-{number}").pk)
        assert run
        finish_job(run) if number else fail_job(run, "Hỏng")
    text = page(client, ha, reverse("crm:job-list"))
    assert "lần-0" in text
    assert "lần-1" not in text
    assert "name=t.often" in text
    assert "lần-1" in page(client, ha, reverse("crm:job-list") + "?name=t.often")
    start_job("t.often", key="lần-chờ")
    assert "lần-chờ" not in page(client, ha, reverse("crm:job-list"))


def test_an_empty_list_says_how_jobs_begin(client: Client, ha: User) -> None:
    assert 'class="empty"' in page(client, ha, reverse("crm:job-list"))


def test_the_page_of_a_running_job_asks_again_and_shows_its_parts_the_worst_first(client: Client, ha: User) -> None:
    whole = running(key="one")
    split_job(whole, "t.part", {code: ({"label": code}, 5) for code in ("LA", "KH", "CU")})
    for code in ("LA", "KH"):
        part = claim_job(whole.parts.get(parameters__label=code).pk)
        assert part
        if code == "LA":
            progress(part, 5)
            finish_job(part)
        else:
            fail_job(part, "Không đọc được")
    text = page(client, ha, whole.get_absolute_url())
    assert 'hx-trigger="every 2s"' in text
    assert text.index(">KH</a>") < text.index(">CU</a>") < text.index(">LA</a>")
    assert "Không đọc được" in text
    answer = client.get(reverse("crm:job-progress", args=[whole.pk]), headers={"HX-Request": "true"})
    assert b"1 / 3" in answer.content
    JobRun.objects.filter(pk=whole.pk).update(state=JobState.DONE, finished_at=timezone.now())
    ended = client.get(reverse("crm:job-progress", args=[whole.pk]), headers={"HX-Request": "true"})
    assert ended.headers["HX-Refresh"] == "true"


def test_a_failed_job_is_run_again_by_a_button(client: Client, ha: User, an: User) -> None:
    run = running()
    fail_job(run, "Hết chỗ trên đĩa")
    address = reverse("crm:job-again", args=[run.pk])
    assert address in page(client, ha, run.get_absolute_url())
    client.force_login(an)
    assert client.post(address).status_code == 403
    client.force_login(ha)
    client.post(address)
    run.refresh_from_db()
    assert (run.state, run.asked_by, run.error) == (JobState.QUEUED, ha, "")
    assert "error" in client.post(address, follow=True).content.decode()


def test_pages_of_jobs_take_a_fixed_number_of_queries(client: Client, ha: User) -> None:
    whole = running()
    split_job(whole, "t.part", {str(number): ({"label": str(number)}, 5) for number in range(20)})
    client.force_login(ha)
    get_counted(client, reverse("crm:job-list"), name="job list")
    get_counted(client, whole.get_absolute_url(), name="job page")
