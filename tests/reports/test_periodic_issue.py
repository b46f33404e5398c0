"""Issuing a report: what is frozen, the same files for ever, what was corrected since, and who may."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from docx import Document
from openpyxl import load_workbook

from activities.actions.exchanges import change_exchange
from activities.models import Exchange
from crm.actions.records import archive_record
from crm.choices import AuditVerb, Confidentiality, Role
from crm.models import AuditEvent, Notification, Unit, User
from partners.models import Partner
from reports.actions.periodic_papers import default_title, issued_paper
from reports.actions.periodic_reports import issue_report, recheck_issued, save_periodic_report
from reports.choices import FileFormat, PeriodKind
from reports.documents.render import draw
from reports.metrics.periodic.ledger import Ledger, compare, ledger_of, with_records
from reports.metrics.periodic.spans import Span, span_of
from reports.models import IssuedReport, PeriodicReport
from tests.factories import make_exchange, make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(reference_data: None) -> Partner:
    return make_partner()


@pytest.fixture
def exchange(partner: Partner, an: User) -> Exchange:
    return make_exchange(
        partner, by=an, on=date(2025, 3, 1), kind="DELEGATION_OUT", direction="out", people_count=12, title="Đoàn sang Lào"
    )


@pytest.fixture
def report(exchange: Exchange, nghe_an: Unit, an: User) -> PeriodicReport:
    made = PeriodicReport(unit=nghe_an, period_kind=PeriodKind.HALF_YEAR, period_from=date(2025, 1, 1), period_to=date(2025, 7, 1))
    made.title, made.signatory, made.place = default_title(made), "Trần Thị Bình", "Nghệ An"
    save_periodic_report(made, by=an)
    save_periodic_report(made, by=an, texts={"assessment": "Kết quả tốt."})
    return made


def issue(report: PeriodicReport, by: User, **values: Any) -> IssuedReport:
    report.refresh_from_db()
    return issue_report(report, by=by, draw=draw, **values)


def since(issued: IssuedReport, reader: User) -> list[Any]:
    found = compare(issued.ledger, ledger_of(span_of(issued.report, today=issued.as_of)))
    return with_records(found, since=issued.issued_at, reader=reader, at_most=50).rows


def words_of(content: bytes | memoryview) -> str:
    document = Document(BytesIO(bytes(content)))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_an_issue_freezes_figures_text_and_files_and_tells_those_above(report: PeriodicReport, binh: User, ha: User) -> None:
    issued = issue(report, binh)
    paper = issued_paper(issued)
    assert (issued.number, issued.as_of, issued.policy.code) == (1, date(2025, 6, 30), paper.policy)
    assert paper.figures.lines_by_code["delegations_out"].values[0] == 1
    assert paper.sections[0].text == "Kết quả tốt."
    assert issued.ledger["rows"]["delegations_out"] == [Exchange.objects.get().pk]
    assert {file.format for file in issued.files.all()} == {FileFormat.DOCX, FileFormat.XLSX}
    assert AuditEvent.objects.filter(verb=AuditVerb.ISSUED, actor_id=binh.pk).count() == 1
    assert Notification.objects.filter(user=ha, link=issued.get_absolute_url()).count() == 1
    assert recheck_issued(issued)
    assert issued.is_intact


def test_the_word_file_reads_back_with_figures_text_and_signature(report: PeriodicReport, binh: User) -> None:
    words = words_of(issue(report, binh).files.get(format="docx").content)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in words
    assert "Kết quả tốt." in words
    assert "Trần Thị Bình" in words
    assert "DỰ THẢO" not in words
    assert "{{" not in words
    assert "{%" not in words
    rows = [[cell.text for cell in row.cells] for table in Document(BytesIO(bytes(_docx(report)))).tables for row in table.rows]
    assert any(row[1] == "12" for row in rows if len(row) == 6)


def _docx(report: PeriodicReport) -> bytes:
    return bytes(report.issues.get().files.get(format="docx").content)


def test_the_workbook_reads_back_with_numbers_as_numbers_and_text_as_text(report: PeriodicReport, binh: User, an: User) -> None:
    save_periodic_report(report, by=an, texts={"ahead": '=HYPERLINK("http://x")'})
    book = load_workbook(BytesIO(bytes(issue(report, binh).files.get(format="xlsx").content)))
    values = [[cell.value for cell in row] for row in book["Số liệu"].iter_rows()]
    assert any(row[2] == 1 and row[3] == "–" for row in values)
    cells = [cell for row in book["Nội dung"].iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert [cell.data_type for cell in cells] == ["s"]


def test_two_exports_of_one_issue_are_the_same_bytes_and_so_is_the_drawing(report: PeriodicReport, binh: User, client: Client) -> None:
    issued = issue(report, binh)
    client.force_login(binh)
    for file_format in FileFormat.values:
        first, second = (client.get(f"/reports/issued-reports/{issued.public_id}/report.{file_format}") for _time in range(2))
        assert first.content == second.content == bytes(issued.files.get(format=file_format).content)
    again = draw(issued.report, issued_paper(issued))
    assert {name: bytes(file.content) for name, file in ((file.format, file) for file in issued.files.all())} == again


def test_nothing_is_corrected_as_long_as_the_records_stand(report: PeriodicReport, binh: User) -> None:
    assert since(issue(report, binh), binh) == []


def test_rows_added_removed_and_changed_since_are_named_with_who_and_when(
    report: PeriodicReport, exchange: Exchange, partner: Partner, binh: User, an: User
) -> None:
    meeting = make_exchange(partner, by=an, on=date(2025, 4, 1))
    issued = issue(report, binh)
    late = make_exchange(partner, by=an, on=date(2025, 6, 30), title="Ghi muộn")
    exchange.people_count = 20
    change_exchange(exchange, by=binh)
    archive_record(Exchange.objects.get(pk=meeting.pk), by=an)
    found = {row.what: row for row in since(issued, binh) if row.noun == "exchanges"}
    assert (found["added"].record, found["added"].by) == (late, an)
    assert (found["removed"].record, found["removed"].by) == (meeting, an)
    assert (found["changed"].record, found["changed"].by) == (exchange, binh)
    assert found["changed"].at > issued.issued_at
    assert issued_paper(issued).figures.lines_by_code["people_out"].values[0] == 12


def test_a_correction_is_issued_as_number_2_with_a_note_and_the_first_stays(
    report: PeriodicReport, partner: Partner, binh: User, an: User
) -> None:
    first = issue(report, binh)
    make_exchange(partner, by=an, on=date(2025, 5, 5), kind="DELEGATION_OUT", direction="out")
    with pytest.raises(ValidationError) as refused:
        issue(report, binh)
    assert "note" in refused.value.message_dict
    second = issue(report, binh, note="Bổ sung một đoàn ra.")
    assert second.number == 2
    words = words_of(second.files.get(format="docx").content)
    assert "phát hành lần 2" in words
    assert "Bổ sung một đoàn ra." in words
    first.refresh_from_db()
    assert issued_paper(first).figures.lines_by_code["delegations_out"].values[0] == 1
    assert issued_paper(second).figures.lines_by_code["delegations_out"].values[0] == 2
    assert recheck_issued(first)


@pytest.mark.parametrize("what", ["figures", "ledger", "content", "file"])
def test_a_change_outside_the_product_is_found(report: PeriodicReport, binh: User, what: str) -> None:
    issued = issue(report, binh)
    if what == "file":
        issued.files.filter(format="docx").update(content=b"something else")
    else:
        document = getattr(issued, what)
        document["added"] = 1
        IssuedReport.objects.filter(pk=issued.pk).update(**{what: document})
        issued.refresh_from_db()
    assert not recheck_issued(issued)
    assert issued.checked_at is not None


def test_restricted_exchanges_are_in_no_figure_ledger_or_file(report: PeriodicReport, partner: Partner, binh: User, an: User) -> None:
    make_exchange(partner, by=binh, on=date(2025, 4, 4), title="Chuyện kín", confidentiality=Confidentiality.RESTRICTED)
    issued = issue(report, binh)
    assert issued_paper(issued).figures.lines_by_code["meetings"].values[0] == 0
    assert "Chuyện kín" not in words_of(issued.files.get(format="docx").content)


def test_an_officer_may_not_issue_and_a_lead_not_for_another_unit(report: PeriodicReport, an: User, chau: User, quang_ninh: Unit) -> None:
    with pytest.raises(PermissionDenied):
        issue(report, an)
    with pytest.raises(ValidationError):
        save_periodic_report(report, by=chau)


def test_figures_and_ledger_of_an_issue_are_of_one_moment(
    report: PeriodicReport, partner: Partner, binh: User, an: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ledger_then_a_new_exchange(span: Span) -> Ledger:
        ledger = ledger_of(span)
        make_exchange(partner, by=an, on=date(2025, 4, 1), kind="DELEGATION_OUT", direction="out", people_count=3)
        return ledger

    monkeypatch.setattr("reports.actions.periodic_reports.ledger_of", ledger_then_a_new_exchange)

    with pytest.raises(ValidationError) as refused:
        issue(report, binh)

    assert refused.value.code == "moving"
    assert not IssuedReport.objects.exists()


def test_a_viewer_writes_no_report_by_any_door(report: PeriodicReport, nghe_an: Unit) -> None:
    with pytest.raises(PermissionDenied):
        save_periodic_report(report, by=make_user("viewer", unit=nghe_an, role=Role.VIEWER), texts={"assessment": "Khác"})


def test_a_period_without_anything_on_record_cannot_be_issued(nghe_an: Unit, binh: User) -> None:
    empty = PeriodicReport(unit=nghe_an, period_kind=PeriodKind.YEAR, period_from=date(2024, 1, 1), period_to=date(2025, 1, 1), title="x")
    save_periodic_report(empty, by=binh)
    with pytest.raises(ValidationError, match=r"record|dữ liệu|ghi"):
        issue(empty, binh)


def test_reports_of_another_unit_are_not_found(report: PeriodicReport, binh: User, chau: User, client: Client) -> None:
    issued = issue(report, binh)
    client.force_login(chau)
    for address in (
        report.get_absolute_url(),
        f"{report.get_absolute_url()}draft.docx",
        f"{report.get_absolute_url()}figures/meetings/",
        issued.get_absolute_url(),
        f"{issued.get_absolute_url()}corrections/",
        f"{issued.get_absolute_url()}report.docx",
    ):
        assert client.get(address).status_code == 404, address


def test_a_clerk_makes_a_report_corrects_it_and_sends_it_again(nghe_an: Unit, exchange: Exchange, binh: User, client: Client) -> None:
    client.force_login(binh)
    made = client.post(
        "/reports/periodic-reports/new/", {"unit": nghe_an.pk, "with_below": "on", "period_kind": "half_year", "day": "05/02/2025"}
    )
    address = made["Location"]
    page = client.get(address).content.decode()
    assert f"{address}figures/delegations_out/" in page
    assert exchange.title in client.get(f"{address}figures/delegations_out/").content.decode()
    texts = {"title": "Báo cáo 6 tháng", "place": "Nghệ An", "text_assessment": "Tốt.", "seen_revision": "1"}
    assert client.post(f"{address}edit/", texts).status_code == 302
    sent = client.post(f"{address}issue/")
    assert "Tốt." in client.get(sent["Location"]).content.decode()
    refused = client.post(f"{address}issue/", {"note": ""})
    assert refused.status_code == 422
    again = client.post(f"{address}issue/", {"note": "Sửa một số liệu"})
    assert IssuedReport.objects.get(number=2).get_absolute_url() == again["Location"]
    corrections = client.get(f"{again['Location']}corrections/")
    assert corrections.status_code == 200


def test_a_text_that_was_changed_since_the_page_was_opened_is_read_before_it_is_issued(
    report: PeriodicReport, an: User, binh: User, client: Client
) -> None:
    client.force_login(binh)
    report.refresh_from_db()
    address = f"{report.get_absolute_url()}issue/"
    assert f'name="seen_revision" value="{report.revision}"' in client.get(address).content.decode()
    seen = {"seen_revision": str(report.revision)}
    save_periodic_report(report, by=an, texts={"assessment": "Kết quả chưa tốt."})
    refused = client.post(address, seen)
    assert (refused.status_code, IssuedReport.objects.count()) == (422, 0)
    assert an.full_name in refused.content.decode()
    assert f'name="seen_revision" value="{report.revision}"' in refused.content.decode()
    issued = client.post(address, {"seen_revision": str(report.revision)})
    assert "Kết quả chưa tốt." in client.get(issued["Location"]).content.decode()


def test_the_text_of_last_time_is_at_hand_and_can_be_taken_over(report: PeriodicReport, nghe_an: Unit, an: User, client: Client) -> None:
    later = PeriodicReport(
        unit=nghe_an, period_kind=PeriodKind.HALF_YEAR, period_from=date(2025, 7, 1), period_to=date(2026, 1, 1), title="y"
    )
    save_periodic_report(later, by=an)
    client.force_login(an)
    page = client.get(f"{later.get_absolute_url()}edit/").content.decode()
    assert page.count("Kết quả tốt.") == 1
    assert client.get(f"{later.get_absolute_url()}edit/?take=assessment").content.decode().count("Kết quả tốt.") == 2


def test_a_period_that_has_not_begun_is_refused(nghe_an: Unit, an: User, client: Client) -> None:
    client.force_login(an)
    day = f"01/01/{timezone.localdate().year + 1}"
    answer = client.post("/reports/periodic-reports/new/", {"unit": nghe_an.pk, "period_kind": "year", "day": day})
    assert answer.status_code == 422
    assert not PeriodicReport.objects.exists()


def test_the_draft_is_marked_as_one(report: PeriodicReport, an: User, client: Client) -> None:
    client.force_login(an)
    assert "DỰ THẢO" in words_of(client.get(f"{report.get_absolute_url()}draft.docx").content)


def test_a_figure_that_there_is_not_is_not_found(report: PeriodicReport, an: User, client: Client) -> None:
    client.force_login(an)
    for code in ("nothing", "country:999999", "country:x", "value:1", "meetings/../.."):
        assert client.get(f"{report.get_absolute_url()}figures/{code}/").status_code == 404, code
    assert client.get(f"{report.get_absolute_url()}figures/meetings/?column=never").status_code == 404
    assert client.get(f"{report.get_absolute_url()}figures/meetings/?issue=7").status_code == 404
