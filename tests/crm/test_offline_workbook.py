"""An office without IT takes its data along, works on them for a week and brings them back: nothing lost, nothing doubled."""

import io
from datetime import date, datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone, translation

from activities.actions.exchanges import change_exchange
from activities.models import Exchange, FollowUp
from crm.actions.job_sweep import ATTEMPTS_AT_MOST, sweep_jobs
from crm.actions.job_work import work_on
from crm.actions.undoing import undo_change_set
from crm.choices import ChangeKind, ChangeState, ImportState, JobState
from crm.models import ChangeSet, ChangeSetEntry, Field, JobRun, Unit, User
from crm.workbooks import jobs, uploads
from crm.workbooks.plans import ANOTHER, HERE, MINE, RowPlan
from crm.workbooks.writes import Writer
from partners.actions.partners import save_partner
from partners.models import Partner, PartnerKind, Person, Post
from tests.bed.workbooks import OfficeBook, apply, bring, bring_and_apply, decide, edited, taken
from tests.factories import make_exchange

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.fixture
def partner(an: User) -> Partner:
    kind = PartnerKind.objects.get(code="FRIENDSHIP_ASSOCIATION")
    partner = Partner(name="Hội Hữu nghị Lào - Việt", kind=kind, city="Viêng Chăn", website="https://la.example.org/")
    return save_partner(partner, by=an, fields=Field.objects.order_by("bit")[:1])


@pytest.fixture
def exchange(partner: Partner, an: User) -> Exchange:
    return make_exchange(partner, by=an, on=date(2026, 10, 5), title="Làm việc về lịch đoàn", outcome="Thống nhất lịch.")


def test_a_workbook_that_comes_back_as_it_was_changes_nothing(exchange: Exchange, an: User, nghe_an: Unit) -> None:
    upload = bring(edited(taken(nghe_an, by=an)), by=an)

    assert (upload.state, upload.failure) == (ImportState.CHECKED, "")
    assert upload.counts == {"rows": 2, "unchanged": 2, "conflicts": 0}
    assert (upload.refused, upload.conflicts, upload.preview["rows"]) == ([], [], [])


def test_a_workbook_whose_worker_is_lost_over_and_over_fails_and_says_so(exchange: Exchange, an: User, nghe_an: Unit) -> None:
    upload = uploads.take_upload(io.BytesIO(taken(nghe_an, by=an)), name="so-lieu.xlsx", by=an)
    JobRun.objects.update(state=JobState.RUNNING, attempts=ATTEMPTS_AT_MOST, heartbeat_at=timezone.now() - timedelta(days=1))
    sweep_jobs()
    upload.refresh_from_db()
    assert upload.state == ImportState.FAILED
    assert upload.failure
    assert upload.finished_at is not None


def test_changed_cells_are_written_as_one_change_set_that_can_be_taken_back(
    exchange: Exchange, partner: Partner, an: User, nghe_an: Unit
) -> None:
    other = save_partner(Partner(name="Quỹ Hòa Bình", kind=partner.kind), by=an)

    def work(book: OfficeBook) -> None:
        book.set("partners", book.row("partners", partner.name), city="Luang Prabang", fields="Hòa bình và an ninh; peace")
        row = book.row("exchanges", "Làm việc về lịch đoàn", "title")
        book.set("exchanges", row, people_count=12, partners=f"{other.name}; {partner.name}", starts_on=datetime(2026, 10, 6))  # noqa: DTZ001  (as openpyxl has days)

    content = edited(taken(nghe_an, by=an), work)
    checked = bring(content, by=an)
    partner.refresh_from_db()
    assert (partner.city, checked.counts["changed"]) == ("Viêng Chăn", 2)

    upload = apply(checked, by=an)

    assert (upload.state, upload.failure, upload.refused) == (ImportState.DONE, "", [])
    partner.refresh_from_db()
    exchange.refresh_from_db()
    assert partner.city == "Luang Prabang"
    assert set(partner.fields.values_list("code", flat=True)) == {"PEACE_SECURITY", "PEACE"}
    assert (exchange.people_count, exchange.starts_on) == (12, date(2026, 10, 6))
    assert [row.partner.name for row in exchange.participations.order_by("rank")] == [other.name, partner.name]
    assert upload.change_set is not None
    assert (upload.change_set.kind, upload.change_set.state) == (ChangeKind.WORKBOOK, ChangeState.APPLIED)

    undo_change_set(upload.change_set, by=an)

    partner.refresh_from_db()
    exchange.refresh_from_db()
    assert (partner.city, partner.fields.count()) == ("Viêng Chăn", 1)
    assert (exchange.people_count, exchange.starts_on) == (None, date(2026, 10, 5))
    assert [row.partner for row in exchange.participations.all()] == [partner]
    assert upload.change_set.undo_report == []


