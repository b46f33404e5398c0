"""M9: which units reported, which had nothing to report, which are silent; declaring it, taking it back, being reminded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activities.choices import ExchangeStatus
from crm.choices import Confidentiality, NotificationTopic, UnitKind
from crm.models import Notification, PolicyDocument, Unit, User
from reports.actions.declarations import declare_nothing, remind_silent, withdraw_nothing
from reports.choices import PeriodKind, Reporting
from reports.metrics.completeness import Completeness, UnitReporting, completeness, completeness_of
from reports.metrics.periods import Period, last_over, period_of
from reports.models import IssuedReport, NothingToReport, PeriodicReport, PolicyVersion
from reports.views.reporting import period_to_answer
from tests.factories import make_exchange, make_partner, make_unit, make_user
from tests.query_counts import check_count, get_counted

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
QUARTER = last_over(PeriodKind.QUARTER, TODAY)


def of(unit: Unit, found: Completeness) -> UnitReporting:
    return next(row for row in found.rows if row.unit == unit)


def state(unit: Unit, period: Period = QUARTER, as_of: date = TODAY) -> Reporting:
    return of(unit, completeness_of(period, as_of)).state


def issue(unit: Unit, start: date, end: date, *, by: User, **values: object) -> IssuedReport:
    report = PeriodicReport.objects.create(
        unit=unit, period_kind=PeriodKind.OTHER, period_from=start, period_to=end, title="Báo cáo", created_by=by, **values
    )
    policy = PolicyVersion.objects.latest("pk")
    return IssuedReport.objects.create(
        report=report, number=1, issued_by=by, as_of=TODAY, policy=policy, content={}, figures={}, ledger={}, inputs_sha256="0" * 64
    )


def test_periods_of_the_calendar_are_half_open_and_follow_each_other() -> None:
    day = date(2026, 11, 22)
    assert [period_of(kind, day).start for kind in (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER)] == [
        date(2026, 11, 16), date(2026, 11, 1), date(2026, 10, 1),
    ]  # fmt: skip
    assert period_of(PeriodKind.HALF_YEAR, day).end == date(2027, 1, 1)
    assert period_of(PeriodKind.YEAR, day).previous.end == date(2026, 1, 1)
    assert period_of(PeriodKind.QUARTER, date(2026, 12, 31)).next.start == date(2027, 1, 1)
    assert last_over(PeriodKind.QUARTER, date(2026, 9, 30)) == period_of(PeriodKind.QUARTER, date(2026, 9, 30))
    assert last_over(PeriodKind.QUARTER, date(2026, 9, 29)).start == date(2026, 4, 1)


def test_due_are_provincial_unions_and_associations_but_not_what_is_below_them(nghe_an: Unit, centre: Unit) -> None:
    below = make_unit("PU-40-LA", kind=UnitKind.ASSOCIATION, parent=nghe_an)
    due = {row.unit for row in completeness_of(QUARTER, TODAY).rows}
    assert nghe_an in due
    assert Unit.objects.get(code="VN-LA") in due
    assert not due & {below, centre, Unit.objects.get(code="PACCOM")}
    assert completeness_of(QUARTER, TODAY).of_kind(UnitKind.PROVINCIAL_UNION).due == 34


def test_a_unit_is_due_only_for_periods_in_which_it_existed(reference_data: None) -> None:
    unit = make_unit("PU-NEW", valid_from=date(2026, 2, 1), valid_to=date(2026, 8, 1))
    quarters = [date(2025, 10, 1), date(2026, 1, 1), date(2026, 7, 1), date(2026, 10, 1)]
    assert [unit in {row.unit for row in completeness_of(period_of(PeriodKind.QUARTER, day), TODAY).rows} for day in quarters] == [
        False, True, True, False,
    ]  # fmt: skip


def test_an_exchange_of_the_period_on_record_is_a_report(an: User, nghe_an: Unit) -> None:
    assert state(nghe_an) == Reporting.SILENT
    make_exchange(make_partner(), by=an, on=QUARTER.start + timedelta(days=3))
    make_exchange(make_partner("Hội B"), by=an, on=QUARTER.last_day)
    row = of(nghe_an, completeness_of(QUARTER, TODAY))
    assert (row.state, row.exchanges, row.on) == (Reporting.REPORTED, 2, QUARTER.last_day)
    assert state(nghe_an, QUARTER.previous) == Reporting.SILENT
    assert state(nghe_an, as_of=QUARTER.start + timedelta(days=2)) == Reporting.SILENT


def test_an_exchange_of_a_chapter_and_one_held_together_count_for_the_unit(an: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    chapter = make_unit("PU-40-X", kind=UnitKind.CHAPTER, parent=nghe_an)
    make_exchange(make_partner(), by=an, on=QUARTER.start, host_unit=chapter, co_units=[quang_ninh])
    found = completeness_of(QUARTER, TODAY)
    assert of(nghe_an, found).state == of(quang_ninh, found).state == Reporting.REPORTED
    assert set(of(nghe_an, found).units) == {"PU-40", "PU-40-X"}


@pytest.mark.parametrize("values", [{"status": ExchangeStatus.PLANNED}, {"confidentiality": Confidentiality.RESTRICTED}])
def test_what_is_planned_or_restricted_reports_nothing(an: User, nghe_an: Unit, values: dict[str, Any]) -> None:
    make_exchange(make_partner(), by=an, on=QUARTER.start, **values)
    assert state(nghe_an) == Reporting.SILENT


def test_a_report_issued_for_the_period_or_a_longer_one_or_for_all_its_months(an: User, nghe_an: Unit) -> None:
    months = [period_of(PeriodKind.MONTH, QUARTER.start)]
    months += [months[0].next, months[0].next.next]
    for month in months[:2]:
        issue(nghe_an, month.start, month.end, by=an)
    assert state(nghe_an) == Reporting.SILENT
    issue(nghe_an, months[2].start, months[2].end, by=an)
    assert state(nghe_an) == Reporting.REPORTED
    year = period_of(PeriodKind.YEAR, QUARTER.previous.start)
    issue(nghe_an, year.start, year.end, by=an)
    assert state(nghe_an, QUARTER.previous) == Reporting.REPORTED


def test_a_report_asked_for_by_a_directive_reports_for_no_period(an: User, nghe_an: Unit) -> None:
    issue(nghe_an, QUARTER.start, QUARTER.end, by=an, directive=PolicyDocument.objects.order_by("pk")[0])
    assert state(nghe_an) == Reporting.SILENT


def test_a_unit_declares_that_there_was_nothing_and_takes_it_back(an: User, nghe_an: Unit) -> None:
    declaration = declare_nothing(nghe_an, by=an, period=QUARTER)
    found = completeness_of(QUARTER, TODAY)
    assert (of(nghe_an, found).state, found.declared, found.answered) == (Reporting.DECLARED, 1, 1)
    assert state(nghe_an, as_of=TODAY - timedelta(days=1)) == Reporting.SILENT
    withdraw_nothing(declaration, by=an)
    assert state(nghe_an) == Reporting.SILENT
    declare_nothing(nghe_an, by=an, period=QUARTER)
    assert NothingToReport.objects.live().count() == 1


def test_months_without_anything_add_up_to_a_quarter_without(an: User, nghe_an: Unit) -> None:
    month = period_of(PeriodKind.MONTH, QUARTER.start)
    for _ in range(2):
        declare_nothing(nghe_an, by=an, period=month)
        month = month.next
    assert state(nghe_an) == Reporting.SILENT
    declare_nothing(nghe_an, by=an, period=month)
    assert state(nghe_an) == Reporting.DECLARED


def test_what_was_taken_back_later_still_stood_then(an: User, nghe_an: Unit) -> None:
    declaration = declare_nothing(nghe_an, by=an, period=QUARTER)
    withdraw_nothing(declaration, by=an)
    NothingToReport.objects.update(created_at=datetime.combine(TODAY - timedelta(days=9), datetime.min.time(), tzinfo=UTC))
    assert state(nghe_an, as_of=TODAY - timedelta(days=1)) == Reporting.DECLARED
    assert state(nghe_an) == Reporting.SILENT


def test_nothing_is_refused_where_exchanges_are_on_record_and_the_refusal_names_one(an: User, nghe_an: Unit) -> None:
    make_exchange(make_partner(), by=an, on=QUARTER.start, title="Tiếp đoàn Xiêng Khoảng")
    with pytest.raises(ValidationError, match="Tiếp đoàn Xiêng Khoảng") as refused:
        declare_nothing(nghe_an, by=an, period=QUARTER)
    assert refused.value.code == "has-exchanges"


def test_the_refusal_never_gives_a_restricted_exchange_away(an: User, nghe_an: Unit) -> None:
    make_exchange(make_partner(), by=an, on=QUARTER.start, confidentiality=Confidentiality.RESTRICTED)
    colleague = make_user("lan", unit=nghe_an)
    assert declare_nothing(nghe_an, by=colleague, period=QUARTER).pk
    with pytest.raises(ValidationError):
        declare_nothing(nghe_an, by=an, period=QUARTER)


def test_nothing_is_declared_once_and_not_before_the_last_week(an: User, nghe_an: Unit, centre: Unit, khoa: User) -> None:
    declare_nothing(nghe_an, by=an, period=QUARTER)
    with pytest.raises(ValidationError):
        declare_nothing(nghe_an, by=an, period=QUARTER)
    with pytest.raises(ValidationError) as early:
        declare_nothing(nghe_an, by=an, period=period_of(PeriodKind.YEAR, TODAY).next)
    assert early.value.code == "too-early"
    with pytest.raises(ValidationError) as not_due:
        declare_nothing(centre, by=khoa, period=QUARTER)
    assert not_due.value.code == "not-due"


def test_nobody_declares_for_others_and_readers_for_nobody(chau: User, dung: User, an: User, nghe_an: Unit) -> None:
    for user in (chau, dung):
        with pytest.raises(PermissionDenied):
            declare_nothing(nghe_an, by=user, period=QUARTER)
    declaration = declare_nothing(nghe_an, by=an, period=QUARTER)
    with pytest.raises(PermissionDenied):
        withdraw_nothing(declaration, by=chau)


def test_the_secretariat_reminds_silent_units_once_a_day(ha: User, an: User, chau: User, nghe_an: Unit, quang_ninh: Unit) -> None:
    make_exchange(make_partner(), by=chau, on=QUARTER.start)
    told, unnamed = remind_silent(QUARTER, by=ha)
    remind_silent(QUARTER, by=ha)
    assert told == 1
    assert nghe_an not in unnamed
    assert quang_ninh not in unnamed
    lines = Notification.objects.filter(topic=NotificationTopic.REPORT)
    assert [line.user for line in lines] == [an]
    declare_nothing(nghe_an, by=an, period=QUARTER)
    assert not lines.unread().exists()


def test_only_the_secretariat_reminds_and_only_when_the_period_is_over(an: User, ha: User) -> None:
    with pytest.raises(PermissionDenied):
        remind_silent(QUARTER, by=an)
    with pytest.raises(ValidationError):
        remind_silent(period_of(PeriodKind.YEAR, TODAY).next, by=ha)


def test_it_costs_the_same_however_many_units_there_are(an: User) -> None:
    with CaptureQueriesContext(connection) as captured:
        completeness(QUARTER.start, QUARTER.end, TODAY)
    check_count("completeness", [query["sql"] for query in captured.captured_queries])


# --- The page ----------------------------------------------------------------------------------------


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def test_the_page_shows_who_is_silent_and_opens_the_exchanges_of_the_others(an: User, nghe_an: Unit) -> None:
    make_exchange(make_partner(), by=an, on=QUARTER.start)
    page = get_counted(client_of(an), reverse("reports:reporting"), name="reporting").content.decode()
    assert f"start={QUARTER.previous.start}" in page
    assert "unit=PU-40" in page
    only_silent = client_of(an).get(reverse("reports:reporting") + "?state=silent").content.decode()
    assert "Nghe An" not in only_silent
    assert "Quang Ninh" in only_silent


def test_staff_declare_on_the_page_and_take_it_back(an: User, nghe_an: Unit) -> None:
    client = client_of(an)
    page = client.get(reverse("reports:reporting")).content.decode()
    assert page.count(reverse("reports:nothing-to-report") + '"') == 1, "only for the reader's own unit"
    given = {"unit": "PU-40", "kind": QUARTER.kind.value, "start": str(QUARTER.start)}
    answer = client.post(reverse("reports:nothing-to-report"), given, follow=True).content.decode()
    assert "Take back" in answer
    declaration = NothingToReport.objects.get()
    assert (declaration.unit, declaration.period_to) == (nghe_an, QUARTER.end)
    client.post(reverse("reports:nothing-to-report-take-back", args=[declaration.public_id]), given)
    assert not NothingToReport.objects.live().exists()


def test_others_get_neither_button_nor_way(an: User, chau: User, dung: User, ha: User, nghe_an: Unit) -> None:
    given = {"unit": "PU-40", "kind": QUARTER.kind.value, "start": str(QUARTER.start)}
    assert client_of(chau).post(reverse("reports:nothing-to-report"), given).status_code == 403
    assert reverse("reports:nothing-to-report") + '"' not in client_of(dung).get(reverse("reports:reporting")).content.decode()
    declaration = declare_nothing(nghe_an, by=an, period=QUARTER)
    taking = reverse("reports:nothing-to-report-take-back", args=[declaration.public_id])
    assert client_of(chau).post(taking).status_code == 404
    assert client_of(an).post(reverse("reports:reporting-remind"), given).status_code == 403
    assert "Remind" in client_of(ha).get(reverse("reports:reporting")).content.decode()
    assert "have nobody with an account" in client_of(ha).post(reverse("reports:reporting-remind"), given, follow=True).content.decode()


@pytest.mark.parametrize("query", ["as_of=2100-01-01", "kind=decade", "start=yesterday"])
def test_a_question_without_an_answer_is_refused_in_words(an: User, query: str) -> None:
    assert client_of(an).get(f"{reverse('reports:reporting')}?{query}").status_code == 422


def test_the_page_leaves_as_a_file(an: User, nghe_an: Unit) -> None:
    declare_nothing(nghe_an, by=an, period=QUARTER)
    answer = client_of(an).get(reverse("reports:reporting") + "?export=csv&state=declared")
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert '"PU-40"' in lines[1]
    assert client_of(an).get(reverse("reports:reporting") + "?export=pdf").status_code == 404
    book = client_of(an).get(reverse("reports:reporting") + "?export=xlsx")
    assert b"".join(book).startswith(b"PK")


def test_the_desk_asks_from_the_last_week_of_a_quarter_until_a_month_after() -> None:
    days = [date(2026, 9, 23), date(2026, 9, 24), date(2026, 10, 30), date(2026, 10, 31)]
    assert [period and period.start for period in map(period_to_answer, days)] == [None, date(2026, 7, 1), date(2026, 7, 1), None]


def test_the_desk_offers_the_button_to_units_that_are_silent(an: User, nghe_an: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.views.reporting.period_to_answer", lambda today: QUARTER)
    monkeypatch.setattr("reports.views.desk.period_to_answer", lambda today: QUARTER)
    client = client_of(an)
    assert reverse("reports:reporting-on-desk") in client.get(reverse("desk")).content.decode()
    assert "Nothing to report" in client.get(reverse("reports:reporting-on-desk")).content.decode()
    given = {"unit": "PU-40", "kind": QUARTER.kind.value, "start": str(QUARTER.start), "back": "desk"}
    assert client.post(reverse("reports:nothing-to-report"), given).headers["Location"] == reverse("desk")
    assert "Take back" in client.get(reverse("reports:reporting-on-desk")).content.decode()
    NothingToReport.objects.all().delete()
    make_exchange(make_partner(), by=an, on=QUARTER.start)
    assert "section" not in client.get(reverse("reports:reporting-on-desk")).content.decode()
