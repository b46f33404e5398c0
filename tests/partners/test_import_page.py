"""A list goes through the pages: brought, mapped, checked, applied; and what a worker's death leaves behind."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.choices import AuditVerb, ImportState
from crm.models import AuditEvent, ImportJob, Unit, User
from partners import tasks
from partners.actions import import_jobs, imports
from partners.models import Partner
from partners.resources import nouns
from tests.factories import make_partner

LIST = """Tên tổ chức,Nước,Loại,Trang web,Ghi chú
Hội Sen,Lào,COMPANY,sen.example.org,
<script>alert(1)</script>,Lào,COMPANY,,
Hội Tre,Nước Không Có Thật,COMPANY,,=1+1
Hội Sen,Lào,COMPANY,sen.example.org,
"""
MAPPING = {"column_0": "name", "column_1": "country", "column_2": "kind", "column_3": "website", "column_4": ""}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=site.AUTHENTICATION_BACKENDS[0])
    return client


def bring(user: User, unit: Unit, content: str | bytes = LIST, name: str = "doi-tac.csv", **values: Any) -> Any:
    upload = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return signed_in(user).post(reverse("partners:import-create"), {"file": upload, "unit": unit.pk, **values})


def brought(user: User, unit: Unit, content: str = LIST) -> ImportJob:
    assert bring(user, unit, content).status_code == 302
    return ImportJob.objects.latest("id")


def checked(user: User, unit: Unit, content: str = LIST) -> ImportJob:
    job = brought(user, unit, content)
    assert signed_in(user).post(address("mapping", job), MAPPING).status_code == 302
    tasks.check_import(job.pk)
    job.refresh_from_db()
    return job


def address(name: str, job: ImportJob) -> str:
    return reverse(f"partners:import-{name}", args=[job.public_id])


def test_list_goes_from_upload_to_partners(an: User, nghe_an: Unit) -> None:
    job = checked(an, nghe_an)
    assert (job.state, job.rows_total) == (ImportState.CHECKED, 4)
    assert not Partner.objects.exists()
    page = signed_in(an).get(address("detail", job)).content.decode()
    assert "Nước Không Có Thật" in page
    assert "Hội Sen" in page
    assert signed_in(an).post(address("apply", job)).status_code == 302
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert job.state == ImportState.DONE
    assert (job.counts["created"], job.counts["repeated"], job.counts["refused"]) == (2, 1, 1)
    assert set(Partner.objects.values_list("name", "unit")) == {("Hội Sen", nghe_an.pk), ("<script>alert(1)</script>", nghe_an.pk)}
    event = AuditEvent.objects.get(verb=AuditVerb.IMPORTED)
    assert (event.actor_id, event.details["counts"]["created"], event.details["file"]) == (an.pk, 2, "doi-tac.csv")


def test_each_step_asks_the_worker_once(an: User, nghe_an: Unit, django_capture_on_commit_callbacks: Any) -> None:
    job = brought(an, nghe_an)
    with django_capture_on_commit_callbacks() as asked:
        signed_in(an).post(address("mapping", job), MAPPING)
        signed_in(an).post(address("mapping", job), MAPPING)
    assert len(asked) == 1
    tasks.check_import(job.pk)
    with django_capture_on_commit_callbacks() as asked:
        signed_in(an).post(address("apply", job))
        signed_in(an).post(address("apply", job))
    assert len(asked) == 1


def test_mapping_page_guesses_the_columns_and_shows_values(an: User, nghe_an: Unit) -> None:
    page = signed_in(an).get(address("mapping", brought(an, nghe_an))).content.decode()
    assert '<option value="name" selected>' in page
    assert '<option value="country" selected>' in page
    assert "sen.example.org" in page


@pytest.mark.parametrize("choices", [{}, {"column_0": "name", "column_1": "name"}])
def test_mapping_without_name_or_with_one_field_twice_is_refused(an: User, nghe_an: Unit, choices: dict[str, str]) -> None:
    job = brought(an, nghe_an)
    response = signed_in(an).post(address("mapping", job), choices)
    assert response.status_code == 422
    job.refresh_from_db()
    assert job.state == ImportState.UPLOADED


def test_html_in_names_is_shown_as_text(an: User, nghe_an: Unit) -> None:
    job = checked(an, nghe_an)
    for name in ("detail", "mapping"):
        page = signed_in(an).get(address(name, job)).content.decode()
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"name,country\nH\xe0,Lao\n", "UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100), "CSV"),
        (",".join(f"c{number}" for number in range(5_000)).encode(), "5000"),
        (b"", ""),
    ],
)
def test_unreadable_upload_is_refused_and_nothing_is_kept(an: User, nghe_an: Unit, content: bytes, named: str) -> None:
    response = bring(an, nghe_an, content)
    assert response.status_code == 422
    assert named in response.content.decode()
    assert not ImportJob.objects.exists()


def test_what_no_column_carries_is_named_in_the_readers_language(an: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an, "Tên,Nước\nHội Sen,Lào\n")
    signed_in(an).post(address("mapping", job), {"column_0": "name", "column_1": "country"})
    tasks.check_import(job.pk)

    assert [error["column"] for error in signed_in(an).get(address("detail", job)).context["errors"]] == ["Loại"]


def test_oversized_upload_is_refused(an: User, nghe_an: Unit, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 20
    assert bring(an, nghe_an).status_code == 422


def test_upload_that_states_more_than_any_list_is_refused_before_it_is_received(an: User, nghe_an: Unit, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 20
    assert bring(an, nghe_an, "x" * (2 * 1024 * 1024)).status_code == 413
    assert not ImportJob.objects.exists()


def test_upload_is_kept_under_our_name_and_shown_under_a_clean_one(an: User, nghe_an: Unit) -> None:
    bring(an, nghe_an, name="..\\..\\evil\u202egnp.csv")
    job = ImportJob.objects.get()
    assert job.original_name == "evilgnp.csv"
    assert "evil" not in str(job.file.name)


def test_refused_rows_come_back_with_reasons_and_no_formula(an: User, nghe_an: Unit) -> None:
    job = checked(an, nghe_an)
    response = signed_in(an).get(address("refused", job))
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][:2] == ["Hội Tre", "Nước Không Có Thật"]
    assert rows[1][4] == "'=1+1"
    assert rows[1][5] == "4"
    assert "Nước" in rows[1][6]


def test_likely_duplicate_can_be_left_out_on_the_page(an: User, nghe_an: Unit) -> None:
    known = make_partner("Hội Hữu nghị Sen Vàng", country="LA")
    job = checked(an, nghe_an, "Tên,Nước,Loại,Web,x\nHội HN Sen Vàng,Lào,COMPANY,,\n")
    page = signed_in(an).get(address("detail", job)).content.decode()
    assert str(known.public_id) in page
    assert signed_in(an).post(address("apply", job), {"2": "somebody-else"}).status_code == 422
    signed_in(an).post(address("apply", job), {"2": "skip"})
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.counts["created"], job.counts["skipped"], Partner.objects.count()) == (0, 1, 1)


# --- Progress, death and repetition of the worker ------------------------------------------------------


def test_progress_is_a_part_for_htmx_and_the_page_reloads_when_done(an: User, nghe_an: Unit) -> None:
    job = checked(an, nghe_an)
    signed_in(an).post(address("apply", job))
    htmx = {"HX-Request": "true"}
    part = signed_in(an).get(address("progress", job), headers=htmx)
    assert b"<progress" in part.content
    assert b"<html" not in part.content
    tasks.apply_import(job.pk)
    assert signed_in(an).get(address("progress", job), headers=htmx)["HX-Refresh"] == "true"
    assert signed_in(an).get(address("progress", job)).status_code == 302


def many_rows(count: int) -> str:
    return "Tên,Nước,Loại,Web,x\n" + "".join(f"Hội Sen số {number},Lào,COMPANY,,\n" for number in range(count))


@pytest.fixture
def chunks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = tasks.chunks
    monkeypatch.setattr(tasks, "chunks", lambda items: chunks(items, 2))


def start(user: User, unit: Unit, content: str) -> ImportJob:
    job = checked(user, unit, content)
    signed_in(user).post(address("apply", job))
    return job


@pytest.mark.usefixtures("chunks_of_two")
def test_import_killed_in_a_chunk_goes_on_after_the_last_finished_one(an: User, nghe_an: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(an, nghe_an, many_rows(5) + "Hội Sen số 0,Lào,COMPANY,,\n")
    real, calls = imports.import_partners, []

    def dies_in_the_second(rows: Any, **arguments: Any) -> Any:
        calls.append(rows)
        planned = real(rows, **arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt  # The worker is killed after writing, before its commit.
        return planned

    monkeypatch.setattr(nouns, "import_partners", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done, Partner.objects.count()) == (ImportState.RUNNING, 2, 2)

    tasks.apply_import(job.pk)
    assert Partner.objects.count() == 2, "the first worker still counts as alive"

    ImportJob.objects.update(heartbeat_at=timezone.now() - import_jobs.STALLED_AFTER - timedelta(seconds=1))
    sent: list[int] = []
    monkeypatch.setattr(tasks.apply_import, "delay", sent.append)
    tasks.resume_stalled_imports()
    assert sent == [job.pk]
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done, Partner.objects.count()) == (ImportState.DONE, 6, 5)
    assert (job.counts["created"], job.counts["repeated"], job.counts["rows"]) == (5, 1, 6)


@pytest.mark.usefixtures("chunks_of_two")
def test_worker_that_was_taken_over_undoes_its_chunk(an: User, nghe_an: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(an, nghe_an, many_rows(4))
    real = imports.import_partners

    def slow(rows: Any, **arguments: Any) -> Any:
        planned = real(rows, **arguments)
        ImportJob.objects.update(rows_done=1)
        return planned

    monkeypatch.setattr(nouns, "import_partners", slow)
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, Partner.objects.count()) == (ImportState.RUNNING, 0)


def test_apply_run_twice_writes_once(an: User, nghe_an: Unit) -> None:
    job = start(an, nghe_an, many_rows(3))
    tasks.apply_import(job.pk)
    tasks.apply_import(job.pk)
    assert Partner.objects.count() == 3
    assert AuditEvent.objects.filter(verb=AuditVerb.IMPORTED).count() == 1


@pytest.mark.usefixtures("chunks_of_two")
def test_unexpected_error_is_told_and_the_rest_can_be_continued(an: User, nghe_an: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(an, nghe_an, many_rows(4))
    real, calls = imports.import_partners, []

    def breaks_once(rows: Any, **arguments: Any) -> Any:
        calls.append(rows)
        if len(calls) == 2:
            raise RuntimeError("disk full")
        return real(rows, **arguments)

    monkeypatch.setattr(nouns, "import_partners", breaks_once)
    with pytest.raises(RuntimeError):
        tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done, bool(job.failure)) == (ImportState.FAILED, 2, True)
    page = signed_in(an).get(address("detail", job)).content.decode()
    assert "disk full" not in page
    signed_in(an).post(address("apply", job))
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.counts["created"], Partner.objects.count()) == (ImportState.DONE, 4, 4)


def test_account_that_lost_its_right_meanwhile_writes_nothing(an: User, nghe_an: Unit) -> None:
    job = start(an, nghe_an, many_rows(2))
    an.memberships.update(valid_to=timezone.localdate(), valid_from=timezone.localdate() - timedelta(days=9))
    tasks.apply_import(job.pk)
    job.refresh_from_db()
    assert (job.state, Partner.objects.count()) == (ImportState.FAILED, 0)


# --- Those who may not --------------------------------------------------------------------------------


def test_provincial_officer_is_offered_own_unit_only(an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    page = signed_in(an).get(reverse("partners:import-create")).content.decode()
    assert nghe_an.name in page
    assert quang_ninh.name not in page
    assert bring(an, quang_ninh).status_code == 422
    assert not ImportJob.objects.exists()


def test_import_of_another_unit_is_not_found(an: User, chau: User, nghe_an: Unit) -> None:
    job = checked(an, nghe_an)
    for name in ("detail", "mapping", "progress", "refused"):
        assert signed_in(chau).get(address(name, job)).status_code == 404
    assert signed_in(chau).post(address("apply", job)).status_code == 404
    assert job.original_name not in signed_in(chau).get(reverse("partners:import-list")).content.decode()


def test_centre_sees_imports_of_all_units(an: User, khoa: User, nghe_an: Unit) -> None:
    job = brought(an, nghe_an)
    assert job.original_name in signed_in(khoa).get(reverse("partners:import-list")).content.decode()


def test_viewer_is_refused_everywhere(an: User, dung: User, nghe_an: Unit) -> None:
    job = checked(an, nghe_an)
    for page in (reverse("partners:import-list"), reverse("partners:import-create"), address("detail", job), address("refused", job)):
        assert signed_in(dung).get(page).status_code == 403
    assert signed_in(dung).post(address("apply", job)).status_code == 403