def test_a_new_partner_and_its_first_exchange_are_taken_back_together(exchange: Exchange, an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        book.set("partners", book.spare("partners"), name="Hội Mới", kind="FRIENDSHIP_ASSOCIATION")
        first = {"kind": str(exchange.kind), "sides": exchange.get_sides_display(), "status": exchange.get_status_display()}
        book.set("exchanges", book.spare("exchanges"), starts_on="15/10/2026", title="Gặp lần đầu", partners="Hội Mới", **first)

    upload = apply(bring(edited(taken(nghe_an, by=an), work), by=an), by=an)
    assert upload.change_set is not None
    assert upload.counts["created"] == 2

    undo_change_set(upload.change_set, by=an)

    assert upload.change_set.undo_report == []
    assert Exchange.objects.get(title="Gặp lần đầu").is_archived
    assert Partner.objects.get(name="Hội Mới").is_archived


def test_only_cells_changed_on_both_sides_are_asked_about_and_the_rest_is_written(partner: Partner, an: User, nghe_an: Unit) -> None:
    content = taken(nghe_an, by=an)
    partner.city, partner.founded_year = "Vientiane", 1979
    save_partner(partner, by=an)

    upload = bring_and_apply(
        edited(content, lambda book: book.set("partners", book.row("partners", partner.name), city="Savannakhet", friend_since=1980)), by=an
    )

    partner.refresh_from_db()
    assert (partner.city, partner.founded_year, partner.friend_since) == ("Vientiane", 1979, 1980)
    (conflict,) = upload.conflicts
    assert (conflict["column"], conflict["base"], conflict["theirs"], conflict["current"]) == (
        "city",
        "Viêng Chăn",
        "Savannakhet",
        "Vientiane",
    )

    decide(upload, MINE, by=an)

    partner.refresh_from_db()
    assert (partner.city, partner.founded_year, partner.friend_since) == ("Savannakhet", 1979, 1980)
    assert upload.conflicts[0]["settled"] is True
    assert upload.state == ImportState.DONE


def test_a_decision_before_applying_holds_unless_the_cell_changes_once_more(partner: Partner, an: User, nghe_an: Unit) -> None:
    content = taken(nghe_an, by=an)
    partner.city = "Vientiane"
    save_partner(partner, by=an)
    upload = bring(edited(content, lambda book: book.set("partners", book.row("partners", partner.name), city="Huế")), by=an)
    decide(upload, HERE, by=an)
    partner.city = "Pakse"
    save_partner(partner, by=an)

    apply(upload, by=an)

    partner.refresh_from_db()
    assert partner.city == "Pakse"
    assert [entry["current"] for entry in upload.conflicts if not entry["decision"]] == ["Pakse"]


def test_new_rows_become_new_records_and_the_same_file_doubles_nothing(partner: Partner, an: User, nghe_an: Unit) -> None:
    def work(book: OfficeBook) -> None:
        book.set("partners", book.spare("partners"), name="Nhóm Bạn Trẻ", kind="Friendship association", country="Laos")
        book.set("people", book.spare("people"), full_name="Bounmy Vongsa", phone="00123", email="b@example.org")
        book.set("posts", book.spare("posts"), person="Bounmy Vongsa", partner="Nhóm Bạn Trẻ", title_vi="Chủ tịch")
        book.set(
            "exchanges", book.spare("exchanges"), starts_on="7/10/2026", kind="Working meeting", title="Gặp đầu", partners="Nhóm Bạn Trẻ"
        )
        book.set("follow-ups", book.spare("follow-ups"), text="Gửi thư cảm ơn", exchange="07/10/2026 · Gặp đầu", due_on="1/12/2026")

    content = edited(taken(nghe_an, by=an), work)
    checked = bring(content, by=an)
    assert (checked.refused, checked.counts["created"]) == ([], 5)
    upload = apply(checked, by=an)

    assert (upload.refused, upload.counts["created"]) == ([], 5)
    made = Partner.objects.get(name="Nhóm Bạn Trẻ")
    post = Post.objects.get(partner=made)
    exchange = Exchange.objects.get(title="Gặp đầu")
    assert (post.person.full_name, post.person.phone, post.title_vi, post.person.unit) == ("Bounmy Vongsa", "00123", "Chủ tịch", nghe_an)
    assert [row.partner for row in exchange.participations.all()] == [made]
    assert FollowUp.objects.get(text="Gửi thư cảm ơn").exchange == exchange
    assert exchange.host_unit == made.unit == nghe_an

    again = bring(content, by=an)

    assert (again.counts["unchanged"], again.preview["rows"], again.refused) == (6, [], [])
    assert Partner.objects.filter(name="Nhóm Bạn Trẻ").count() == Person.objects.filter(full_name="Bounmy Vongsa").count() == 1


def test_two_colleagues_who_use_the_same_empty_row_are_asked_and_lose_nothing(
    partner: Partner, an: User, binh: User, nghe_an: Unit
) -> None:
    content = taken(nghe_an, by=an)

    def new(name: str) -> bytes:
        return edited(content, lambda book: book.set("partners", book.spare("partners"), name=name, kind="Friendship association"))

    bring_and_apply(new("Hội A"), by=an)
    second = bring(new("Quỹ B"), by=binh)
    assert [entry["column"] for entry in second.conflicts] == [""]
    decide(second, ANOTHER, by=binh)
    apply(second, by=binh)

    assert set(Partner.objects.values_list("name", flat=True)) == {partner.name, "Hội A", "Quỹ B"}
    third = bring(new("Quỹ B"), by=binh)
    assert (third.preview["rows"], third.conflicts) == ([], [])


def test_a_new_row_that_repeats_a_known_partner_waits_for_a_decision(partner: Partner, an: User, nghe_an: Unit) -> None:
    upload = bring(
        edited(
            taken(nghe_an, by=an),
            lambda book: book.set("partners", book.spare("partners"), name="hoi huu nghi lao viet", kind="Friendship association"),
        ),
        by=an,
    )

    assert [(entry["column"], entry["is_new"]) for entry in upload.conflicts] == [("", True)]
    decide(upload, HERE, by=an)
    assert not upload.counts.get("created")
    apply(upload, by=an)
    assert Partner.objects.count() == 1


def test_an_older_workbook_after_a_newer_one_takes_nothing_back(partner: Partner, an: User, nghe_an: Unit) -> None:
    older = taken(nghe_an, by=an)
    partner.city = "Pakse"
    save_partner(partner, by=an)
    newer = edited(taken(nghe_an, by=an), lambda book: book.set("partners", book.row("partners", partner.name), city="Huế"))
    bring_and_apply(newer, by=an)

    upload = bring_and_apply(edited(older, lambda book: book.set("partners", book.row("partners", partner.name), founded_year=1990)), by=an)

    partner.refresh_from_db()
    assert (partner.city, partner.founded_year, upload.conflicts) == ("Huế", 1990, [])


def test_a_row_marked_with_x_is_archived_and_a_deleted_row_means_nothing(
    exchange: Exchange, partner: Partner, an: User, nghe_an: Unit
) -> None:
    other = make_exchange(partner, by=an, on=date(2026, 9, 1), title="Ở lại")

    def work(book: OfficeBook) -> None:
        book.set("exchanges", book.row("exchanges", exchange.title, "title"), archive="x")
        book.sheets["exchanges"].delete_rows(book.row("exchanges", "Ở lại", "title"))

    upload = bring_and_apply(edited(taken(nghe_an, by=an), work), by=an)

    exchange.refresh_from_db()
    other.refresh_from_db()
    assert (exchange.is_archived, other.is_archived, upload.refused) == (True, False, [])
    assert upload.counts["archived"] == 1


def test_partners_of_an_exchange_changed_here_stand_where_the_workbook_did_not_touch_them(
    exchange: Exchange, partner: Partner, an: User, nghe_an: Unit
) -> None:
    content = taken(nghe_an, by=an)
    other = save_partner(Partner(name="Quỹ Hòa Bình", kind=partner.kind), by=an)
    exchange.place = "Vinh"
    change_exchange(exchange, by=an, partners=[other, partner])

    upload = bring_and_apply(
        edited(content, lambda book: book.set("exchanges", book.row("exchanges", exchange.title, "title"), outcome="Đã ký.")), by=an
    )

    exchange.refresh_from_db()
    assert (exchange.outcome, exchange.place, upload.conflicts) == ("Đã ký.", "Vinh", [])
    assert [row.partner for row in exchange.participations.order_by("rank")] == [other, partner]


def test_a_worker_lost_midway_loses_nothing_and_doubles_nothing(
    partner: Partner, an: User, nghe_an: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(book: OfficeBook) -> None:
        book.set("partners", book.row("partners", partner.name), city="Huế")
        for number in range(3):
            book.set("partners", book.spare("partners", number), name=f"Nhóm {number}", kind="Friendship association")

    upload = bring(edited(taken(nghe_an, by=an), work), by=an)
    write, written = Writer.write, []

    def lost_at_the_third(writer: Writer, plan: RowPlan, change_set: ChangeSet) -> None:
        written.append(plan.key)
        if len(written) == 3:
            raise OperationalError("the connection was lost")
        write(writer, plan, change_set)

    monkeypatch.setattr(jobs, "CHUNK", 1)
    monkeypatch.setattr(Writer, "write", lost_at_the_third)
    apply(upload, by=an)
    assert (upload.state, upload.rows_done, Partner.objects.count()) == (ImportState.RUNNING, 2, 2)

    run = JobRun.objects.get(name=uploads.APPLY)
    JobRun.objects.filter(pk=run.pk).update(state=JobState.QUEUED)
    work_on(run.pk)

    upload.refresh_from_db()
    assert (upload.state, upload.counts["created"], upload.counts["changed"]) == (ImportState.DONE, 3, 1)
    assert sorted(Partner.objects.values_list("name", flat=True)) == sorted([partner.name, "Nhóm 0", "Nhóm 1", "Nhóm 2"])
    assert ChangeSetEntry.objects.filter(change_set=upload.change_set, model="partners.partner").count() == 4
